"""What an arm's own votes say: of its clips, of its people, and of how long an answer takes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.aggregation import AGGREGATORS, Consensus
from annotation.clips.expected_gain import average_confusion, gain_by_annotator
from annotation.columns import FloatArray
from annotation.confusion import confusion_for
from annotation.sampling.pace import Pace, fit_pace, is_usable
from annotation.votes import VoteMatrix, build_vote_matrix
from pipelines.campaign_runs import HEARD
from pipelines.clipset import INTENDED
from pipelines.convert import read_posterior
from pipelines.pool import Pool
from warehouse import Warehouse, queries

IntArray = npt.NDArray[np.int64]
# Fewer votes for each answer to each class tell less of annotators than CREMA-D's listeners do.
VOTES_PER_CELL = 10
# Votes from which somebody's own confusion and pace are worth going by.
KNOWN_FROM = 10
_SMALLEST = 1e-12


def read_own_votes(store: Warehouse, asked: Collection[str], taxonomy: str) -> pa.Table:
    """Return the votes that stand on what was heard in the clips an arm has asked about.

    Args:
        store: The warehouse.
        asked: The arm's clips.
        taxonomy: Class list of the votes.
    """
    votes = queries.select_effective_votes(
        store, taxonomy=taxonomy, modality=HEARD, clip_ids=sorted(asked)
    )
    return votes.filter(pc.not_equal(votes["source"], INTENDED))


def own_matrix(votes: pa.Table, classes: Sequence[str]) -> VoteMatrix:
    """Return votes as aggregators read them."""
    return build_vote_matrix(votes, classes)


def expect_answers(votes: VoteMatrix, aggregator: str) -> FloatArray:
    """Return P(answer | class) of whoever is asked next, of the campaign's own people if known.

    Args:
        votes: The arm's votes.
        aggregator: What tells how people confuse classes.
    """
    return _average(AGGREGATORS[aggregator]().aggregate(votes))


def measure_pace(votes: pa.Table, pool: Pool) -> Pace:
    """Return how long an answer takes, from the lead times of votes on clips of the pool."""
    there, place = pool.find(votes["clip_id"].to_pylist())
    return fit_pace(pool.duration_s[place], _lead_times(votes)[there])


@dataclass(frozen=True, eq=False)
class Crowd:
    """The A people whose confusion and pace are known well enough to choose between them.

    Args:
        names: Their ids.
        confusion: P(answer | class) of each, ``(A, C, C)``.
        hurry: Their median lead time over the expected one, ``(A,)``.
        heard: Clip and annotator of each vote they cast: pairs of ids.
    """

    names: tuple[str, ...]
    confusion: FloatArray
    hurry: FloatArray
    heard: frozenset[tuple[str, str]]

    def best_for(
        self, clip_ids: Sequence[str], posterior: FloatArray, seconds: FloatArray
    ) -> list[str | None]:
        """Return whose answer to each of n clips is worth most per second; None where unknown.

        Nobody is asked twice about a clip, and with fewer than two people there is no choice.

        Args:
            clip_ids: The clips.
            posterior: What is known of each, ``(n, C)``.
            seconds: Expected lead time of an average person, ``(n,)``.
        """
        if len(self.names) < 2 or not len(clip_ids):
            return [None] * len(clip_ids)
        gain = gain_by_annotator(posterior, self.confusion)
        gain /= seconds[:, None] * self.hurry[None, :]
        has_heard = [[(clip, name) in self.heard for name in self.names] for clip in clip_ids]
        gain[np.array(has_heard)] = -1.0
        best = gain.argmax(axis=1)
        return [
            self.names[at] if value >= 0 else None
            for at, value in zip(best, gain.max(axis=1), strict=True)
        ]


@dataclass(frozen=True, eq=False)
class Belief:
    """All that is known of the N clips of a pool: votes and the model's word.

    Args:
        posterior: P(class), ``(N, C)``.
        counts: Votes of each clip for each class, ``(N, C)``.
        confusion: P(answer | class) of the next annotator, ``(C, C)``.
        seconds: Expected lead time of an answer, ``(N,)``.
        crowd: The people.
    """

    posterior: FloatArray
    counts: IntArray
    confusion: FloatArray
    seconds: FloatArray
    crowd: Crowd

    @classmethod
    def of(
        cls,
        store: Warehouse,
        pool: Pool,
        votes: pa.Table,
        classes: Sequence[str],
        *,
        aggregator: str,
        aided: Mapping[str, Any] | None,
    ) -> Self:
        """Weigh an arm's votes and the model's word.

        A clip that has as many votes as when the arm's consensus last listened to a model keeps
        what that said; of other clips with votes the consensus and the model's word are taken as
        independent, and of clips without votes the model's word stands alone.

        Args:
            store: The warehouse.
            pool: The model's word.
            votes: The arm's votes.
            classes: C names.
            aggregator: How votes become consensus.
            aided: Row of `consensus_runs` of the newest run of the arm that listened to a model.
        """
        matrix = own_matrix(votes, classes)
        posterior = pool.posterior / pool.posterior.sum(axis=1, keepdims=True)
        counts = np.zeros(posterior.shape, np.int64)
        there, place = pool.find(matrix.clips)
        counts[place] = matrix.class_counts()[there]
        confusion, known = confusion_for(tuple(classes)), _People((), np.zeros((0, 0, 0)))
        if matrix.clips:
            consensus = AGGREGATORS[aggregator]().aggregate(matrix)
            posterior[place] = _combine(consensus.posterior[there], posterior[place])
            confusion = _average(consensus)
            known = _People.among(
                consensus.annotators, consensus.annotator_votes, consensus.confusion
            )
        if aided is not None and tuple(aided["classes"]) == tuple(classes):
            run = queries.select_consensus(store, aided["run_id"])
            there, place = pool.find(run["clip_id"].to_pylist())
            is_same = np.asarray(run["votes"])[there] == counts[place].sum(axis=1)
            posterior[place[is_same]] = read_posterior(run["posterior"])[there[is_same]]
            confusion, known = _read_people(store, aided["run_id"], len(classes))
        pace = measure_pace(votes, pool)
        return cls(
            posterior=posterior,
            counts=counts,
            confusion=confusion,
            seconds=pace.expect(pool.duration_s),
            crowd=_find_crowd(votes, pool, pace, known),
        )


@dataclass(frozen=True, eq=False)
class _People:
    names: tuple[str, ...]
    confusion: FloatArray

    @classmethod
    def among(
        cls, names: Sequence[str], votes: npt.ArrayLike, confusion: FloatArray | None
    ) -> Self:
        """Return those who cast enough votes, if the aggregator knows how people confuse."""
        if confusion is None:
            return cls((), np.zeros((0, 0, 0)))
        kept = np.flatnonzero(np.asarray(votes) >= KNOWN_FROM)
        return cls(tuple(names[at] for at in kept), confusion[kept])


def _read_people(store: Warehouse, run_id: str, classes: int) -> tuple[FloatArray, _People]:
    """Return the average confusion of a stored run, and its people."""
    table = queries.select_annotators(store, run_id)
    votes = np.asarray(table["votes"], np.float64)
    confusion = read_posterior(table["confusion"]).reshape(-1, classes, classes)
    average = np.average(confusion, axis=0, weights=votes)
    return np.asarray(average), _People.among(table["annotator"].to_pylist(), votes, confusion)


def _find_crowd(votes: pa.Table, pool: Pool, pace: Pace, people: _People) -> Crowd:
    """Return the people who are named by votes, with their pace."""
    named = votes["annotator"].to_pylist()
    kept = [at for at, name in enumerate(people.names) if name in set(named)]
    names = tuple(people.names[at] for at in kept)
    there, place = pool.find(votes["clip_id"].to_pylist())
    ratio = np.full(len(named), np.nan)
    ratio[there] = _lead_times(votes)[there] / pace.expect(pool.duration_s[place])
    ratio[~is_usable(_lead_times(votes))] = np.nan
    who = np.array([name or "" for name in named], dtype=str)
    hurry = np.ones(len(names))
    for at, name in enumerate(names):
        own = ratio[(who == name) & np.isfinite(ratio)]
        if len(own):
            hurry[at] = np.median(own)
    heard = frozenset(zip(votes["clip_id"].to_pylist(), named, strict=True))
    return Crowd(names, people.confusion[kept], hurry, heard)


def _average(consensus: Consensus) -> FloatArray:
    """Return how people confuse classes, CREMA-D's listeners where these cast too few votes."""
    is_told = consensus.votes.sum() >= VOTES_PER_CELL * len(consensus.classes) ** 2
    if is_told and consensus.confusion is not None:
        return average_confusion(consensus)
    return confusion_for(consensus.classes)


def _lead_times(votes: pa.Table) -> FloatArray:
    return np.asarray(votes["lead_time_s"].to_numpy(zero_copy_only=False), np.float64)


def _combine(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the posterior of two independent opinions, ``(n, C)``."""
    logs = np.log(np.maximum(first, _SMALLEST)) + np.log(np.maximum(second, _SMALLEST))
    weight = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
