"""Reducible uncertainty: what the model does not know, apart from what people disagree about."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray
from annotation.errors import SamplingError
from annotation.sampling.utilities.checks import check_amounts
from annotation.sampling.utilities.entropy import entropy
from annotation.sampling.utilities.protocol import Known


def reducible(posterior: npt.ArrayLike, ambiguity: npt.ArrayLike) -> FloatArray:
    """Return the entropy of each row above what people themselves are expected to leave, in nats.

    A clip that half of all people hear as joy and half as surprise keeps its entropy however many
    of them answer, and no vote spent on it makes the model surer. Entropy asks about such clips
    first; here they come last, and clips that people would agree on keep their entropy.

    Args:
        posterior: (N, C), rows of probabilities summing to 1.
        ambiguity: Expected entropy of people's answers to each clip in nats, (N,), such as
            `annotation.sampling.ambiguity.expect_ambiguity` learns from votes.

    Returns:
        (N,) float64 in [0, log C]; 0 where people are expected to disagree more than the model.

    Raises:
        SamplingError: A row of the posterior is no distribution, or an ambiguity is negative, not
            finite, or of another number of clips.

    Example:
        >>> reducible([[0.5, 0.5], [0.5, 0.5]], [0.6, 0.0]).round(3).tolist()
        [0.093, 0.693]

    Reference:
        The split into aleatoric and epistemic: S. Depeweg et al. (2018). Decomposition of
        uncertainty in Bayesian deep learning. ICML.
    """
    total, expected = entropy(posterior), check_amounts(ambiguity, name="ambiguity")
    if len(expected) != len(total):
        msg = (
            f"`ambiguity` must have one number for each of the {len(total)} clips of `posterior`, "
            f"but has {len(expected)}"
        )
        raise SamplingError(msg)
    total -= expected
    return np.maximum(total, 0.0, out=total)


def by_reducible(known: Known) -> FloatArray:
    """Return `reducible` under the ambiguity that is expected, (N,).

    Raises:
        SamplingError: No ambiguity is known, or a row of a part is wrong.
    """
    return reducible(known.posterior, known.require("ambiguity", "reducible"))
