"""Temperature scaling: one number, fitted on dev clips, that mends over- or underconfidence."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import log_softmax, softmax

from ser.errors import ConfigurationError
from ser.metrics.posteriors import Posterior, check_posterior, check_same_shape, log_posterior
from ser.metrics.statistic import FloatArray

LOWEST = 0.05
HIGHEST = 20.0


@dataclass(frozen=True)
class Temperature:
    """A divisor of logits, and what it did for the clips it was fitted on.

    Args:
        value: T; above 1 the model was overconfident, below 1 underconfident.
        dev_clips: Number of clips it was fitted on.
        dev_nll: Mean negative log-likelihood of those clips before, nats.
        dev_nll_scaled: The same afterwards, nats, never above `dev_nll`.

    Raises:
        ConfigurationError: If the temperature is not positive.
    """

    value: float
    dev_clips: int
    dev_nll: float
    dev_nll_scaled: float

    def __post_init__(self) -> None:
        """Refuse what cannot divide logits."""
        if not self.value > 0:
            raise ConfigurationError(f"`value` of a temperature must be > 0, but got {self.value}")

    def apply(self, posterior: Posterior) -> FloatArray:
        """Return the scaled posterior, ``P(c)^(1/T)`` made to sum to 1; the prediction stays.

        Args:
            posterior: P(class), ``(N, C)``.

        Raises:
            ConfigurationError: If it is no posterior.

        Example:
            >>> Temperature(2.0, 0, 0.0, 0.0).apply(np.array([[0.9, 0.1]])).round(3).tolist()
            [[0.75, 0.25]]
        """
        # The logarithm of a softmax is its logits less a constant, which softmax ignores.
        return self.apply_to_logits(log_posterior(check_posterior("posterior", posterior)))

    def apply_to_logits(self, logits: npt.NDArray[np.floating]) -> FloatArray:
        """Return the scaled posterior, ``softmax(logits / T)``.

        Args:
            logits: Scores, ``(N, C)``.

        Returns:
            P(class), ``(N, C)``.
        """
        scaled: FloatArray = softmax(logits.astype(np.float64) / self.value, axis=1)
        return scaled


def fit_temperature(dev_targets: Posterior, dev_posterior: Posterior) -> Temperature:
    """Return the temperature with the least negative log-likelihood on dev clips.

    Fit it on the dev part, never on the test part: it would make the test calibration look
    better than it is. The likelihood is convex in 1/T, so the one root of its derivative is
    found by bisection; it is cut to [0.05, 20], which is reached where dev clips have no
    mistake or are right no more often than by chance.

    Args:
        dev_targets: What is true of each dev clip, ``(N, C)``: `one_hot` for decided labels, or
            the vote posterior.
        dev_posterior: What the model says of it, ``(N, C)``.

    Raises:
        ConfigurationError: If an argument is no posterior or their shapes differ.

    Example:
        >>> said = np.array([[0.9, 0.1]] * 4)  # but right only three times out of four
        >>> found = fit_temperature(np.array([[1.0, 0]] * 3 + [[0.0, 1]]), said)
        >>> round(found.value, 3), found.apply(said)[0].round(3).tolist()
        (2.0, [0.75, 0.25])

    Reference:
        C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern neural
        networks", ICML 2017. https://arxiv.org/abs/1706.04599
    """
    targets, posterior = check_same_shape(
        "dev_targets", dev_targets, "dev_posterior", dev_posterior
    )
    logits = log_posterior(posterior)
    value = _find_temperature(targets, logits)
    before, after = (_mean_surprise(targets, logits / divisor) for divisor in (1.0, value))
    return Temperature(value, len(targets), before, after)


def _find_temperature(targets: FloatArray, logits: FloatArray) -> float:
    wanted = (targets * logits).sum(axis=1).mean()
    if np.ptp(logits, axis=1).max() == 0:
        return 1.0  # a model that always says 1/C says so at any temperature

    def slope(log_temperature: float) -> float:
        """Return the derivative of the mean surprise by 1/T: it falls as T grows."""
        scaled = softmax(logits / np.exp(log_temperature), axis=1)
        return float((scaled * logits).sum(axis=1).mean() - wanted)

    low, high = np.log(LOWEST), np.log(HIGHEST)
    if slope(low) <= 0:
        return LOWEST
    if slope(high) >= 0:
        return HIGHEST
    return float(np.exp(brentq(slope, low, high, xtol=1e-10)))


def _mean_surprise(targets: FloatArray, logits: FloatArray) -> float:
    return float(-(targets * log_softmax(logits, axis=1)).sum(axis=1).mean())
