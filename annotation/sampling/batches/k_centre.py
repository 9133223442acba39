"""Clips that cover the pool: no clip is left far from one that was asked about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.columns import IntArray
from annotation.sampling.batches.distances import lower_to_nearest, squared_lengths
from annotation.sampling.batches.greedy import choose_greedily
from annotation.sampling.batches.protocol import Candidates, Embeddings, check_size


def k_centre(candidates: Candidates, size: int, rng: np.random.Generator) -> IntArray:
    """Choose greedily the clip that is furthest from every clip asked about or chosen.

    The greedy choice covers the pool with balls at most twice as large as the smallest possible.
    Utility is not looked at. Without a clip asked about, the first is drawn at random.

    Args:
        candidates: N clips.
        size: K, clips to choose, at least 0.
        rng: Decides the first choice and between equal distances.

    Returns:
        min(K, N) positions, O(N·(K + L)·E) at most.

    Raises:
        SamplingError: `size` is negative.

    Example:
        >>> places = np.array([[0.0], [1.0], [10.0]])
        >>> pool = Candidates.checked(np.zeros(3), np.full((3, 2), 0.5), places, known=[[0.0]])
        >>> k_centre(pool, 2, np.random.default_rng(0)).tolist()
        [2, 1]

    Reference:
        O. Sener and S. Savarese (2018). Active learning for convolutional neural networks: a
        core-set approach. arXiv:1708.00489
    """
    check_size(size)
    places = candidates.embeddings
    squares = squared_lengths(places)
    nearest = np.full(len(places), np.inf, np.float32)
    lower_to_nearest(nearest, places, squares, candidates.known)
    gaps = _Gaps(nearest, places, squares, [])
    return choose_greedily(gaps, min(size, len(candidates)), rng)


@dataclass
class _Gaps:
    """Squared distances of M clips to the nearest centre.

    Attributes:
        values: (M,).
        places: (M, E).
        squares: Squared lengths of the places, (M,).
        centres: Places of the clips chosen, shared with every part.
        counted: Centres that `values` knows of.
    """

    values: npt.NDArray[np.float32]
    places: Embeddings
    squares: npt.NDArray[np.float32]
    centres: list[Embeddings]
    counted: int = 0

    def choose(self, at: int) -> None:
        """Make a clip a centre."""
        self.centres.append(self.places[at])
        # Rounding must not leave a chosen clip ahead of its own copies.
        self.values[at] = -np.inf

    def count(self) -> None:
        """Look at the centres that are new."""
        fresh = self.centres[self.counted :]
        if fresh:
            lower_to_nearest(self.values, self.places, self.squares, np.array(fresh))
        self.counted = len(self.centres)

    def part(self, members: IntArray) -> _Gaps:
        """Return the distances of some clips."""
        return _Gaps(
            self.values[members],
            self.places[members],
            self.squares[members],
            self.centres,
            self.counted,
        )
