"""Why: everything that is known of one clip's label, from the first vote to the next."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from annotation.aggregation import AGGREGATORS, Consensus
from annotation.clips import explain_clip, gain_of_one_more_vote, separate_uncertainty
from annotation.errors import AnnotationError
from annotation.ratings import (
    BayesianRaters,
    EvaluatorWeighted,
    MeanRating,
    RatingAggregator,
    ZMean,
    build_rating_matrix,
)
from annotation.votes import VoteMatrix, build_vote_matrix
from pipelines.clip_opinion import ClipOpinion, Doubt, RatedVote, RatingAnswer, WhyResult
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.opinions import RATED, classes_of, intended_labels
from pipelines.progress import Advance, Progress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

# Those that know how people confuse classes, the better first.
WEIGHERS = ("hierarchical", "dawid_skene")
_RATERS: tuple[RatingAggregator, ...] = (
    MeanRating(),
    ZMean(),
    EvaluatorWeighted(),
    BayesianRaters(),
)


def why(
    settings: Settings,
    progress: Progress,
    *,
    clip_id: str,
    modality: str | None = None,
    methods: Sequence[str] = (),
) -> WhyResult:
    """Explain the label of a clip from the ledger as it is now.

    Every aggregator is fitted to all votes of the clip's taxonomies and modalities, whatever the
    corpus, so the answers are those of an aggregation without a selection.

    Args:
        settings: Where the warehouse is.
        progress: Where progress is shown.
        clip_id: The clip.
        modality: Only what was perceived so.
        methods: Keys of `annotation.aggregation.AGGREGATORS`; default: all. One that cannot read
            the votes, such as one that needs names, is listed with its reason.

    Returns:
        Every vote, superseded ones too, who cast it and how far they can be relied on, every
        answer, how it came about, and what one more vote would be worth.

    Raises:
        NothingToDoError: If there is no such clip, nobody has voted on it, or no method can read
            the votes.
        PipelineError: If a method is unknown.
        AnnotationError: If a label is outside its taxonomy.
    """
    names = tuple(dict.fromkeys(methods)) or tuple(AGGREGATORS)
    unknown = sorted(set(names) - AGGREGATORS.keys())
    if unknown:
        raise PipelineError(
            f"there is no aggregator `{unknown[0]}`; there are {', '.join(AGGREGATORS)}"
        )
    with open_store(settings) as store:
        groups = _read_groups(store, clip_id, modality)
        with progress.track(
            f"explain {clip_id}", len(groups) * len(names), "aggregators"
        ) as advance:
            opinions = tuple(_explain(store, clip_id, rows, names, advance) for rows in groups)
        runs = queries.select_clip_consensus(store, clip_id)
        if modality is not None:
            runs = runs.filter(pc.equal(runs["modality"], modality))
        return WhyResult(
            clip_id=clip_id,
            intended=intended_labels(store, [clip_id]).get(clip_id),
            opinions=opinions,
            runs=tuple(runs.to_pylist()),
        )


def _read_groups(store: Warehouse, clip_id: str, modality: str | None) -> list[pa.Table]:
    """Return the clip's rows of the ledger, apart by taxonomy and modality."""
    ledger = queries.select_ledger(store, [clip_id])
    if modality is not None:
        ledger = ledger.filter(pc.equal(ledger["modality"], modality))
    if not ledger.num_rows:
        raise NothingToDoError(_no_votes(store, clip_id, modality))
    keys = ledger.group_by(["taxonomy", "modality"]).aggregate([])
    return [
        ledger.filter(
            pc.and_(
                pc.equal(ledger["taxonomy"], key["taxonomy"]),
                pc.equal(ledger["modality"], key["modality"]),
            )
        )
        for key in sorted(keys.to_pylist(), key=lambda key: (key["taxonomy"], key["modality"]))
    ]


def _no_votes(store: Warehouse, clip_id: str, modality: str | None) -> str:
    clips = queries.select_clips(store, corpus=clip_id.partition("/")[0])
    perceived = f" by {modality}" if modality else ""
    if clip_id in clips["clip_id"].to_pylist():
        return f"nobody has judged clip `{clip_id}`{perceived}; ask with `serloop round`"
    return (
        f"there is no clip `{clip_id}` and no vote on it{perceived}; a clip's id is "
        "`CORPUS/NATIVE_ID`, and `serloop status` lists the corpora"
    )


def _explain(
    store: Warehouse, clip_id: str, rows: pa.Table, names: Sequence[str], advance: Advance
) -> ClipOpinion:
    taxonomy, modality = rows["taxonomy"][0].as_py(), rows["modality"][0].as_py()
    votes = queries.select_effective_votes(store, taxonomy=taxonomy, modality=modality)
    has_labels = votes["label"].null_count + rows["label"].null_count < len(votes) + len(rows)
    # Ratings have no classes, and need none to be listed.
    classes = classes_of(store, taxonomy) if has_labels else ("none",)
    matrix = build_vote_matrix(votes, classes)
    fitted, refused = _fit(matrix, names, advance)
    ratings, unrated = _rate(clip_id, votes)
    return ClipOpinion(
        taxonomy=taxonomy,
        explanation=explain_clip(clip_id, rows, fitted),
        rated=_rated(rows),
        ratings=ratings,
        refused=(*refused, *unrated),
        doubt=_doubt(clip_id, matrix, fitted),
    )


def _fit(
    matrix: VoteMatrix, names: Sequence[str], advance: Advance
) -> tuple[dict[str, Consensus], tuple[tuple[str, str], ...]]:
    fitted: dict[str, Consensus] = {}
    refused = []
    for name in names:
        try:
            fitted[name] = AGGREGATORS[name]().aggregate(matrix)
        except AnnotationError as error:
            refused.append((name, str(error)))
        advance(note=name)
    if not fitted:
        reasons = "; ".join(f"`{name}`: {reason}" for name, reason in refused)
        raise NothingToDoError(f"none of the methods can read these votes: {reasons}")
    return fitted, tuple(refused)


def _rated(rows: pa.Table) -> tuple[RatedVote, ...]:
    given = rows.select(["vote_id", *RATED]).to_pylist()
    return tuple(RatedVote(**row) for row in given if any(row[name] is not None for name in RATED))


def _rate(
    clip_id: str, votes: pa.Table
) -> tuple[tuple[RatingAnswer, ...], tuple[tuple[str, str], ...]]:
    answers, refused = [], []
    for dimension in RATED:
        ratings = build_rating_matrix(votes, dimension)
        if clip_id not in ratings.clips:
            continue
        at = ratings.clips.index(clip_id)
        for rater in _RATERS:
            try:
                found = rater.aggregate(ratings)
            except AnnotationError as error:
                refused.append((f"{rater.name} of {dimension}", str(error)))
                continue
            answer = RatingAnswer(
                dimension=dimension,
                aggregator=rater.name,
                rating=float(found.rating[at]),
                standard_error=float(found.standard_error[at]),
                spread=float(found.spread[at]),
                votes=int(found.votes[at]),
            )
            answers.append(answer)
    return tuple(answers), tuple(refused)


def _doubt(clip_id: str, matrix: VoteMatrix, fitted: Mapping[str, Consensus]) -> Doubt | None:
    if clip_id not in matrix.clips:
        return None
    weigher = next(
        (name for name in WEIGHERS if name in fitted and fitted[name].confusion is not None), None
    )
    consensus = fitted[weigher] if weigher else None
    found = separate_uncertainty(matrix, confusion=consensus.confusion if consensus else None)
    at = matrix.clips.index(clip_id)
    gain = error_gain = None
    if consensus:
        gain = float(gain_of_one_more_vote(consensus)[at])
        error_gain = float(gain_of_one_more_vote(consensus, measure="error")[at])
    return Doubt(
        weighed_by=weigher,
        total=float(found.total[at]),
        ambiguity=float(found.ambiguity[at]),
        ignorance=float(found.ignorance[at]),
        effective_votes=float(found.effective_votes[at]),
        gain=gain,
        error_gain=error_gain,
    )
