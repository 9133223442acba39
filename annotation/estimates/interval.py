"""A mean over a pool with its interval, whichever way the clips behind it were chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from annotation.columns import FloatArray
from annotation.errors import AnnotationError


@dataclass(frozen=True, slots=True, eq=False)
class MeanEstimate:
    """Means of K numbers over the clips of a pool.

    Attributes:
        value: The estimates, (K,) float64; NaN where no clip tells.
        variance: Their estimated variances, (K,).
        low: Lower ends of the intervals, (K,); each covers its own mean, not all at once.
        high: Upper ends, (K,).
        level: Coverage of each interval.
        clips: Clips whose answers were used.
    """

    value: FloatArray
    variance: FloatArray
    low: FloatArray
    high: FloatArray
    level: float
    clips: int


def share_interval(
    value: FloatArray,
    variance: FloatArray,
    centre: FloatArray,
    *,
    level: float,
    freedom: float = np.inf,
) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's interval of shares, with the effective number of answers for their number.

    The effective number m is what a plain sample would need for the same variance,
    centre (1 − centre) / variance. Unlike value ± z·error, the interval stays within [0, 1] and
    has a width where a class did not occur at all.

    Args:
        value: Estimated shares, (K,); what lies outside [0, 1] is moved to its end.
        variance: Their variances, (K,); 0 gives the point.
        centre: Where m is taken, (K,) within (0, 1): `value` drawn away from 0 and 1.
        level: Coverage wanted, within (0, 1).
        freedom: Degrees of freedom of the variance.

    Returns:
        Lower and upper ends, (K,); NaN where value or variance is.

    Reference:
        E. B. Wilson (1927). Probable inference, the law of succession, and statistical
        inference. JASA 22, 209-212. N. Dean and M. Pagano (2015). Evaluating confidence interval
        methods for binomial proportions in clustered surveys. JSSAM 3(4), 484-503.

    Example:
        >>> some = share_interval(*np.array([[0.0], [0.002], [0.1]]), level=0.95)
        >>> [end.round(3).tolist() for end in some]
        [[0.0], [0.079]]
    """
    share = np.clip(value, 0.0, 1.0)
    # Per answer: t² / m, which is 0 where nothing is uncertain.
    excess = _quantile(level, freedom) ** 2 * variance
    excess = np.divide(excess, centre * (1 - centre), out=np.zeros_like(excess), where=excess != 0)
    middle = (share + excess / 2) / (1 + excess)
    half = np.sqrt(excess * (share * (1 - share) + excess / 4)) / (1 + excess)
    return np.asarray(np.maximum(middle - half, 0.0)), np.asarray(np.minimum(middle + half, 1.0))


def mean_interval(
    value: FloatArray, variance: FloatArray, *, level: float, freedom: float
) -> tuple[FloatArray, FloatArray]:
    """Return Student's interval of means of any numbers, (K,) each."""
    half = _quantile(level, freedom) * np.sqrt(variance)
    return value - half, value + half


def cluster_variance(errors: FloatArray, clusters: npt.ArrayLike) -> tuple[FloatArray, int]:
    """Return the variance of a sum over clips that are alike within clusters, such as speakers.

    Clusters are taken as drawn with replacement from endlessly many, so that the variance says
    what other speakers would have given, and does not vanish when every clip has an answer.

    Args:
        errors: What each clip adds to the estimate's error, (N, K).
        clusters: The cluster of each clip, N names or numbers.

    Returns:
        The variances (K,), and their degrees of freedom.

    Raises:
        AnnotationError: There is no cluster for each clip, or only one.

    Reference:
        L. Kish and M. R. Frankel (1974). Inference from complex samples. JRSS B 36(1), 1-37.
    """
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    if place.shape != (len(errors),) or len(names) < 2:
        msg = (
            f"`clusters` must name one of at least 2 clusters for each of the {len(errors)} "
            f"clips, but has {place.size} names of {len(names)} clusters; leave it out otherwise"
        )
        raise AnnotationError(msg)
    sums = np.stack([np.bincount(place, column, len(names)) for column in errors.T], axis=1)
    return np.asarray(sums.var(axis=0) * len(names) ** 2 / (len(names) - 1)), len(names) - 1


def check_values(values: npt.ArrayLike) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Return values of a pool as (N, K) float64, and the clips that have them.

    Args:
        values: (N,) or (N, K); NaN in the rows of clips without an answer.

    Raises:
        AnnotationError: It has another shape, no clip, or a value is infinite.
    """
    table = np.asarray(values, np.float64)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or not table.size or np.isinf(table).any():
        msg = (
            "`values` must be (clips,) or (clips, numbers), with a clip and none infinite, but "
            f"has shape {table.shape}; give clips without an answer NaN"
        )
        raise AnnotationError(msg)
    return table, np.asarray(~np.isnan(table).any(axis=1))


def check_level(level: float) -> float:
    """Return the coverage, or refuse what is outside (0, 1).

    Raises:
        AnnotationError: It is.
    """
    if not 0 < level < 1:
        msg = f"`level` must lie within (0, 1), but got {level}; 0.95 is usual"
        raise AnnotationError(msg)
    return level


def _quantile(level: float, freedom: float) -> float:
    return float(stdtrit(min(freedom, 1e9), (1 + level) / 2))
