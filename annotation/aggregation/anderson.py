"""Anderson acceleration: a fixed point from few evaluations of a slowly contracting map."""

from __future__ import annotations

import numpy as np

from annotation.columns import FloatArray


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
        self._images: list[FloatArray] = []
        self._residuals: list[FloatArray] = []

    def mix(
        self, point: FloatArray, image: FloatArray, weight: float | FloatArray = 1.0
    ) -> FloatArray:
        """Return the next point to try.

        Args:
            point: Where the map was evaluated, (D,).
            image: Its value there, (D,).
            weight: Importance of each entry when residuals are compared, (D,).
        """
        self._images.append(image)
        self._residuals.append(image - point)
        del self._images[: -self._memory - 1], self._residuals[: -self._memory - 1]
        if len(self._images) == 1:
            return image
        steps = np.diff(np.stack(self._residuals), axis=0)
        moves = np.diff(np.stack(self._images), axis=0)
        basis = (steps * weight).T
        mixture = np.linalg.lstsq(basis, self._residuals[-1] * weight, rcond=1e-10)[0]
        return np.asarray(image - mixture @ moves)
