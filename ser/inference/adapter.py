"""A few labelled clips of one speaker, added to what a model has learned from many others."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from ser.errors import ConfigurationError
from ser.inference.predictor import Prediction
from ser.metrics.classification import Labels, check_labels
from ser.metrics.posteriors import log_posterior, one_hot

Matrix = npt.NDArray[np.float64]
JITTER = 1e-6  # of the kernel, so that two equal clips do no harm
MOST_STEPS = 200


@dataclass(frozen=True, eq=False)
class Adapter:
    """What is added to the logits of a model for one speaker.

    Args:
        weights: Direction of the embedding, then 1 → change of the logits, float32 ``(C, E + 1)``.

    Raises:
        ConfigurationError: If they are not 2-D, or not finite.
    """

    weights: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        """Refuse what cannot be added."""
        if self.weights.ndim != 2 or not np.isfinite(self.weights).all():
            raise ConfigurationError(
                f"`weights` must be finite with the shape (C, E + 1), got {self.weights.shape}"
            )

    def apply(self, prediction: Prediction) -> npt.NDArray[np.float32]:
        """Return P(class) of the clips that a model judged, ``(N, C)``.

        Raises:
            ConfigurationError: If the model has other classes or embeddings of another size.
        """
        described = _describe(prediction)
        if (prediction.posterior.shape[1], described.shape[1]) != self.weights.shape:
            raise ConfigurationError(
                f"`prediction` must be of {self.weights.shape[0]} classes and embeddings of "
                f"{self.weights.shape[1] - 1}, but has {prediction.posterior.shape[1]} and "
                f"{described.shape[1] - 1}"
            )
        logits = log_posterior(prediction.posterior.astype(np.float64)) + described @ self.weights.T
        return np.asarray(softmax(logits, axis=1), np.float32)


def fit_adapter(prediction: Prediction, labels: Labels, *, penalty: float) -> Adapter:
    """Return the change of the logits that suits labelled clips and stays near the model (MAP).

    The prior of the weights is normal around those of the model's own last layer: without clips
    nothing changes, and the more clips of a class, the more they say. The problem is convex and
    solved among the N clips, so that the size of the embedding does not matter.

    Args:
        prediction: What the model says of N labelled clips of the speaker, N ≥ 1.
        labels: Class of each, int ``(N,)`` in 0 … C − 1.
        penalty: Precision of the prior, above 0; large ones keep the model as it is.

    Raises:
        ConfigurationError: If labels do not fit the clips or leave their range, or the penalty is
            not positive.

    Reference:
        C. Chelba and A. Acero, "Adaptation of maximum entropy capitalizer: little data can help a
        lot", EMNLP 2004. https://aclanthology.org/W04-3237
    """
    classes = prediction.posterior.shape[1]
    check_labels("labels", labels, classes)
    if len(labels) != len(prediction.posterior) or not len(labels) or not penalty > 0:
        raise ConfigurationError(
            f"`labels` must be one of each clip, at least one, and `penalty` > 0, but got "
            f"{len(labels)} of {len(prediction.posterior)} clips and {penalty}"
        )
    described = _describe(prediction)
    kernel = described @ described.T + JITTER * np.eye(len(labels))
    root = cholesky(kernel, lower=True)
    given = log_posterior(prediction.posterior.astype(np.float64))
    truth = one_hot(labels, classes)

    def loss(flat: Matrix) -> tuple[float, Matrix]:
        added = flat.reshape(len(labels), classes)
        said = log_softmax(given + root @ added, axis=1)
        slope = root.T @ (np.exp(said) - truth) + penalty * added
        value = -(truth * said).sum() + penalty / 2 * (added**2).sum()
        return float(value), slope.ravel()

    start = np.zeros(len(labels) * classes)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS})
    added = found.x.reshape(len(labels), classes)
    of_clips = solve_triangular(root, added, lower=True, trans="T")
    return Adapter(np.asarray(of_clips.T @ described, np.float32))


def _describe(prediction: Prediction) -> Matrix:
    """Return the direction of each embedding and a 1 for the class itself, ``(N, E + 1)``."""
    embeddings = prediction.embeddings.astype(np.float64)
    lengths = np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
    return np.hstack((embeddings / lengths, np.ones((len(embeddings), 1))))
