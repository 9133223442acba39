"""Quality: what is doubtful about the recordings and their labels, as a table and as a page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.identity import code_version
from pipelines.progress import Progress
from pipelines.report.quality.content import (
    SEVERITIES,
    Cell,
    CorpusProfile,
    FindingView,
    QualityContent,
    Severity,
    SpeakerRow,
)
from pipelines.report.wording import format_quantity
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.audio.flags import FLAGS
from ser.audio.reasons import REASONS
from ser.corpora.synthetic import INFO as SYNTHETIC
from warehouse.errors import WarehouseError
from warehouse.quality import (
    Finding,
    ProfileSteps,
    Quality,
    Thresholds,
    judge_quality,
    list_findings,
)

UNLABELLED = "unlabelled"
# Codes in the evidence, by the column they stand in, and what they mean.
_MEANINGS: Mapping[str, Mapping[Any, str]] = {"flag": FLAGS, "reason": REASONS}


@dataclass(frozen=True)
class QualityResult:
    """A judgement and the page that shows it.

    Args:
        content: Everything the page shows.
        path: The HTML file.
    """

    content: QualityContent
    path: str

    def rows(self) -> Sequence[Row]:
        """Return one row per finding that has evidence."""
        return [
            {
                "finding": finding.title,
                "severity": finding.severity,
                "found": format_quantity(finding.count, finding.noun),
                "what to do": finding.remedy,
            }
            for finding in self.content.found
        ]

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        return {"report": self.path, **asdict(self.content)}

    def reaches(self, severity: Severity) -> bool:
        """Return whether there is a finding of this severity or a worse one."""
        worse = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return any(self.content.count(level) for level in worse)


def quality(
    settings: Settings,
    progress: Progress,
    *,
    corpus: str | None = None,
    thresholds: dict[str, float] | None = None,
) -> QualityResult:
    """Judge the data, and write the self-contained HTML page with the evidence.

    Args:
        settings: Where the warehouse is and where reports go.
        progress: Where progress is shown.
        corpus: Only what concerns this corpus; default: all.
        thresholds: Overrides of `warehouse.quality.Thresholds`, by name.

    Returns:
        The findings, and where the page is.

    Raises:
        WarehouseError: If there is no such corpus, or a threshold is not a number above zero.
    """
    from pipelines.report.page import put_page  # noqa: PLC0415 - these load matplotlib
    from pipelines.report.quality.render import render_quality  # noqa: PLC0415

    limits, steps = Thresholds(**(thresholds or {})), ProfileSteps()
    total = len(list_findings()) + 1
    with open_store(settings) as store, progress.track("judge data", total, "faults") as advance:
        judged = judge_quality(
            store, corpus=corpus, thresholds=limits, steps=steps, advance=advance
        )
        content = describe_quality(judged, corpus=corpus, thresholds=limits, steps=steps)
        name = "quality.html" if corpus is None else f"quality-{corpus}.html"
        path: Path = put_page(render_quality(content), settings.reports / name)
        advance()
    return QualityResult(content, str(path))


def read_thresholds(pairs: Sequence[str]) -> dict[str, float]:
    """Read thresholds given as `name=value`.

    Args:
        pairs: The texts.

    Raises:
        WarehouseError: If a name is unknown or a value is no number.

    Example:
        >>> read_thresholds(["snr_low_db=15"])
        {'snr_low_db': 15.0}
    """
    known = asdict(Thresholds())
    read = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        if name not in known:
            names = ", ".join(f"{key}={value:g}" for key, value in known.items())
            raise WarehouseError(f"there is no threshold `{name}`; there are {names}")
        try:
            read[name] = float(text)
        except ValueError:
            raise WarehouseError(
                f"threshold `{name}` must be a number, got `{text}`; write `{name}={known[name]:g}`"
            ) from None
    return read


def describe_quality(
    judged: Quality, *, corpus: str | None, thresholds: Thresholds, steps: ProfileSteps
) -> QualityContent:
    """Turn a judgement into the records of its page.

    Args:
        judged: What the warehouse says.
        corpus: The corpus judged; None for all.
        thresholds: What it was judged by.
        steps: How finely its profiles were drawn.
    """
    profiles = _describe_profiles(judged.profiles, steps)
    corpora = {1: "one corpus"}.get(len(profiles), f"{len(profiles)} corpora")
    return QualityContent(
        scope=corpora if corpus is None else f"corpus {corpus}",
        findings=tuple(_describe_finding(finding) for finding in judged.findings),
        profiles=profiles,
        snr_low_db=thresholds.snr_low_db,
        snapshot=judged.snapshot,
        code_version=code_version(),
        command="serloop quality" + (f" --corpus {corpus}" if corpus else ""),
    )


def _describe_finding(finding: Finding) -> FindingView:
    evidence = _explain_codes(finding.evidence)
    return FindingView(
        name=finding.name,
        title=finding.title,
        severity=finding.severity,
        noun=finding.noun,
        count=finding.count,
        rows=finding.rows,
        why=finding.why,
        remedy=finding.remedy,
        criteria=tuple(finding.thresholds.items()),
        columns=tuple(evidence.column_names),
        evidence=tuple(
            tuple(_cell(value) for value in row.values()) for row in evidence.to_pylist()
        ),
    )


def _explain_codes(evidence: pa.Table) -> pa.Table:
    for column, meanings in _MEANINGS.items():
        if column in evidence.column_names:
            words = [meanings.get(code, "") for code in evidence[column].to_pylist()]
            evidence = evidence.append_column("meaning", pa.array(words, pa.string()))
    return evidence


def _cell(value: object) -> Cell:
    if isinstance(value, list):
        # A DuckDB map arrives as pairs of key and value.
        return tuple(
            f"{item[0]} {item[1]:,}" if isinstance(item, tuple) else str(item) for item in value
        )
    if isinstance(value, float):
        # JSON has no word for what is not finite.
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def _describe_profiles(
    profiles: Mapping[str, pa.Table], steps: ProfileSteps
) -> tuple[CorpusProfile, ...]:
    facts = {row["corpus"]: row for row in profiles["list_classes"].to_pylist()}
    rows = {name: _by_corpus(table) for name, table in profiles.items()}
    return tuple(
        _describe_corpus(
            total, facts, {name: rows[name].get(total["corpus"], []) for name in rows}, steps
        )
        for total in profiles["count_corpora"].to_pylist()
    )


def _by_corpus(table: pa.Table) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        found.setdefault(row["corpus"], []).append(row)
    return found


def _describe_corpus(
    total: Mapping[str, Any],
    facts: Mapping[str, Mapping[str, Any]],
    rows: Mapping[str, list[dict[str, Any]]],
    steps: ProfileSteps,
) -> CorpusProfile:
    corpus = total["corpus"]
    fact = facts.get(corpus, {"title": corpus, "taxonomy": "", "classes": []})
    classes = _order_classes(fact["classes"], rows["count_genders"])
    return CorpusProfile(
        corpus=corpus,
        title=fact["title"],
        is_synthetic=corpus == SYNTHETIC.name,
        taxonomy=fact["taxonomy"],
        classes=classes,
        clips=total["clips"],
        labelled=total["labelled"],
        speakers=total["speakers"],
        speech_h=total["speech_h"],
        durations=tuple(
            (row["low_s"], row["high_s"], row["clips"]) for row in rows["count_durations"]
        ),
        levels=tuple(
            (row["level_dbfs"], row["snr_db"], row["clips"]) for row in rows["count_levels"]
        ),
        level_step_db=steps.step_db,
        balance=_describe_balance(rows["count_cells"], classes),
        genders=tuple(
            (gender, counts)
            for (gender,), counts in _cross(rows["count_genders"], ("gender",), classes)
        ),
    )


def _order_classes(taxonomy: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    present = {row["class"] or UNLABELLED for row in rows}
    others = sorted(present - {*taxonomy, UNLABELLED})
    return (*taxonomy, *others, *([UNLABELLED] if UNLABELLED in present else []))


def _describe_balance(
    rows: Sequence[Mapping[str, Any]], classes: tuple[str, ...]
) -> tuple[SpeakerRow, ...]:
    return tuple(
        SpeakerRow(speaker=speaker, gender=gender, clips=counts)
        for (gender, speaker), counts in _cross(rows, ("gender", "speaker"), classes)
    )


def _cross(
    rows: Sequence[Mapping[str, Any]], keys: tuple[str, ...], classes: tuple[str, ...]
) -> list[tuple[tuple[Any, ...], tuple[int, ...]]]:
    """Return the clips of each class for each combination of `keys`, in the order of the rows."""
    found: dict[tuple[Any, ...], dict[str, int]] = {}
    for row in rows:
        counts = found.setdefault(tuple(row[key] for key in keys), {})
        counts[row["class"] or UNLABELLED] = row["clips"]
    return [(key, tuple(counts.get(name, 0) for name in classes)) for key, counts in found.items()]
