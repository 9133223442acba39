"""One aggregation run: from the votes on one modality in one taxonomy to rows of the warehouse."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from annotation.aggregation import AGGREGATORS, Consensus
from annotation.clips import gain_of_one_more_vote, separate_uncertainty
from annotation.votes import VoteMatrix, build_vote_matrix
from pipelines.convert import consensus_rows
from pipelines.identity import digest
from pipelines.mapped_opinions import MappedOpinions
from warehouse import Warehouse

# Of the columns a run fills in. It is part of the run's name: what an older version concluded from
# the same votes stays as it is, and aggregating them again makes a run that has all columns.
_FORMAT = 2


@dataclass(frozen=True)
class Selection:
    """Which votes are aggregated.

    Args:
        corpus: Only votes on this corpus.
        campaign: Only votes on the clips this campaign asked about.
        arm: Only the clips of this arm, and of the seed both arms share.
        up_to: Only clips asked about up to this round of the campaign.
        snapshot: The past snapshot they were read from; None for the present.
        cast_before: Only votes cast before this moment.
    """

    corpus: str | None = None
    campaign: str | None = None
    arm: str | None = None
    up_to: int | None = None
    snapshot: int | None = None
    cast_before: datetime | None = None

    def parameters(self) -> dict[str, str | int | None]:
        """Return what names a run; times come in last, so that runs without keep their names."""
        given: dict[str, str | int | None] = {
            "corpus": self.corpus,
            "campaign": self.campaign,
            "arm": self.arm,
            "up_to": self.up_to,
        }
        if self.snapshot is not None:
            given["snapshot"] = self.snapshot
        if self.cast_before is not None:
            given["cast_before"] = self.cast_before.astimezone(UTC).isoformat()
        return given

    def sentence(self) -> str:
        """Return what was chosen in words, empty for everything."""
        return ", ".join(
            f"{name.replace('_', ' ')} `{value}`"
            for name, value in self.parameters().items()
            if value is not None
        )


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
        snapshot: What the warehouse knew when the votes were read.
        mapping: Names of the mappings that brought labels into the taxonomy; None for none.
        dropped: Votes whose label has no counterpart there.
        account: What the mappings lost, in words, a line each.
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
    snapshot: int
    mapping: str | None = None
    dropped: int = 0
    account: tuple[str, ...] = ()


def conclude_run(
    store: Warehouse, mapped: MappedOpinions, method: str, selection: Selection, snapshot: int
) -> ConsensusRun:
    """Aggregate votes and store what they say of clips and annotators.

    Args:
        store: Where the run is stored; votes that were aggregated so before change nothing.
        mapped: The votes.
        method: A key of `annotation.aggregation.AGGREGATORS`.
        selection: How the votes were chosen; part of the run's name.
        snapshot: What they were read from.

    Raises:
        AnnotationError: If a label is outside its taxonomy, or the method cannot read the votes.
    """
    opinions = mapped.opinions
    matrix = build_vote_matrix(opinions.votes, opinions.classes)
    consensus = AGGREGATORS[method]().aggregate(matrix)
    chosen = selection.parameters()
    if mapped.mapping:
        chosen["mapping"] = mapped.mapping
    run_id = store_run(
        store,
        consensus,
        matrix,
        {
            "aggregator": method,
            "taxonomy": opinions.taxonomy,
            "modality": opinions.modality,
            "corpus": selection.corpus,
            "snapshot": snapshot,
            "mapping": mapped.mapping,
        },
        chosen=chosen,
        vote_ids=sorted(opinions.votes["vote_id"].to_pylist()),
    )
    return _summarise(run_id, method, snapshot, mapped, consensus)


def store_run(
    store: Warehouse,
    consensus: Consensus,
    votes: VoteMatrix,
    header: Mapping[str, Any],
    *,
    chosen: Mapping[str, object],
    vote_ids: Sequence[str],
) -> str:
    """Store a consensus as a run named after what it was made of; return its name.

    New votes make a new run, the same votes the same run.

    Args:
        store: Where the run is stored; one that is there already changes nothing.
        consensus: What was concluded.
        votes: The votes it was concluded from.
        header: Aggregator, taxonomy, modality, corpus, snapshot and mapping.
        chosen: How the votes were chosen, and parameters of the method.
        vote_ids: Ids of the votes, in an order that does not depend on how they came.
    """
    method, group = header["aggregator"], {name: header[name] for name in ("taxonomy", "modality")}
    evidence = digest(list(vote_ids))
    named = digest(method, group, dict(chosen), list(votes.classes), evidence, _FORMAT)
    run_id = f"{method}-{named}"
    parameters = json.dumps({**chosen, "votes": evidence}, sort_keys=True)
    has_confusion = consensus.confusion is not None
    rows = consensus_rows(
        {"run_id": run_id, **header, "parameters": parameters},
        consensus,
        doubt=separate_uncertainty(votes, confusion=consensus.confusion),
        expected_gain=gain_of_one_more_vote(consensus) if has_confusion else None,
    )
    store.commit(rows, message=f"aggregate by {method}")
    return run_id


def _summarise(
    run_id: str, method: str, snapshot: int, mapped: MappedOpinions, consensus: Consensus
) -> ConsensusRun:
    return ConsensusRun(
        run_id=run_id,
        aggregator=method,
        taxonomy=mapped.opinions.taxonomy,
        modality=mapped.opinions.modality,
        clips=len(consensus.items),
        votes=int(consensus.votes.sum()),
        ties=int(consensus.is_tie.sum()),
        annotators=len(consensus.annotators),
        iterations=consensus.iterations,
        converged=consensus.converged,
        snapshot=snapshot,
        mapping=mapped.mapping,
        dropped=sum(loss.dropped_votes or 0 for loss in mapped.losses),
        account=_account(mapped),
    )


def _account(mapped: MappedOpinions) -> tuple[str, ...]:
    lines = [f"{loss.mapping}: {'; '.join(loss.sentences())}" for loss in mapped.losses]
    if mapped.clips_lost:
        lines.append(f"{mapped.clips_lost} clips have no vote left")
    return tuple(lines)
