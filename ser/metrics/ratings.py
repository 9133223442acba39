"""How close predicted arousal, valence or dominance comes to the rating."""

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from ser.errors import ConfigurationError
from ser.metrics.moments import moment_rows, moments
from ser.metrics.statistic import ClipStatistic, FloatArray, SummedStatistic, ratio

Ratings = npt.NDArray[np.floating]


def rating_statistic(truth: Ratings, prediction: Ratings) -> SummedStatistic:
    """Return every metric of ratings that is a function of sums, ready to be resampled.

    Args:
        truth: Rating of each clip, ``(N,)``.
        prediction: Predicted rating of each clip, ``(N,)``.

    Returns:
        `rmse`, `mae`, `pearson` and `ccc`.

    Raises:
        ConfigurationError: If there is no clip, lengths differ or a rating is missing.

    Example:
        >>> found = rating_statistic(np.array([1.0, 2, 3]), np.array([1.0, 2, 6])).evaluate()
        >>> {name: round(value, 3) for name, value in found.items()}
        {'rmse': 1.732, 'mae': 1.0, 'pearson': 0.945, 'ccc': 0.526}
    """
    x, y = _check_ratings(truth, prediction)
    # Sums of squares are exact to few digits far from 0. The shift is of the truth alone, and so
    # the same for every model that is compared.
    middle = np.median(x)
    rows = np.column_stack([moment_rows(x - middle, y - middle), (x - y) ** 2, np.abs(x - y)])
    return SummedStatistic(("rmse", "mae", "pearson", "ccc"), rows, _finish)


def spearman_statistic(truth: Ratings, prediction: Ratings) -> ClipStatistic:
    """Return Spearman's correlation, `spearman`, ready to be resampled.

    Args:
        truth: Rating of each clip, ``(N,)``.
        prediction: Predicted rating of each clip, ``(N,)``.

    Raises:
        ConfigurationError: If there is no clip, lengths differ or a rating is missing.
    """
    return ClipStatistic(("spearman",), np.stack(_check_ratings(truth, prediction), 1), _spearman)


def root_mean_square_error(truth: Ratings, prediction: Ratings) -> float:
    """Return ``√(mean of (truth − prediction)²)`` (RMSE), in the unit of the ratings.

    Args:
        truth: Rating of each clip, ``(N,)``.
        prediction: Predicted rating of each clip, ``(N,)``.

    Raises:
        ConfigurationError: If there is no clip, lengths differ or a rating is missing.

    Example:
        >>> root_mean_square_error(np.array([1.0, 2]), np.array([2.0, 3]))
        1.0
    """
    return rating_statistic(truth, prediction).evaluate()["rmse"]


def mean_absolute_error(truth: Ratings, prediction: Ratings) -> float:
    """Return the mean of |truth − prediction| (MAE), in the unit of the ratings.

    Args:
        truth: Rating of each clip, ``(N,)``.
        prediction: Predicted rating of each clip, ``(N,)``.

    Raises:
        ConfigurationError: If there is no clip, lengths differ or a rating is missing.
    """
    return rating_statistic(truth, prediction).evaluate()["mae"]


def pearson_correlation(truth: Ratings, prediction: Ratings) -> float:
    """Return Pearson's correlation, NaN where either side never changes.

    Args:
        truth: Rating of each clip, ``(N,)``.
        prediction: Predicted rating of each clip, ``(N,)``.

    Raises:
        ConfigurationError: If there is no clip, lengths differ or a rating is missing.
    """
    return rating_statistic(truth, prediction).evaluate()["pearson"]


def spearman_correlation(truth: Ratings, prediction: Ratings) -> float:
    """Return the correlation of ranks, ties at their mean rank; NaN where a side never changes.

    Args:
        truth: Rating of each clip, ``(N,)``.
        prediction: Predicted rating of each clip, ``(N,)``.

    Raises:
        ConfigurationError: If there is no clip, lengths differ or a rating is missing.

    Example:
        >>> spearman_correlation(np.array([1.0, 2, 9]), np.array([1.0, 2, 3]))
        1.0
    """
    return spearman_statistic(truth, prediction).evaluate()["spearman"]


def concordance_correlation(truth: Ratings, prediction: Ratings) -> float:
    """Return how close the pairs lie to the line of equality (CCC), in [−1, 1].

    ``CCC = 2 · cov / (var truth + var prediction + (mean truth − mean prediction)²)``, with
    population moments (dividing by N, as Lin defines it; torchmetrics divides by N − 1). A
    constant prediction has 0; two equal constants have NaN.

    Args:
        truth: Rating of each clip, ``(N,)``.
        prediction: Predicted rating of each clip, ``(N,)``.

    Raises:
        ConfigurationError: If there is no clip, lengths differ or a rating is missing.

    Example:
        >>> round(concordance_correlation(np.array([1.0, 2, 3]), np.array([2.0, 3, 4])), 4)
        0.5714

    Reference:
        L. I.-K. Lin, "A concordance correlation coefficient to evaluate reproducibility",
        Biometrics 45(1), 1989. https://doi.org/10.2307/2532051
    """
    return rating_statistic(truth, prediction).evaluate()["ccc"]


def _finish(sums: FloatArray) -> FloatArray:
    found = moments(sums[:, :6])
    spread = found.variance_x + found.variance_y + (found.mean_x - found.mean_y) ** 2
    squared, absolute = ratio(sums[:, 6:], sums[:, :1]).T
    concordance = ratio(2 * found.covariance, spread)
    return np.stack([np.sqrt(squared), absolute, found.correlation, concordance], axis=1)


def _spearman(rows: FloatArray) -> FloatArray:
    ranks = rankdata(rows, axis=0) - (len(rows) + 1) / 2
    return moments(moment_rows(*ranks.T).sum(axis=0, keepdims=True)).correlation


def _check_ratings(truth: Ratings, prediction: Ratings) -> tuple[FloatArray, FloatArray]:
    for name, ratings in (("truth", truth), ("prediction", prediction)):
        if ratings.ndim != 1 or not ratings.size:
            raise ConfigurationError(
                f"`{name}` must hold one rating of at least one clip, but has the shape "
                f"{ratings.shape}"
            )
        missing = np.flatnonzero(~np.isfinite(ratings))
        if missing.size:
            raise ConfigurationError(
                f"`{name}` must hold finite ratings, but {missing.size} of {ratings.size} are "
                f"missing or infinite, at positions {missing[:5].tolist()}; leave those clips out"
            )
    if truth.shape != prediction.shape:
        raise ConfigurationError(
            f"`truth` and `prediction` must have one rating per clip, but got {truth.shape} and "
            f"{prediction.shape}"
        )
    return truth.astype(np.float64), prediction.astype(np.float64)
