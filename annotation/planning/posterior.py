"""Every power law that fits some points, weighted by how well: a grid over three parameters."""

from __future__ import annotations

from typing import Final

import numpy as np

from annotation.columns import FloatArray

LOWEST_EXPONENT: Final = 0.05
"""Slower than any curve of Viering and Loog's review; at 0 a ceiling means nothing."""
HIGHEST_EXPONENT: Final = 2.0
_EXPONENTS: Final = 40
_CEILINGS: Final = 48
_GAPS: Final = 17
_REACH: Final = 5.0
"""Standard deviations on either side that a grid covers."""
_NEGLIGIBLE: Final = 1e-7


def draw_curves(
    ratio: FloatArray, uar: FloatArray, root: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Weigh the curves ceiling − gap · ratio^−c by their likelihood under a uniform prior.

    Given c the curve is linear in ceiling and gap, so their grid is laid where the likelihood
    of that c is: no point of it is wasted, however small the errors are.

    Args:
        ratio: Size of each of P points over that of the first, (P,).
        uar: Score of each, (P,).
        root: W with Wᵀ W the inverse of their covariance, (P, P).

    Returns:
        Ceiling, gap and c of each curve that is not negligible, (D, 3), and weights that sum
        to 1, (D,).
    """
    exponents = np.linspace(LOWEST_EXPONENT, HIGHEST_EXPONENT, _EXPONENTS)
    grids = [_grid_of(c, ratio, uar, root) for c in exponents]
    draws = np.concatenate([draw for draw, _ in grids])
    log_weight = np.concatenate([weight for _, weight in grids])
    weight = np.exp(log_weight - log_weight.max())
    kept = weight > _NEGLIGIBLE
    return draws[kept], weight[kept] / weight[kept].sum()


def _grid_of(
    exponent: float, ratio: FloatArray, uar: FloatArray, root: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the curves of one exponent, and their log likelihood times the volume of a cell."""
    ones, shape, target = root.sum(axis=1), -(root @ ratio**-exponent), root @ uar
    ceilings, width = _ceilings(ones, shape, target)
    # Given c and the ceiling, the gap is normal around its own least-squares value.
    spread = 1 / np.sqrt(shape @ shape)
    middle = (target - ceilings[:, None] * ones) @ shape * spread**2
    low, high = _support(middle, np.full_like(middle, spread))
    gaps, step = _cells(low, high, _GAPS)
    residual = target - ceilings[:, None, None] * ones - gaps[:, :, None] * shape
    log_weight = -0.5 * (residual**2).sum(axis=2) + np.log(step)[:, None] + np.log(width)
    draws = np.stack(
        [
            np.broadcast_to(ceilings[:, None], gaps.shape),
            gaps,
            np.full_like(gaps, exponent),
        ],
        axis=-1,
    )
    return draws.reshape(-1, 3), log_weight.reshape(-1)


def _ceilings(ones: FloatArray, shape: FloatArray, target: FloatArray) -> tuple[FloatArray, float]:
    """Return the ceilings worth a look, and the width of a cell."""
    design = np.stack([ones, shape], axis=1)
    covariance = np.linalg.pinv(design.T @ design)
    free, spread = (covariance @ design.T @ target)[0], np.sqrt(covariance[0, 0])
    # A gap may not be negative: at its bound the ceiling is the mean of the points.
    flat, narrow = (ones @ target) / (ones @ ones), 1 / np.sqrt(ones @ ones)
    low, high = _support(np.array([free, flat]), np.array([spread, narrow]))
    cells, step = _cells(low.min(keepdims=True), high.max(keepdims=True), _CEILINGS)
    return cells[0], float(step[0])


def _support(middle: FloatArray, spread: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return where in [0, 1] a normal density is not negligible, also if its mean lies outside."""
    outside = np.maximum(np.maximum(middle - 1, -middle), 1e-300)
    # Beyond a bound the density falls like an exponential of this length.
    reach = _REACH * np.minimum(spread, spread**2 / outside)
    nearest = np.clip(middle, 0, 1)
    return np.maximum(nearest - reach, 0), np.minimum(nearest + reach, 1)


def _cells(low: FloatArray, high: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Return the middles of equal cells between bounds, (..., count), and their widths."""
    step = (high - low) / count
    return low[..., None] + step[..., None] * (np.arange(count) + 0.5), step
