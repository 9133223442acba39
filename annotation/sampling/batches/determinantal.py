"""Clips worth asking about that span a large volume together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray, IntArray
from annotation.sampling.batches.distances import lower_to_nearest, squared_lengths
from annotation.sampling.batches.greedy import choose_greedily
from annotation.sampling.batches.protocol import Candidates, Embeddings, check_size
from annotation.sampling.batches.top import top

RELEVANCE = 0.7  # θ: share of utility beside diversity, within [0, 1)
NUGGET = 1e-3  # ε: share of a clip that no other clip says anything about
MOST_NUMBERS = 1 << 28  # rows of the factor take 1 GB at most
BLOCK_ROWS = 2048
ROUNDING = 1e-6  # relative, of a squared distance in float32


def determinantal(candidates: Candidates, size: int, rng: np.random.Generator) -> IntArray:
    """Choose greedily the batch of largest determinant: quality times diversity (k-DPP).

    A batch B is worth det(L_B) with L_ij = q_i·S_ij·q_j. Similarity is
    S_ij = (1 − ε)·exp(−|x_i − x_j|² / s²), and 1 for i = j, with s² the mean squared distance of
    two clips of the pool; what S leaves to each clip alone (ε) orders by quality whatever a
    batch spans already. Utility u becomes quality by q_i² = exp(θ / (1 − θ)·r_i) with
    r = (u − min u) / (max u − min u), so that the logarithm of the determinant is, times 1 − θ,
    θ·Σ r_i + (1 − θ)·log det S_B. Next to the nearest clip that was asked about, whose similarity
    is t, a clip has the quality q_i²·(1 − t²): what would be left to it beside that choice.

    L is never formed: a choice adds one entry to the row of each clip's Cholesky factor. Where
    these rows would take more than `MOST_NUMBERS` numbers, the clips of highest utility are
    compared alone.

    Args:
        candidates: N clips.
        size: K, clips to choose, at least 0.
        rng: Decides between equal gains.

    Returns:
        min(K, N) positions in the order of choice, O(N·K·(E + K) + N·L·E) at most.

    Raises:
        SamplingError: `size` is negative.

    Example:
        >>> places = np.array([[0.0], [0.1], [5.0]])
        >>> pool = Candidates.checked([1.0, 0.9, 0.8], np.full((3, 2), 0.5), places)
        >>> determinantal(pool, 2, np.random.default_rng(0)).tolist()
        [0, 2]

    Reference:
        L. Chen, G. Zhang and E. Zhou (2018). Fast greedy MAP inference for determinantal point
        process to improve recommendation diversity. arXiv:1709.05135

        S. Hemmi et al. (2022). Lazy and fast greedy MAP inference for determinantal point process.
        arXiv:2206.05947
    """
    check_size(size)
    size = min(size, len(candidates))
    if not size:
        return np.empty(0, np.int64)
    most = max(size, MOST_NUMBERS // size)
    if most < len(candidates):
        compared = top(candidates, most, rng)
        part = candidates.take(compared)
        return np.asarray(compared[determinantal(part, size, rng)])
    picks = _Picks.empty(size, candidates.embeddings)
    quality = _qualities(candidates, picks.scale)
    rows = np.empty((len(candidates), size), np.float32)
    volumes = _Volumes(quality.copy(), quality, candidates.embeddings, rows, picks)
    return choose_greedily(volumes, size, rng)


@dataclass
class _Picks:
    """The clips chosen, of K at most.

    Attributes:
        places: Where the model places them, (K, E).
        factor: Cholesky factor of their similarities, lower triangular (K, K).
        scale: −1 / s², by which a squared distance becomes the logarithm of a similarity; 0 where
            all clips of the pool are one.
        count: Rows in use.
    """

    places: Embeddings
    factor: npt.NDArray[np.float32]
    scale: np.float32
    count: int = 0

    @classmethod
    def empty(cls, size: int, pool: Embeddings) -> _Picks:
        """Return no choice, and the scale of a pool of embeddings."""
        mean = pool.mean(axis=0, dtype=np.float64)
        power = float(squared_lengths(pool).mean(dtype=np.float64))
        spread = 2 * (power - float(mean @ mean))
        # Where all clips are one, only rounding tells them apart.
        scale = -1 / spread if spread > ROUNDING * power else 0.0
        places = np.empty((size, pool.shape[1]), np.float32)
        return cls(places, np.zeros((size, size), np.float32), np.float32(scale))


@dataclass
class _Volumes:
    """What each of M clips would multiply the determinant by.

    Attributes:
        values: q_i²·d_i², (M,), with d_i² the part of a clip that the choices do not explain.
        quality: q_i², (M,).
        places: (M, E).
        rows: Rows of the Cholesky factor, (M, K), of which `counted` columns are filled.
        picks: The clips chosen, shared with every part.
        counted: Choices that `values` and `rows` know of.
    """

    values: npt.NDArray[np.float32]
    quality: npt.NDArray[np.float32]
    places: Embeddings
    rows: npt.NDArray[np.float32]
    picks: _Picks
    counted: int = 0

    def choose(self, at: int) -> None:
        """Give a clip its row of the factor."""
        picks, step = self.picks, self.picks.count
        picks.places[step] = self.places[at]
        picks.factor[step, :step] = self.rows[at, :step]
        picks.factor[step, step] = np.sqrt(self.values[at] / self.quality[at])
        picks.count += 1
        self.values[at] = -np.inf

    def count(self) -> None:
        """Fill the columns of the choices that are new."""
        fresh = slice(self.counted, self.picks.count)
        if fresh.start == fresh.stop:
            return
        factor = self.picks.factor[fresh]
        # One small inverse for all clips; no entry on its diagonal exceeds 1 / √ε.
        inverse = np.linalg.inv(factor[:, fresh].astype(np.float64)).astype(np.float32)
        for start in range(0, len(self.places), BLOCK_ROWS):
            block = slice(start, start + BLOCK_ROWS)
            likeness = _similarities(self.picks.places[fresh], self.places[block], self.picks.scale)
            likeness -= factor[:, : fresh.start] @ self.rows[block, : fresh.start].T
            entries = inverse @ likeness
            self.rows[block, fresh] = entries.T
            explained = np.einsum("pn,pn->n", entries, entries)
            self.values[block] -= self.quality[block] * explained
        self.counted = fresh.stop

    def part(self, members: IntArray) -> _Volumes:
        """Return the volumes of some clips."""
        rows = np.empty((len(members), self.rows.shape[1]), np.float32)
        rows[:, : self.counted] = self.rows[members, : self.counted]
        return _Volumes(
            self.values[members],
            self.quality[members],
            self.places[members],
            rows,
            self.picks,
            self.counted,
        )


def _similarities(
    some: Embeddings, others: Embeddings, scale: np.float32
) -> npt.NDArray[np.float32]:
    """Return S of distinct clips, ``(len(some), len(others))``."""
    products = (some * np.float32(-2)) @ others.T
    products += squared_lengths(some)[:, None]
    products += squared_lengths(others)
    np.maximum(products, 0, out=products)
    products *= scale
    np.exp(products, out=products)
    products *= np.float32(1 - NUGGET)
    return np.asarray(products)


def _qualities(candidates: Candidates, scale: np.float32) -> npt.NDArray[np.float32]:
    """Return q², lowered beside the nearest clip that was asked about."""
    utility: FloatArray = candidates.utility - candidates.utility.min()
    utility /= max(utility.max(), np.finfo(np.float64).tiny)
    quality = np.exp(RELEVANCE / (1 - RELEVANCE) * utility)
    if len(candidates.known):
        nearest = np.full(len(utility), np.inf, np.float32)
        squares = squared_lengths(candidates.embeddings)
        lower_to_nearest(nearest, candidates.embeddings, squares, candidates.known)
        likeness = (1 - NUGGET) * np.exp(np.maximum(nearest, 0) * scale)
        quality *= 1 - likeness.astype(np.float64) ** 2
    return quality.astype(np.float32)
