"""A ridge head on an encoder's statistics, solved for after every batch of votes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from annotation.aggregation import HierarchicalDawidSkene
from annotation.aggregation.model_aided import listen
from annotation.clips.expected_gain import average_confusion
from annotation.votes import VoteMatrix
from pipelines.aided import PENALTY as LISTENED_PENALTY
from pipelines.aided import REPETITIONS, SCALE
from pipelines.simulation.learners import Belief
from pipelines.simulation.world import FloatArray, IntArray, World
from ser.encoders.kernel_ridge import leave_one_out_scores, mean_product, solve_ridge, standardise
from ser.metrics.temperature import fit_temperature

PENALTY: Final = 0.6
"""Of the head that judges, the middle of those that `fit_ridge` chooses from."""

_NUMBERS: Final = 128


@dataclass(frozen=True, eq=False)
class Kernels:
    """The mean products of standardised statistics between clips, by which a head is solved for.

    Args:
        pool: Between the clips of the pool, ``(N, N)``.
        test: Between test clips and the pool, ``(T, N)``.
        embeddings: The pool in as few numbers as keep its distances best, float32 ``(N, E)``.
    """

    pool: FloatArray
    test: FloatArray
    embeddings: npt.NDArray[np.float32]

    @classmethod
    def of(cls, pool: npt.NDArray[np.float32], test: npt.NDArray[np.float32]) -> Kernels:
        """Standardise by the pool, whose statistics are known before any label, and multiply.

        Args:
            pool: Statistics of the clips of the pool, ``(N, L, 2·D)``.
            test: Those of the test clips, ``(T, L, 2·D)``.
        """
        mean, deviation, flat = standardise(pool)
        judged = ((test - mean) / deviation).reshape(len(test), -1)
        kernel = mean_product(flat)
        values, vectors = np.linalg.eigh(kernel)
        leading = vectors[:, -_NUMBERS:] * np.sqrt(np.maximum(values[-_NUMBERS:], 0))
        across = (judged @ flat.T / flat.shape[1]).astype(np.float64)
        return cls(kernel, across, leading.astype(np.float32))


class RidgeLearner:
    """A ridge head on an encoder's statistics, and a consensus that listens to it.

    Args:
        world: The world.
        kernels: Its clips.
        listens: Whether the consensus hears the model; without, it is made of votes alone and
            decides each label, as a team does that buys three votes a clip.
    """

    def __init__(self, world: World, kernels: Kernels, *, listens: bool = True) -> None:
        self._world, self._kernels, self._listens = world, kernels, listens

    @property
    def embeddings(self) -> npt.NDArray[np.float32]:
        """Return the leading components of the pool, ``(N, E)``."""
        return self._kernels.embeddings

    def learn(self, votes: VoteMatrix, voted: IntArray) -> Belief:
        """Return what is believed after `votes`; nothing is kept of what was believed before."""
        kernel = self._kernels.pool[np.ix_(voted, voted)]
        if self._listens:
            consensus = listen(votes, partial(_judge, kernel), times=REPETITIONS)
            targets = consensus.posterior
        else:
            consensus = HierarchicalDawidSkene().aggregate(votes)
            targets = consensus.split_labels()
        centred = targets - targets.mean(axis=0)
        weights = solve_ridge(kernel, centred, PENALTY)
        scores = leave_one_out_scores(kernel, targets, PENALTY)
        scale = SCALE / fit_temperature(targets, softmax(SCALE * scores, axis=1)).value
        model = softmax(scale * (self._kernels.pool[:, voted] @ weights), axis=1)
        model[voted] = softmax(scale * scores, axis=1)
        posterior = model.copy()
        posterior[voted] = consensus.posterior
        truth = self._world.truth[voted]
        return Belief(
            posterior=posterior,
            model=model,
            confusion=average_confusion(consensus),
            predicted=(self._kernels.test[:, voted] @ weights).argmax(axis=1),
            right=int((consensus.labels == truth).sum()),
        )

    def learn_truth(self) -> IntArray:
        """Return what the head that learned every true label says of the test clips, ``(T,)``."""
        truth = np.eye(len(self._world.classes))[self._world.truth]
        weights = solve_ridge(self._kernels.pool, truth - truth.mean(axis=0), PENALTY)
        return np.asarray((self._kernels.test @ weights).argmax(axis=1))


def _judge(kernel: FloatArray, posterior: FloatArray) -> FloatArray:
    scores = leave_one_out_scores(kernel, posterior, LISTENED_PENALTY)
    return np.asarray(softmax(SCALE * scores, axis=1))
