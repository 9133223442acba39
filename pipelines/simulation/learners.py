"""What a learner owes to a replay: what is believed after some votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from annotation.votes import VoteMatrix
from pipelines.simulation.world import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Belief:
    """What is believed after some votes.

    Args:
        posterior: Consensus of clips with votes, the model's word on the others, ``(N, C)``.
        model: The model's word, out of sample where a clip has votes, ``(N, C)``.
        confusion: P(answer | class) of an average annotator, ``(C, C)``.
        predicted: Class of each test clip, ``(T,)``.
        right: Clips with votes whose consensus is the true class.
    """

    posterior: FloatArray
    model: FloatArray
    confusion: FloatArray
    predicted: IntArray
    right: int


class Learner(Protocol):
    """Learns from votes on the clips of one world, each time from scratch."""

    @property
    def embeddings(self) -> npt.NDArray[np.float32]:
        """Where the clips of the pool lie before anybody was asked, ``(N, E)``."""
        ...

    def learn(self, votes: VoteMatrix, voted: IntArray) -> Belief:
        """Return what is believed after `votes`, which are on the clips at `voted`."""
        ...

    def learn_truth(self) -> IntArray:
        """Return what a model that knows the class of every clip says of the test clips."""
        ...
