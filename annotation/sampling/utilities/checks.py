"""What utilities read, checked once: posteriors, amounts per clip, and how people confuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray
from annotation.errors import SamplingError

SUM_TOLERANCE: Final = 1e-4
"""How far a row may miss 1: hundreds of float32 roundings, far below a forgotten softmax."""
BLOCK: Final = 2048
"""Clips looked at together, few enough to stay in a cache of a core."""


def check_posterior(posterior: npt.ArrayLike, *, name: str = "posterior") -> FloatArray:
    """Return the posterior as float64, or refuse it naming the first bad row.

    Args:
        posterior: (N, C) with C ≥ 1; N may be 0.
        name: What the caller calls it, for the message.

    Returns:
        (N, C) float64; the given array itself if it already is one.

    Raises:
        SamplingError: It is not two-dimensional, or a row has a NaN, a negative entry or a sum
            further from 1 than `SUM_TOLERANCE`.
    """
    values = np.asarray(posterior, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] < 1:
        msg = f"`{name}` must be (clips, classes), but has shape {values.shape}"
        raise SamplingError(msg)
    # One smallest number and one product take a tenth of the time of two reductions by row.
    with np.errstate(invalid="ignore"):
        miss = np.abs(values @ np.ones(values.shape[1]) - 1)
        # NaN compares false with everything, so the tests are stated for what is right.
        if values.min(initial=0.0) >= 0 and miss.max(initial=0.0) <= SUM_TOLERANCE:
            return values
        is_right = (miss <= SUM_TOLERANCE) & (values >= 0).all(axis=1)
    row = int(np.argmin(is_right))
    msg = (
        f"row {row} of `{name}` must be probabilities summing to 1, but is "
        f"{values[row].tolist()} ({int((~is_right).sum())} such rows); pass softmax outputs"
    )
    raise SamplingError(msg)


def by_class(checked: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
    """Yield a checked posterior block by block, a class a row.

    Reductions over classes are then sums of long rows in the cache: several times as fast as over
    a short last axis, and the same to the last digit wherever in the pool a clip stands.

    Args:
        checked: (N, C) float64.

    Yields:
        Which clips, and their (C, n) columns, n ≤ `BLOCK`; the next block overwrites them.
    """
    room = np.empty((checked.shape[1], BLOCK))
    for start in range(0, len(checked), BLOCK):
        part = checked[start : start + BLOCK]
        columns = room[:, : len(part)]
        columns[...] = part.T
        yield slice(start, start + BLOCK), columns


def check_amounts(amounts: npt.ArrayLike, *, name: str) -> FloatArray:
    """Return one amount per clip as float64, or refuse them naming the first bad row.

    Args:
        amounts: (N,), each finite and at least 0.
        name: What the caller calls them, for the message.

    Raises:
        SamplingError: They are not one-dimensional, or one is negative or not finite.
    """
    values = np.asarray(amounts, dtype=np.float64)
    if values.ndim != 1:
        msg = f"`{name}` must be one number per clip, but has shape {values.shape}"
        raise SamplingError(msg)
    is_right = (values >= 0) & (values < np.inf)
    if not is_right.all():
        row = int(np.argmin(is_right))
        msg = f"row {row} of `{name}` must be finite and at least 0, but is {values[row]}"
        raise SamplingError(msg)
    return values


def check_confusion(confusion: npt.ArrayLike, classes: int) -> FloatArray:
    """Return P(answer | class) as float64, or refuse it.

    Args:
        confusion: (C, C), truth on axis 0, rows of probabilities summing to 1.
        classes: C.

    Raises:
        SamplingError: It has another shape, or a row is no distribution.
    """
    values = check_posterior(confusion, name="confusion")
    if values.shape != (classes, classes):
        msg = (
            f"`confusion` must be ({classes}, {classes}), the classes of `posterior`, but has "
            f"shape {values.shape}"
        )
        raise SamplingError(msg)
    return values
