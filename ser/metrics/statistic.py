"""Metrics in the form that drawing speakers and swapping models need: rows of clips, then a score.

Most metrics depend on the clips only through sums over them. Then a bootstrap sample is a weighed
sum of what each speaker adds, and ten thousand of them are one matrix product. The rest are
computed again on the drawn clips.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from ser.errors import ConfigurationError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Statistic(Protocol):
    """One or several metrics of the same N clips under one model."""

    @property
    def names(self) -> tuple[str, ...]:
        """The V metrics, such as `uar`."""

    @property
    def rows(self) -> FloatArray:
        """What each clip brings, ``(N, K)``."""

    def evaluate(self) -> dict[str, float]:
        """Return each metric of all clips, NaN where undefined."""

    def evaluate_drawn(self, clusters: IntArray, times: IntArray) -> FloatArray:
        """Return the metrics of clusters drawn again and again.

        Args:
            clusters: Cluster of each clip, ``(N,)`` in 0 … G − 1.
            times: How often each sample draws each cluster, ``(B, G)``.

        Returns:
            ``(B, V)``.
        """

    def evaluate_swapped(self, other: Self, clusters: IntArray, swapped: IntArray) -> FloatArray:
        """Return the metrics of a model that is `other` on the swapped clusters.

        Args:
            other: The same metrics of the same clips under another model.
            clusters: Cluster of each clip, ``(N,)`` in 0 … G − 1.
            swapped: 1 where a sample takes the other model for a cluster, else 0, ``(B, G)``.

        Returns:
            ``(B, V)``.
        """

    def take(self, positions: IntArray) -> Self:
        """Return the same metrics of the clips at `positions`."""


@dataclass(frozen=True, eq=False)
class SummedStatistic:
    """Metrics that are a function of sums over clips.

    Args:
        names: The V metrics.
        rows: What each clip adds, ``(N, K)``.
        finish: Turns sums ``(B, K)`` into metrics ``(B, V)``, NaN where undefined. It may depend
            on no clip, or models could not be swapped.

    Example:
        >>> mean = SummedStatistic(("mean",), np.array([[3.0, 1], [5, 1]]), lambda s: s[:, :1] / 2)
        >>> mean.evaluate()
        {'mean': 4.0}
    """

    names: tuple[str, ...]
    rows: FloatArray
    finish: Callable[[FloatArray], FloatArray]

    def evaluate(self) -> dict[str, float]:
        """Return each metric of all clips."""
        return _name(self.names, self.finish(self.rows.sum(axis=0, keepdims=True))[0])

    def evaluate_drawn(self, clusters: IntArray, times: IntArray) -> FloatArray:
        """Return the metrics of drawn clusters, see `Statistic`."""
        return self.finish(times.astype(np.float64) @ self._sums(clusters, times.shape[1]))

    def evaluate_swapped(self, other: Self, clusters: IntArray, swapped: IntArray) -> FloatArray:
        """Return the metrics with some clusters swapped, see `Statistic`."""
        own, others = (model._sums(clusters, swapped.shape[1]) for model in (self, other))
        return self.finish(own.sum(axis=0) + swapped.astype(np.float64) @ (others - own))

    def take(self, positions: IntArray) -> Self:
        """Return the same metrics of the clips at `positions`."""
        return replace(self, rows=self.rows[positions])

    def _sums(self, clusters: IntArray, n_clusters: int) -> FloatArray:
        clips = len(clusters)
        members = csr_array(
            (np.ones(clips), (clusters, np.arange(clips))), shape=(n_clusters, clips)
        )
        sums: FloatArray = members @ self.rows
        return sums


@dataclass(frozen=True, eq=False)
class ClipStatistic:
    """Metrics that need the clips themselves, such as their ranks; slow to resample.

    Args:
        names: The V metrics.
        rows: What each clip brings, ``(N, K)``.
        score: Turns the rows of any clips, ``(M, K)``, into metrics ``(V,)``.

    Example:
        >>> median = ClipStatistic(("median",), np.array([[3.0], [5], [4]]), np.median)
        >>> median.evaluate()
        {'median': 4.0}
    """

    names: tuple[str, ...]
    rows: FloatArray
    score: Callable[[FloatArray], npt.ArrayLike]

    def evaluate(self) -> dict[str, float]:
        """Return each metric of all clips."""
        return _name(self.names, self._score(self.rows))

    def evaluate_drawn(self, clusters: IntArray, times: IntArray) -> FloatArray:
        """Return the metrics of drawn clusters, see `Statistic`."""
        drawn = [self._score(np.repeat(self.rows, sample[clusters], axis=0)) for sample in times]
        return np.stack(drawn)

    def evaluate_swapped(self, other: Self, clusters: IntArray, swapped: IntArray) -> FloatArray:
        """Return the metrics with some clusters swapped, see `Statistic`."""
        is_other = (sample[clusters][:, None] > 0 for sample in swapped)
        return np.stack([self._score(np.where(there, other.rows, self.rows)) for there in is_other])

    def take(self, positions: IntArray) -> Self:
        """Return the same metrics of the clips at `positions`."""
        return replace(self, rows=self.rows[positions])

    def _score(self, rows: FloatArray) -> FloatArray:
        return np.atleast_1d(np.asarray(self.score(rows), dtype=np.float64))


def number_speakers(speakers: Sequence[str], clips: int) -> tuple[int, IntArray]:
    """Number the speakers of clips in the order of their names.

    Args:
        speakers: Speaker of each clip.
        clips: N, at least 1.

    Returns:
        The number of speakers G, and the speaker of each clip, ``(N,)`` in 0 … G − 1.

    Raises:
        ConfigurationError: If there is no clip, or not one speaker per clip.
    """
    if len(speakers) != clips or not clips:
        raise ConfigurationError(
            f"`speakers` must name one speaker for each clip and there must be a clip, but got "
            f"{len(speakers)} speakers for {clips} clips"
        )
    names, numbers = np.unique(np.array(list(speakers), dtype=str), return_inverse=True)
    return len(names), numbers.astype(np.int64)


def ratio(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> FloatArray:
    """Divide, with NaN where the denominator is 0.

    Example:
        >>> ratio([1, 2], [2, 0]).tolist()
        [0.5, nan]
    """
    above = np.asarray(numerator, dtype=np.float64)
    below = np.asarray(denominator, dtype=np.float64)
    above, below = np.broadcast_arrays(above, below)
    values: FloatArray = np.full(below.shape, np.nan)
    np.divide(above, below, out=values, where=below != 0)
    return values


def _name(names: Sequence[str], values: FloatArray) -> dict[str, float]:
    return dict(zip(names, values.tolist(), strict=True))
