"""BALD: what several members would settle among themselves, if only they knew the answer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray
from annotation.errors import SamplingError
from annotation.sampling.utilities.checks import check_amounts, check_posterior
from annotation.sampling.utilities.entropy import entropy
from annotation.sampling.utilities.protocol import Known


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
    values = np.asarray(members)
    if values.ndim != 3 or not len(values):
        msg = f"`members` must be (members, clips, classes), but has shape {values.shape}"
        raise SamplingError(msg)
    together, alone = np.zeros(values.shape[1:]), np.zeros(values.shape[1])
    # One member at a time: all of them in float64 would take as much memory as M pools.
    for number, member in enumerate(values):
        checked = check_posterior(member, name=f"members[{number}]")
        together += checked
        alone += entropy(checked)
    together /= len(values)
    alone /= len(values)
    # Rounding may leave a clip on which all agree a little below 0.
    return np.asarray(np.maximum(entropy(together) - alone, 0.0))


def by_bald(known: Known) -> FloatArray:
    """Return `bald` of the members, or the disagreement that was worked out before, (N,).

    Raises:
        SamplingError: Neither is known, or a row of it is wrong.
    """
    if known.members is not None:
        return bald(known.members)
    return check_amounts(known.require("disagreement", "bald"), name="disagreement")
