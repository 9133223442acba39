"""Aggregate: the votes of many people become one consensus per clip."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.arm_share import keep_own_votes
from pipelines.campaign import clips_of, read_asks
from pipelines.choices import AggregatorName
from pipelines.consensus_run import ConsensusRun, Selection, conclude_run
from pipelines.errors import NothingToDoError
from pipelines.mapped_opinions import MappedOpinions, map_opinions
from pipelines.opinions import Opinions, classes_of
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries


@dataclass(frozen=True)
class AggregateResult:
    """The runs of one call, one per taxonomy and modality found among the votes.

    Args:
        runs: The runs.
        left_out: Taxonomy, modality and number of the votes that have no mapping to the taxonomy
            that was wanted.
    """

    runs: tuple[ConsensusRun, ...]
    left_out: tuple[tuple[str, str, int], ...] = ()

    def rows(self) -> Sequence[Row]:
        """Return one row per run; the votes that were dropped only where labels were mapped."""
        is_mapped = any(run.mapping for run in self.runs)
        return [
            {
                "run_id": run.run_id,
                "aggregator": run.aggregator,
                "taxonomy": run.taxonomy,
                "modality": run.modality,
                "clips": run.clips,
                "votes": run.votes,
                "ties": run.ties,
                "annotators": run.annotators,
                "iterations": run.iterations,
                "converged": "yes" if run.converged else "no",
                "snapshot": run.snapshot,
                **({"dropped": run.dropped} if is_mapped else {}),
            }
            for run in self.runs
        ]

    def account(self) -> Sequence[str]:
        """Return what mapping the labels lost, a line each; none where nothing was mapped."""
        lines = [f"{run.modality}: {line}" for run in self.runs for line in run.account]
        return lines + [
            f"{modality}: {votes} votes in {taxonomy} have no mapping and are left out"
            for taxonomy, modality, votes in self.left_out
        ]


def aggregate(
    settings: Settings,
    progress: Progress,
    *,
    method: AggregatorName | None = None,
    corpus: str | None = None,
    campaign: str | None = None,
    arm: str | None = None,
    up_to: int | None = None,
    taxonomy: str | None = None,
    snapshot: int | None = None,
    as_of: datetime | None = None,
    cast_before: datetime | None = None,
) -> AggregateResult:
    """Turn the votes in force into one posterior per clip and one skill per annotator.

    There are two times. `snapshot` and `as_of` say what the warehouse knew: a vote that was cast
    earlier and imported later was not known then. `cast_before` says when people spoke, by the
    ledger's `cast_at`: what was cast later had corrected nothing yet. They can be combined.

    Args:
        settings: Where the warehouse is, and the default method.
        progress: Where progress is shown.
        method: A key of `annotation.aggregation.AGGREGATORS`.
        corpus: Only votes on this corpus.
        campaign: Only votes on the clips this campaign asked about.
        arm: Only the clips of this arm, and of the seed both arms share.
        up_to: Only clips asked about up to this round of the campaign.
        taxonomy: Bring all labels into this taxonomy and aggregate them together: the name of a
            target, or a TOML file, see `pipelines.mapped_opinions.map_opinions`.
        snapshot: Votes, campaigns and classes as the warehouse knew them at this snapshot.
        as_of: The same, at the last snapshot up to this moment (with a time zone).
        cast_before: Only votes cast before this moment (with a time zone).

    Returns:
        One run per taxonomy and modality. A run that read the past is named after its snapshot,
        so that it is the same whatever is voted later.

    Raises:
        NothingToDoError: If no labelled vote matches, or votes do not say when they were cast.
        SnapshotError: If there is no such past.
        AnnotationError: If a label is outside its taxonomy or cannot be mapped.
    """
    name = method or settings.rounds.aggregator
    is_past = snapshot is not None or as_of is not None
    with ExitStack() as opened:
        source = opened.enter_context(open_store(settings, snapshot=snapshot, as_of=as_of))
        read_from = source.snapshot
        selection = Selection(
            corpus, campaign, arm, up_to, read_from if is_past else None, cast_before
        )
        found = select_opinions(source, selection)
        mapped, left_out = [MappedOpinions(one) for one in found], list[Opinions]()
        if taxonomy is not None:
            mapped, left_out = map_opinions(source, found, taxonomy)
        store = opened.enter_context(open_store(settings)) if is_past else source
        with progress.track(f"aggregate by {name}", len(mapped), "runs") as advance:
            runs = []
            for one in mapped:
                runs.append(conclude_run(store, one, name, selection, read_from))
                advance(note=f"{runs[-1].clips} clips")
    unmapped = (
        (one.taxonomy, one.modality, pc.sum(one.votes["count"]).as_py()) for one in left_out
    )
    return AggregateResult(tuple(runs), tuple(unmapped))


def select_opinions(store: Warehouse, selection: Selection) -> list[Opinions]:
    """Return the labelled votes that match, apart by taxonomy and modality, by name.

    Args:
        store: The warehouse.
        selection: Which votes; of an arm, those it asked for, see `pipelines.arm_share`.

    Raises:
        NothingToDoError: If no labelled vote matches, or votes do not say when they were cast.
    """
    clip_ids = None
    if selection.campaign is not None:
        asks = read_asks(store, selection.campaign, arm=selection.arm, up_to=selection.up_to)
        clip_ids = clips_of(asks)
    if selection.cast_before is not None:
        _require_times(store, selection.corpus, clip_ids)
    votes = queries.select_effective_votes(
        store, corpus=selection.corpus, clip_ids=clip_ids, cast_before=selection.cast_before
    )
    votes = votes.filter(pc.is_valid(votes["label"]))
    if selection.campaign is not None and selection.arm is not None:
        votes = keep_own_votes(
            store, votes, selection.campaign, selection.arm, up_to=selection.up_to
        )
    if not votes.num_rows:
        given = selection.sentence()
        is_past = selection.snapshot is not None or selection.cast_before is not None
        remedy = (
            "choose a later time, or a later snapshot (`serloop status --snapshot`)"
            if is_past
            else "bring some in with `serloop votes` or `serloop collect`"
        )
        raise NothingToDoError(f"no labelled votes{' for ' + given if given else ''}; {remedy}")
    return _split(store, votes)


def _split(store: Warehouse, votes: pa.Table) -> list[Opinions]:
    groups = votes.group_by(["taxonomy", "modality"]).aggregate([])
    ordered = groups.sort_by([("taxonomy", "ascending"), ("modality", "ascending")])
    return [
        Opinions(
            **group,
            classes=classes_of(store, group["taxonomy"]),
            votes=votes.filter(
                pc.and_(
                    pc.equal(votes["taxonomy"], group["taxonomy"]),
                    pc.equal(votes["modality"], group["modality"]),
                )
            ),
        )
        for group in ordered.to_pylist()
    ]


def _require_times(store: Warehouse, corpus: str | None, clip_ids: Sequence[str] | None) -> None:
    untimed = queries.count_untimed_votes(store, corpus=corpus, clip_ids=clip_ids).to_pylist()
    if untimed:
        listed = ", ".join(f"{row['rows']} of `{row['source']}`" for row in untimed)
        raise NothingToDoError(
            f"{sum(row['rows'] for row in untimed)} rows of the ledger do not say when they were "
            f"cast ({listed}), so nobody knows which came before; import votes with a column "
            "`cast_at`, choose another corpus, or ask what the warehouse knew then, with --as-of"
        )
