"""The active arm that spends vote by vote: on new clips, on disputed ones, and on doubtful labels.

One currency decides between them, see `annotation.sampling.worth`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.columns import FloatArray
from annotation.sampling import Pick
from annotation.sampling.batches import BATCHES, Candidates
from annotation.sampling.quotas import choose_batch
from annotation.sampling.worth import REPEAT, spend_votes, worth_of_votes
from pipelines.active_arm import ActiveChoice
from pipelines.arm_share import count_shared, keep_own_votes
from pipelines.arm_votes import Belief, read_own_votes
from pipelines.campaign import SEED_ARM, clips_of
from pipelines.campaign_runs import AIDED, find_runs
from pipelines.limits import Limits
from pipelines.pool import Pool
from pipelines.sections import RoundSettings
from pipelines.worth_reasons import explain_worth
from warehouse import Warehouse

IntArray = npt.NDArray[np.int64]
_SEEDS = 2**63


def pick_by_worth(
    store: Warehouse,
    pool: Pool,
    *,
    campaign: str,
    corpus: str,
    asks: pa.Table,
    rounds: RoundSettings,
    budget: int,
    taxonomy: str,
    classes: Sequence[str],
    rng: np.random.Generator,
) -> ActiveChoice:
    """Spend votes where the next one is worth most per second of somebody's time.

    New clips are of audio that the arm has not asked about. Clips it has asked about may get more
    votes, up to what every clip may have, unless answers to them are still awaited.

    Args:
        store: Where people's votes are; those on clips of other arms alone are not looked at.
        pool: What the model says.
        campaign: The campaign.
        corpus: Its corpus.
        asks: All asks of the campaign, with the votes received.
        rounds: Most votes of a clip, how clips become a batch, and under which quotas.
        budget: Votes to spend; fewer are where no clip may have more, or no time is left.
        taxonomy: Class list of the votes.
        classes: Its C names.
        rng: Decides between equal worths.
    """
    own = set(clips_of(asks.filter(pc.is_in(asks["arm"], pa.array(["active", SEED_ARM])))))
    is_own = pool.has(own)
    had, is_waiting = _standing(pool, asks)
    aided = [
        run for run in find_runs(store, campaign, corpus, "active") if run["aggregator"] == AIDED
    ]
    belief = Belief.of(
        store,
        pool,
        keep_own_votes(store, read_own_votes(store, own, taxonomy), campaign, "active"),
        classes,
        aggregator=rounds.aggregator,
        aided=aided[-1] if aided else None,
    )
    worth = worth_of_votes(belief.posterior, belief.confusion, had, seconds=belief.seconds)
    again = np.flatnonzero(is_own & ~is_waiting & (had < rounds.votes_per_clip))
    open_ones = np.sort(np.concatenate([pool.unheard(worth, is_own), again]))
    limits = Limits.of(rounds)
    spending = _Spending(pool, belief, worth, had, rounds, limits)
    given = spending.spend(open_ones, is_own, classes, budget, rng)
    chosen = np.flatnonzero(given)
    chosen = chosen[np.argsort(-worth[chosen], kind="stable")]
    reasons = explain_worth(pool, belief, worth, given=given, chosen=chosen, classes=classes)
    picks = tuple(
        Pick(pool.clip_ids[at], "active", float(worth[at]), reason, int(had[at] + given[at]))
        for at, reason in zip(chosen, reasons, strict=True)
    )
    return ActiveChoice(picks, limits.shortfalls(pool, classes, open_ones, chosen))


def _standing(pool: Pool, asks: pa.Table) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """Return the arm's votes on each clip, and which clips still wait for some, ``(N,)`` each."""
    shared = count_shared(asks, "active")
    own = asks.filter(pc.is_in(asks["arm"], pa.array(["active", SEED_ARM])))
    by_clip = own.group_by("clip_id").aggregate(
        [("votes_received", "max"), ("votes_wanted", "max")]
    )
    there, place = pool.find(_column(by_clip, "clip_id"))
    clip_ids = [pool.clip_ids[at] for at in place]
    had, wanted = np.zeros((2, len(pool)), np.int64)
    had[place] = np.asarray(by_clip["votes_received_max"])[there]
    wanted[place] = np.asarray(by_clip["votes_wanted_max"])[there]
    is_waiting = had < wanted
    most = np.array([shared.get(clip_id, np.iinfo(np.int64).max) for clip_id in clip_ids], np.int64)
    had[place] = np.minimum(had[place], most)
    return had, is_waiting


def _column(table: pa.Table, name: str) -> list[str]:
    values: list[str] = table[name].to_pylist()
    return values


@dataclass(frozen=True, eq=False)
class _Spending:
    """A budget of votes, spent under the limits of a round."""

    pool: Pool
    belief: Belief
    worth: FloatArray
    had: IntArray
    rounds: RoundSettings
    limits: Limits

    def spend(
        self,
        open_ones: IntArray,
        is_own: npt.NDArray[np.bool_],
        classes: Sequence[str],
        budget: int,
        rng: np.random.Generator,
    ) -> IntArray:
        """Return how many further votes each clip gets, ``(N,)``."""
        given = np.zeros(len(self.worth), np.int64)
        if self.limits.at_least or self.rounds.batch != "top":
            given[self._choose(open_ones, is_own, classes, budget, rng)] = 1
        left = self.limits.seconds
        if left is not None:
            left -= float(self.belief.seconds @ given)
        rest = budget - int(given.sum())
        given[open_ones] += self._most_valuable(open_ones, given[open_ones], rest, left, rng)
        return given

    def _choose(
        self,
        open_ones: IntArray,
        is_own: npt.NDArray[np.bool_],
        classes: Sequence[str],
        budget: int,
        rng: np.random.Generator,
    ) -> IntArray:
        """Return clips that get a vote each, as quotas and the way of choosing a batch have it."""
        candidates = Candidates.checked(
            self.worth[open_ones],
            self.belief.posterior[open_ones],
            self.pool.embeddings[open_ones],
            known=self.pool.embeddings[is_own],
        )
        size = min(budget, len(open_ones))
        batch = choose_batch(
            candidates,
            size,
            BATCHES[self.rounds.batch],
            rng,
            quotas=self.limits.quotas(self.pool, classes, open_ones, size, rng),
            seconds=self.limits.seconds,
            listening_s=self.belief.seconds[open_ones],
        )
        return np.asarray(open_ones[batch.positions], np.int64)

    def _most_valuable(
        self,
        open_ones: IntArray,
        given: IntArray,
        budget: int,
        seconds: float | None,
        rng: np.random.Generator,
    ) -> IntArray:
        """Return the most votes that fit into a budget and into what is left of people's time."""
        worth = self.worth[open_ones] * REPEAT**given
        had = self.had[open_ones] + given
        seed = int(rng.integers(_SEEDS))

        def spend(votes: int) -> IntArray:
            return spend_votes(
                worth,
                had,
                votes,
                most=self.rounds.votes_per_clip,
                rng=np.random.default_rng(seed),
            )

        if seconds is None:
            return spend(budget)
        # The same draw orders every spending, so that more votes never take less time.
        fits, too_many = 0, budget + 1
        while too_many - fits > 1:
            middle = (fits + too_many) // 2
            if float(self.belief.seconds[open_ones] @ spend(middle)) <= seconds:
                fits = middle
            else:
                too_many = middle
        return spend(fits)
