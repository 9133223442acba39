"""What the members of an ensemble would settle among themselves, if only they knew the answer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray
from annotation.errors import SamplingError
from annotation.sampling.scores import check_posterior, entropy


def bald(members: npt.ArrayLike) -> FloatArray:
    """Return the mutual information of answer and member: entropy of the mean − mean entropy.

    A clip is asked about first where the members are each sure and contradict each other. Where
    all of them find it ambiguous, as people do, an answer would teach little, and its utility is
    near 0, however even the mean posterior is.

    Args:
        members: Posteriors of M members or of M passes with dropout, (M, N, C), M ≥ 1.

    Returns:
        (N,) float64 in nats, in [0, log min(M, C)].

    Raises:
        SamplingError: It is not three-dimensional, there is no member, or a row is no distribution.

    Example:
        >>> bald([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]]).round(3).tolist()
        [0.693, 0.0]

    Reference:
        N. Houlsby et al. (2011). Bayesian active learning for classification and preference
        learning. arXiv:1112.5745. Y. Gal, R. Islam and Z. Ghahramani (2017). Deep Bayesian active
        learning with image data. arXiv:1703.02910
    """
    values = np.asarray(members, dtype=np.float64)
    if values.ndim != 3 or not len(values):
        msg = f"`members` must be (members, clips, classes), but has shape {values.shape}"
        raise SamplingError(msg)
    checked = check_posterior(values.reshape(-1, values.shape[2])).reshape(values.shape)
    alone = entropy(checked.reshape(-1, values.shape[2])).reshape(values.shape[:2])
    # Rounding may leave a clip on which all agree a little below 0.
    return np.asarray(np.maximum(entropy(checked.mean(axis=0)) - alone.mean(axis=0), 0.0))
