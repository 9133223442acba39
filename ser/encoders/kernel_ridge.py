"""Ridge regression in the space of clips: what is solved for is a weight per clip."""

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve, lapack
from scipy.special import softmax

from ser.errors import ConfigurationError
from ser.metrics.posteriors import Posterior, check_posterior
from ser.models.layer_network import SMALLEST_DEVIATION

Matrix = npt.NDArray[np.float64]
LayerStatistics = npt.NDArray[np.float32]


def standardise(
    features: LayerStatistics,
) -> tuple[LayerStatistics, LayerStatistics, LayerStatistics]:
    """Return the mean and deviation of each number, and the clips in units of them.

    Args:
        features: ``(N, L, 2·D)``.

    Returns:
        The mean ``(L, 2·D)``, the standard deviation ``(L, 2·D)``, above 0, and the standardised
        clips ``(N, L · 2·D)``.
    """
    mean = features.mean(axis=0)
    deviation = np.maximum(features.std(axis=0), SMALLEST_DEVIATION)
    return mean, deviation, ((features - mean) / deviation).reshape(len(features), -1)


def mean_product(standard: LayerStatistics) -> Matrix:
    """Return the kernel K between N clips: the mean product of their numbers, ``(N, N)``.

    Args:
        standard: Standardised clips, ``(N, L · 2·D)``.
    """
    return (standard @ standard.T / standard.shape[1]).astype(np.float64)


def solve_ridge(kernel: Matrix, targets: Matrix, penalty: float) -> Matrix:
    """Return the weights α of the clips: ``(K + λ·I) α = Y``, ``(N, C)``.

    Args:
        kernel: K, ``(N, N)``.
        targets: Y, ``(N, C)``.
        penalty: λ, above 0.

    Example:
        >>> solve_ridge(np.eye(2), np.array([[3.0], [0.0]]), 0.5).round(6).tolist()
        [[2.0], [0.0]]
    """
    factor = cho_factor(kernel + penalty * np.eye(len(kernel)), overwrite_a=True)
    solved: Matrix = cho_solve(factor, targets)
    return solved


def leave_one_out(kernel: Matrix, targets: Matrix, penalty: float) -> Matrix:
    """Return what each clip is given by the solution without it, ``(N, C)``.

    It is exact and takes one inverse, O(N³): ``Y − α / diag((K + λ·I)⁻¹)``.

    Args:
        kernel: K, ``(N, N)``.
        targets: Y, ``(N, C)``.
        penalty: λ, above 0.

    Example:
        >>> leave_one_out(np.array([[1.0, 0.5], [0.5, 1.0]]), np.eye(2), 1.0).round(6).tolist()
        [[0.0, 0.25], [0.25, 0.0]]

    Reference:
        G. H. Golub, M. Heath and G. Wahba, "Generalized cross-validation as a method for
        choosing a good ridge parameter", Technometrics 21(2), 1979.
    """
    factor = cho_factor(kernel + penalty * np.eye(len(kernel)), overwrite_a=True)
    solved = cho_solve(factor, targets)
    # From the factor the inverse takes a fifth of the time that eigenvectors take.
    inverse, _ = lapack.dpotri(factor[0], overwrite_c=True)
    return np.asarray(targets - solved / inverse.diagonal()[:, None])


def leave_one_out_scores(kernel: Matrix, posterior: Matrix, penalty: float) -> Matrix:
    """Return how far each clip is of each class by the solution without it, ``(N, C)``.

    Classes are centred on the other clips alone, so that nothing of a clip's own label enters.

    Args:
        kernel: K, ``(N, N)``, N ≥ 2.
        posterior: P(class) of the clips, ``(N, C)``.
        penalty: λ, above 0.
    """
    ones = np.ones((len(posterior), 1))
    left_out = leave_one_out(kernel, np.hstack((posterior, ones)), penalty)
    mean_of_others = (posterior.sum(axis=0) - posterior) / (len(posterior) - 1)
    # Linear in its targets: the scores of centred classes, though each clip has its own centre.
    return np.asarray(left_out[:, :-1] - mean_of_others * left_out[:, -1:])


def leave_one_out_posterior(
    features: LayerStatistics, targets: Posterior, *, penalty: float = 0.3, scale: float = 6.0
) -> Matrix:
    """Return what the light head says of each training clip when it learns from all others.

    The classes are centred on the mean of the other clips, so nothing of a clip's own target is
    in what it is given. Only the standardisation knows the clip, which needs no label.

    Args:
        features: Of the N clips, at least 2, ``(N, L, 2·D)``.
        targets: What people say of each, P(class), ``(N, C)``.
        penalty: λ, above 0.
        scale: What scores are multiplied by to become logits, above 0.

    Returns:
        P(class), ``(N, C)``.

    Raises:
        ConfigurationError: If `targets` is no posterior of these clips, there are fewer than 2, a
            feature is not finite, or a number leaves its range.

    Example:
        >>> heard = np.array([1.0, 1.1, 1.2, 3.0, 3.1, 3.2]).reshape(6, 1, 1)
        >>> said = np.eye(2)[[1, 0, 0, 1, 1, 1]]  # the first by mistake
        >>> leave_one_out_posterior(heard, said).argmax(axis=1).tolist()
        [0, 0, 0, 1, 1, 1]
    """
    truth = _check_lesson(features, targets, penalty, scale)
    kernel = mean_product(standardise(features)[2])
    scores = leave_one_out_scores(kernel, truth, penalty)
    return np.asarray(softmax(scale * scores, axis=1))


def _check_lesson(
    features: LayerStatistics, targets: Posterior, penalty: float, scale: float
) -> Matrix:
    truth = check_posterior("targets", targets)
    if features.ndim != 3 or len(features) != len(truth) or len(truth) < 2:
        raise ConfigurationError(
            "`features` must be (N, L, 2·D) of the N clips of `targets`, at least 2, but the "
            f"shapes are {features.shape} and {targets.shape}; pass a row of both for each clip"
        )
    odd = np.flatnonzero(~np.isfinite(features).all(axis=(1, 2)))
    if odd.size:
        raise ConfigurationError(
            f"`features` must be finite, but are not at {odd.size} of {len(features)} clips, "
            f"first at position {odd[0]}; compute them again or leave these clips out"
        )
    for name, value in (("penalty", penalty), ("scale", scale)):
        if not value > 0:
            raise ConfigurationError(f"`{name}` must be > 0, but got {value}")
    return truth
