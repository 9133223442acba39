"""Aggregate: the votes of many people become one consensus per clip."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from annotation.aggregation import AGGREGATORS, Consensus
from annotation.votes import build_vote_matrix
from pipelines.campaign import clips_of, read_asks
from pipelines.choices import AggregatorName
from pipelines.convert import consensus_rows
from pipelines.errors import NothingToDoError
from pipelines.identity import digest
from pipelines.opinions import classes_of
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries


@dataclass(frozen=True)
class ConsensusRun:
    """One aggregation of one taxonomy and modality.

    Args:
        run_id: Names the rows of `consensus` and `annotators`.
        aggregator: Method.
        taxonomy: Class list.
        modality: What the annotators perceived.
        clips: Clips with at least one vote.
        votes: Votes behind them.
        ties: Clips whose leading classes tie.
        annotators: Distinct annotators, or pools of anonymous ones.
        iterations: Rounds of estimation.
        converged: Whether the method's stopping rule was met.
    """

    run_id: str
    aggregator: str
    taxonomy: str
    modality: str
    clips: int
    votes: int
    ties: int
    annotators: int
    iterations: int
    converged: bool


@dataclass(frozen=True)
class AggregateResult:
    """The runs of one call, one per taxonomy and modality found among the votes."""

    runs: tuple[ConsensusRun, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per run."""
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
            }
            for run in self.runs
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
) -> AggregateResult:
    """Turn the votes in force into one posterior per clip and one skill per annotator.

    Args:
        settings: Where the warehouse is, and the default method.
        progress: Where progress is shown.
        method: A key of `annotation.aggregation.AGGREGATORS`.
        corpus: Only votes on this corpus.
        campaign: Only votes on the clips this campaign asked about.
        arm: Only the clips of this arm, and of the seed both arms share.
        up_to: Only clips asked about up to this round of the campaign.

    Returns:
        One run per taxonomy and modality.

    Raises:
        NothingToDoError: If no labelled vote matches.
        AnnotationError: If a label is outside its taxonomy.
    """
    name = method or settings.rounds.aggregator
    selection = {"corpus": corpus, "campaign": campaign, "arm": arm, "up_to": up_to}
    with open_store(settings) as store:
        clip_ids = None
        if campaign is not None:
            clip_ids = clips_of(read_asks(store, campaign, arm=arm, up_to=up_to))
        votes = queries.select_effective_votes(store, corpus=corpus, clip_ids=clip_ids)
        votes = votes.filter(pc.is_valid(votes["label"]))
        groups = (
            votes.group_by(["taxonomy", "modality"])
            .aggregate([])
            .sort_by([("taxonomy", "ascending"), ("modality", "ascending")])
        )
        if not groups.num_rows:
            given = ", ".join(f"{key} `{value}`" for key, value in selection.items() if value)
            raise NothingToDoError(
                f"no labelled votes{' for ' + given if given else ''}; bring some in with "
                "`serloop votes` or `serloop collect`"
            )
        with progress.track(f"aggregate by {name}", groups.num_rows, "runs") as advance:
            runs = []
            for group in groups.to_pylist():
                runs.append(_aggregate_group(store, votes, group, name, selection))
                advance(note=f"{runs[-1].clips} clips")
    return AggregateResult(tuple(runs))


def _aggregate_group(
    store: Warehouse,
    votes: pa.Table,
    group: dict[str, str],
    method: str,
    selection: dict[str, str | int | None],
) -> ConsensusRun:
    classes = classes_of(store, group["taxonomy"])
    chosen = votes.filter(
        pc.and_(
            pc.equal(votes["taxonomy"], group["taxonomy"]),
            pc.equal(votes["modality"], group["modality"]),
        )
    )
    consensus = AGGREGATORS[method]().aggregate(build_vote_matrix(chosen, classes))
    # The votes are part of the name: new votes make a new run, the same votes the same run.
    evidence = digest(sorted(chosen["vote_id"].to_pylist()))
    run_id = f"{method}-{digest(method, group, selection, list(classes), evidence)}"
    parameters = {**selection, "votes": evidence}
    header = {
        "run_id": run_id,
        "aggregator": method,
        **group,
        "corpus": selection["corpus"],
        "parameters": json.dumps(parameters, sort_keys=True),
        "snapshot": store.snapshot,
    }
    store.commit(consensus_rows(header, consensus), message=f"aggregate by {method}")
    return _summarise(run_id, method, group, consensus)


def _summarise(
    run_id: str, method: str, group: dict[str, str], consensus: Consensus
) -> ConsensusRun:
    return ConsensusRun(
        run_id=run_id,
        aggregator=method,
        taxonomy=group["taxonomy"],
        modality=group["modality"],
        clips=len(consensus.items),
        votes=int(consensus.votes.sum()),
        ties=int(consensus.is_tie.sum()),
        annotators=len(consensus.annotators),
        iterations=consensus.iterations,
        converged=consensus.converged,
    )
