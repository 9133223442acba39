"""Anderson acceleration: a fixed point from few evaluations of a slowly contracting map."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from annotation.columns import FloatArray

_LEAST: Final = 1e-13
"""Share of the longest direction's square under which a direction is rounding."""


_SLOW: Final = 0.9
"""Rate of contraction that is assumed until two steps have shown it."""

_STILL: Final = 1e-3
"""Least distance from 1 of a rate; what does not shrink must hardly move to be near."""


class Anderson:
    """Mixes the last steps of a fixed-point iteration so that their residuals cancel.

    Near a fixed point EM is a linear map whose slowest directions shrink by a few per cent a
    step. The mixture with the smallest residual takes those directions in one leap.

    Args:
        memory: How many earlier steps are mixed, at least 1.

    Reference:
        H. F. Walker and P. Ni (2011). Anderson acceleration for fixed-point iterations. SIAM J.
        Numerical Analysis 49(4), 1715-1735. doi:10.1137/10078356X

    Example:
        >>> slow = np.array([0.99, 0.9, 0.5])
        >>> mixer, x = Anderson(), np.zeros(3)
        >>> for _ in range(6):
        ...     x = mixer.mix(x, slow * x + 1)
        >>> x.round(3).tolist()
        [100.0, 10.0, 2.0]
    """

    def __init__(self, memory: int = 12) -> None:
        self._memory = memory
        self._last: tuple[FloatArray, FloatArray] | None = None
        self._steps: list[FloatArray] = []
        self._moves: list[FloatArray] = []

    def mix(
        self, point: FloatArray, image: FloatArray, weight: float | FloatArray = 1.0
    ) -> FloatArray:
        """Return the next point to try.

        Args:
            point: Where the map was evaluated, (D,).
            image: Its value there, (D,).
            weight: Importance of each entry when residuals are compared, (D,).
        """
        residual = image - point
        if self._last is not None:
            self._moves.append(image - self._last[0])
            self._steps.append(residual - self._last[1])
            del self._moves[: -self._memory], self._steps[: -self._memory]
        self._last = image, residual
        if not self._steps:
            return image
        steps = np.stack(self._steps)
        steps *= weight
        # Of unit length, so that the squares below lose no more than half of the digits.
        length = np.sqrt(np.einsum("md,md->m", steps, steps)) + np.finfo(np.float64).tiny
        steps /= length[:, None]
        # Few directions in many dimensions: a solver of their products takes a third of the time.
        products, target = steps @ steps.T, steps @ (residual * weight)
        mixture = np.linalg.lstsq(products, target, rcond=_LEAST)[0] / length
        for share, move in zip(mixture, self._moves, strict=True):
            image = image - share * move
        return image


def is_near(changes: Sequence[float], tolerance: float) -> bool:
    """Return whether an iteration is near its fixed point, going by how fast its steps shrink.

    A step that is 0.9 times the last is followed by more that add up to nine times its length.

    Args:
        changes: Lengths of the steps so far; the first is infinite.
        tolerance: Largest sum of the steps to come.

    Example:
        >>> is_near([np.inf, 4e-4, 2e-4, 1e-4], 2e-4), is_near([np.inf, 1.1e-4, 1e-4], 2e-4)
        (True, False)
    """
    rates = [now / before for before, now in pairwise(changes[1:])]
    # The slower of two, since a leap makes what follows it look fast.
    rate = max([_SLOW, _SLOW, *rates][-2:])
    return changes[-1] * rate <= tolerance * max(1 - rate, _STILL)
