"""How the answers to one clip vary between clips: a Dirichlet distribution, fitted to the votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import digamma

from annotation.columns import FloatArray, IntArray

_SHAPE: Final = (1e-3, 1e6)


@dataclass(frozen=True, slots=True, eq=False)
class DirichletPrior:
    """What is expected of a clip nobody has judged.

    Attributes:
        alpha: Pseudo-votes per class, (C,) float64, positive.
        iterations: Steps of the search; 0 where the votes say nothing about the strength.
        converged: Whether the last step changed no pseudo-vote by more than the tolerance.
        change: Largest relative change in the last step.
    """

    alpha: FloatArray
    iterations: int
    converged: bool
    change: float


def fit_dirichlet(
    counts: IntArray, *, tolerance: float = 1e-6, max_iterations: int = 2000
) -> DirichletPrior:
    """Return the Dirichlet under which the votes of all clips are most probable.

    Where people agree on most clips its strength Σα is small, and one vote says much about a
    clip; where they scatter it is large. It is the fixed point of the Dirichlet-multinomial
    likelihood, whose steps cost the number of distinct counts, not of clips. Where no clip has
    two votes the strength cannot be told from them and is C, at the shares of the classes.

    Args:
        counts: Votes per clip and class, (N, C); N may be 0.
        tolerance: Largest relative change of a pseudo-vote at which the search stops.
        max_iterations: Bound on its steps.

    Returns:
        The distribution and how the search ended.

    Example:
        >>> fit_dirichlet(np.array([[9, 0], [8, 1], [0, 9], [0, 9]])).alpha.round(1).tolist()
        [0.1, 0.1]

    Reference:
        T. P. Minka (2000). Estimating a Dirichlet distribution. Technical report, MIT.
    """
    classes, total = counts.shape[1], counts.sum(axis=1)
    shares = counts.sum(axis=0) + 1.0
    alpha = shares / shares.sum() * classes
    if classes == 1 or not (total > 1).any():
        return DirichletPrior(alpha, 0, converged=True, change=0.0)
    cells = [np.unique(column[column > 0], return_counts=True) for column in counts.T]
    size, sizes = np.unique(total[total > 0], return_counts=True)
    change, steps = np.inf, 0
    while change > tolerance and steps < max_iterations:
        strength = alpha.sum()
        length = (sizes * (digamma(size + strength) - digamma(strength))).sum()
        spread = [
            (times * (digamma(cell + share) - digamma(share))).sum()
            for share, (cell, times) in zip(alpha, cells, strict=True)
        ]
        updated = np.clip(alpha * np.array(spread) / length, *_SHAPE)
        change = float(np.abs(updated / alpha - 1).max())
        alpha = updated
        steps += 1
    return DirichletPrior(alpha, steps, converged=change <= tolerance, change=change)
