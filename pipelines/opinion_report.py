"""Opinions: one page on how far people agree, whom to trust, and which clips to hear again."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.identity import code_version
from pipelines.opinions import Opinions, intended_labels, read_opinions
from pipelines.progress import Progress
from pipelines.report.opinions.content import MAX_GROUPS, GroupContent, OpinionContent
from pipelines.report.opinions.group import describe_group
from pipelines.report.opinions.listening import add_players
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.why import WEIGHERS
from pipelines.workspace import open_store
from warehouse import Warehouse, queries


@dataclass(frozen=True)
class OpinionReportResult:
    """What people mean, and the page that shows it.

    Args:
        content: Everything the page shows.
        path: The HTML file.
    """

    content: OpinionContent
    path: str

    def rows(self) -> Sequence[Row]:
        """Return one row per taxonomy and modality."""
        return [_row(group) for group in self.content.groups]

    def document(self) -> dict[str, Any]:
        """Return everything but the sound as values that JSON can write."""
        found: dict[str, Any] = _plain(asdict(self.content))
        return {"report": self.path, **found}


def opinion_report(
    settings: Settings,
    progress: Progress,
    *,
    corpus: str | None = None,
    modality: str | None = None,
) -> OpinionReportResult:
    """Write the self-contained HTML page on the votes in force.

    Args:
        settings: Where the warehouse is and where reports go.
        progress: Where progress is shown.
        corpus: Only votes on this corpus; default: all.
        modality: Only votes on this modality.

    Returns:
        What the page shows, and where it is.

    Raises:
        NothingToDoError: If no vote matches.
        AnnotationError: If a label is outside its taxonomy.
    """
    from pipelines.report.opinions.render import render_opinions  # noqa: PLC0415
    from pipelines.report.page import put_page  # noqa: PLC0415 - these load matplotlib

    with open_store(settings) as store:
        opinions = read_opinions(store, corpus=corpus, modality=modality)
        with progress.track("describe opinions", len(opinions) + 1, "groups") as advance:
            groups = []
            for group in opinions:
                groups.append(_describe(store, group))
                advance(note=group.modality)
            content = OpinionContent(
                scope="all corpora" if corpus is None else f"corpus {corpus}",
                groups=_let_hear(store, groups),
                snapshot=store.snapshot,
                code_version=code_version(),
                command=_command(corpus, modality),
            )
            name = "-".join(["opinions", *filter(None, (corpus, modality))])
            path = put_page(render_opinions(content), settings.reports / f"{name}.html")
            advance()
    return OpinionReportResult(content, str(path))


def _describe(store: Warehouse, opinions: Opinions) -> GroupContent:
    clips = pc.unique(opinions.votes["clip_id"]).to_pylist()
    return describe_group(
        opinions,
        method=WEIGHERS[0],
        asks=queries.select_asks(store),
        intended=intended_labels(store, clips),
    )


def _let_hear(store: Warehouse, groups: Sequence[GroupContent]) -> tuple[GroupContent, ...]:
    """Put the largest group first, and sound to those that have a section of their own."""

    def read(clip_ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        found: pa.Table = queries.select_waveforms(store, clip_ids)
        return {row["clip_id"]: row for row in found.to_pylist()}

    ordered = sorted(groups, key=lambda group: -group.votes)
    return (*add_players(ordered[:MAX_GROUPS], read), *ordered[MAX_GROUPS:])


def _command(corpus: str | None, modality: str | None) -> str:
    selection = {"--corpus": corpus, "--modality": modality}
    given = [f" {option} {value}" for option, value in selection.items() if value]
    return "serloop opinions" + "".join(given)


def _row(group: GroupContent) -> Row:
    return {
        "taxonomy": group.taxonomy,
        "modality": group.modality,
        "votes": group.votes,
        "clips": group.clips,
        "annotators": len(group.annotators) or None,
        **{advice: count if group.annotators else None for advice, count in group.advised},
        "ties": group.ties,
        "alpha": _plain(group.alpha.value),
        "low": _plain(group.alpha.low),
        "high": _plain(group.alpha.high),
        "converged": None if group.fit is None else "yes" if group.fit.converged else "no",
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value that a record holds
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != "audio"}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
