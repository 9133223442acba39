"""The active arm of a round: clips that are worth asking about, together."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.aggregation import AGGREGATORS
from annotation.clips import separate_uncertainty
from annotation.clips.expected_gain import average_confusion
from annotation.columns import FloatArray
from annotation.confusion import confusion_for
from annotation.sampling import UTILITIES, Known, Pick, expect_ambiguity, explain_utility
from annotation.sampling.batches import BATCHES, Candidates
from annotation.votes import VoteMatrix, build_vote_matrix
from pipelines.clipset import INTENDED
from pipelines.convert import read_posterior
from pipelines.errors import PipelineError
from pipelines.sections import RoundSettings
from warehouse import Warehouse, queries

# Annotators of a campaign hear clips; votes on the face of the speaker are another question.
HEARD = "audio"
# Fewer votes for each answer to each class tell less of annotators than CREMA-D's listeners do.
VOTES_PER_CELL = 10


def pick_active(
    store: Warehouse,
    predictions: pa.Table,
    *,
    asked: set[str],
    audio: Mapping[str, str],
    rounds: RoundSettings,
    budget: int,
    taxonomy: str,
    classes: Sequence[str],
    rng: np.random.Generator,
) -> list[Pick]:
    """Choose clips by what a model says of them, none of the same audio as another.

    Args:
        store: Where people's votes are; those on other clips than `asked`, such as the control
            arm's, are not looked at.
        predictions: Rows of `predictions` of one model, the pool in the order of clip ids.
        asked: Clips the arm has asked about.
        audio: Name of each clip's audio; copies and near-duplicates share it.
        rounds: Utility, and how it becomes a batch.
        budget: Clips to choose; fewer are left only where the pool is.
        taxonomy: Class list of the votes.
        classes: Its C names.
        rng: Decides between equal choices.

    Raises:
        PipelineError: If the utility needs what the model does not say or nobody has voted on.
    """
    clip_ids = predictions["clip_id"].to_pylist()
    # Without a row nothing tells the number of classes.
    posterior = read_posterior(predictions["posterior"]).reshape(-1, len(classes))
    embeddings = read_posterior(predictions["embedding"])
    is_asked = np.isin(clip_ids, list(asked))
    groups = np.array([audio[clip_id] for clip_id in clip_ids], dtype=str)
    disagreement = ambiguity = confusion = None
    if rounds.strategy == "bald":
        disagreement = _read_disagreement(predictions)
    elif rounds.strategy == "reducible":
        votes = _read_votes(store, asked, taxonomy, classes)
        ambiguity = _learn_ambiguity(votes, clip_ids, embeddings)
    elif rounds.strategy == "expected_change":
        votes = _read_votes(store, asked, taxonomy, classes)
        confusion = _expect_answers(votes, rounds.aggregator)
    utility = UTILITIES[rounds.strategy](
        Known(posterior, disagreement=disagreement, ambiguity=ambiguity, confusion=confusion)
    )
    open_ones = _open(utility, groups, is_asked)
    candidates = Candidates.checked(
        utility[open_ones],
        posterior[open_ones],
        embeddings[open_ones],
        known=embeddings[is_asked],
    )
    chosen = open_ones[BATCHES[rounds.batch](candidates, budget, rng)]
    reasons = explain_utility(
        utility[chosen], posterior[chosen], strategy=rounds.strategy, classes=classes
    )
    return [
        Pick(clip_ids[at], "active", float(utility[at]), reason)
        for at, reason in zip(chosen, reasons, strict=True)
    ]


def _read_disagreement(predictions: pa.Table) -> FloatArray:
    """Return what scoring found the members, or passes with dropout, to contradict each other."""
    if predictions["disagreement"].null_count:
        raise PipelineError(
            f"`rounds.strategy` is `bald`, but `{predictions['model_id'][0]}` judged as a single "
            "network that cannot contradict itself; set `network.members` to 2 or more, or "
            "`rounds.dropout_passes` to 20 or so, and train and score again"
        )
    return np.asarray(predictions["disagreement"], np.float64)


def _read_votes(
    store: Warehouse, asked: set[str], taxonomy: str, classes: Sequence[str]
) -> VoteMatrix:
    """Return the votes that stand on what was heard in the clips the arm has asked about."""
    votes = queries.select_effective_votes(
        store, taxonomy=taxonomy, modality=HEARD, clip_ids=sorted(asked)
    )
    return build_vote_matrix(votes.filter(pc.not_equal(votes["source"], INTENDED)), classes)


def _learn_ambiguity(
    votes: VoteMatrix, clip_ids: Sequence[str], embeddings: FloatArray
) -> FloatArray:
    """Return how much people are expected to disagree on each clip, nats, ``(N,)``."""
    doubt = separate_uncertainty(votes)
    place = pc.index_in(pa.array(doubt.clips, pa.string()), pa.array(clip_ids, pa.string()))
    is_placed = np.asarray(place.is_valid())
    if not is_placed.any():
        raise PipelineError(
            "`rounds.strategy` is `reducible`, which learns from votes what people disagree about, "
            "but nobody has voted on a clip that was asked about and scored; collect answers "
            "first, or choose `entropy`"
        )
    return expect_ambiguity(
        doubt.ambiguity[is_placed],
        doubt.votes[is_placed],
        embeddings[np.asarray(place.drop_null(), np.int64)],
        embeddings.astype(np.float32),
        n_classes=len(votes.classes),
    )


def _expect_answers(votes: VoteMatrix, aggregator: str) -> FloatArray:
    """Return P(answer | class) of whoever is asked next, of the campaign's own people if known."""
    if votes.count.sum() >= VOTES_PER_CELL * len(votes.classes) ** 2:
        consensus = AGGREGATORS[aggregator]().aggregate(votes)
        if consensus.confusion is not None:
            return average_confusion(consensus)
    return confusion_for(votes.classes)


def _open(
    utility: FloatArray, groups: npt.NDArray[np.str_], is_asked: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Return the clips whose audio nobody was asked about, the most useful of each audio."""
    fresh = np.flatnonzero(~np.isin(groups, groups[is_asked]))
    falling = fresh[np.argsort(-utility[fresh], kind="stable")]
    _, first = np.unique(groups[falling], return_index=True)
    return np.sort(falling[first])
