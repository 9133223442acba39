"""The active arm of a round: clips that are worth asking about, together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.clips import separate_uncertainty
from annotation.columns import FloatArray
from annotation.sampling import UTILITIES, Known, Pick, expect_ambiguity, explain_utility
from annotation.sampling.batches import BATCHES, Candidates
from annotation.sampling.quotas import choose_batch
from annotation.votes import VoteMatrix
from pipelines.arm_votes import expect_answers, measure_pace, own_matrix, read_own_votes
from pipelines.errors import PipelineError
from pipelines.limits import Limits
from pipelines.pool import Pool
from pipelines.sections import RoundSettings
from warehouse import Warehouse


@dataclass(frozen=True)
class ActiveChoice:
    """What the active arm asks.

    Args:
        picks: Its clips, the most useful first.
        shortfalls: What could not be had of what was wanted, in words.
    """

    picks: tuple[Pick, ...]
    shortfalls: tuple[str, ...] = ()


def pick_active(
    store: Warehouse,
    pool: Pool,
    *,
    asked: set[str],
    rounds: RoundSettings,
    budget: int,
    taxonomy: str,
    classes: Sequence[str],
    rng: np.random.Generator,
) -> ActiveChoice:
    """Choose clips by what a model says of them, none of the same audio as another.

    Args:
        store: Where people's votes are; those on other clips than `asked`, such as the control
            arm's, are not looked at.
        pool: What the model says.
        asked: Clips the arm has asked about; none of them is asked about again.
        rounds: Utility, how it becomes a batch, and under which quotas.
        budget: Clips to choose; fewer are left only where the pool is, or no time to listen.
        taxonomy: Class list of the votes.
        classes: Its C names.
        rng: Decides between equal choices.

    Raises:
        PipelineError: If the utility needs what the model does not say or nobody has voted on.
    """
    votes = read_own_votes(store, asked, taxonomy)
    utility = _utility(pool, own_matrix(votes, classes), rounds)
    is_asked = pool.has(asked)
    open_ones = pool.unheard(utility, is_asked)
    candidates = Candidates.checked(
        utility[open_ones],
        pool.posterior[open_ones],
        pool.embeddings[open_ones],
        known=pool.embeddings[is_asked],
    )
    limits = Limits.of(rounds)
    seconds = measure_pace(votes, pool).expect(pool.duration_s[open_ones]) * rounds.votes_per_clip
    batch = choose_batch(
        candidates,
        budget,
        BATCHES[rounds.batch],
        rng,
        quotas=limits.quotas(pool, classes, open_ones, min(budget, len(open_ones)), rng),
        seconds=limits.seconds,
        listening_s=seconds,
    )
    chosen = open_ones[batch.positions]
    reasons = explain_utility(
        utility[chosen], pool.posterior[chosen], strategy=rounds.strategy, classes=classes
    )
    picks = tuple(
        Pick(pool.clip_ids[at], "active", float(utility[at]), reason)
        for at, reason in zip(chosen, reasons, strict=True)
    )
    return ActiveChoice(picks, limits.shortfalls(pool, classes, open_ones, chosen))


def _utility(pool: Pool, votes: VoteMatrix, rounds: RoundSettings) -> npt.NDArray[np.float64]:
    """Return how much an answer to each clip would teach, ``(N,)``."""
    disagreement = ambiguity = confusion = None
    if rounds.strategy == "bald":
        disagreement = _require_disagreement(pool)
    elif rounds.strategy == "reducible":
        ambiguity = _learn_ambiguity(votes, pool.clip_ids, pool.embeddings)
    elif rounds.strategy == "expected_change":
        confusion = expect_answers(votes, rounds.aggregator)
    return UTILITIES[rounds.strategy](
        Known(pool.posterior, disagreement=disagreement, ambiguity=ambiguity, confusion=confusion)
    )


def _require_disagreement(pool: Pool) -> FloatArray:
    """Return what scoring found the members, or passes with dropout, to contradict each other."""
    if pool.disagreement is None:
        raise PipelineError(
            f"`rounds.strategy` is `bald`, but `{pool.model_id}` judged as a single "
            "network that cannot contradict itself; set `network.members` to 2 or more, or "
            "`rounds.dropout_passes` to 20 or so, and train and score again"
        )
    return pool.disagreement


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
