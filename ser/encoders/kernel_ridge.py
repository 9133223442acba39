"""Ridge regression in the space of clips: every penalty and every target at the price of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KernelRidge:
    """The eigenvalues and eigenvectors of a kernel between N clips, by which all is solved.

    Args:
        values: Eigenvalues, ``(N,)``, ascending, at least 0.
        vectors: Eigenvectors, ``(N, N)``, one a column.
    """

    values: Matrix
    vectors: Matrix

    @classmethod
    def of(cls, kernel: Matrix) -> Self:
        """Decompose a kernel, O(N³).

        Args:
            kernel: Symmetric and positive semidefinite, ``(N, N)``.

        Raises:
            ConfigurationError: If it is not square, or a number is not finite.
        """
        if kernel.ndim != 2 or kernel.shape[0] != kernel.shape[1] or not np.isfinite(kernel).all():
            raise ConfigurationError(
                f"`kernel` must be square and finite, but has shape {kernel.shape}"
            )
        values, vectors = np.linalg.eigh(kernel)
        return cls(np.maximum(values, 0.0), vectors)

    def solve(self, targets: Matrix, penalty: float) -> Matrix:
        """Return the weights α of the clips: ``(K + λ·I) α = Y``, ``(N, C)``.

        Args:
            targets: Y, ``(N, C)``.
            penalty: λ, above 0.

        Example:
            >>> ridge = KernelRidge.of(np.eye(2))
            >>> ridge.solve(np.array([[3.0], [0.0]]), 0.5).round(6).tolist()
            [[2.0], [0.0]]
        """
        shrunk = (self.vectors.T @ targets) / (self.values + penalty)[:, None]
        return np.asarray(self.vectors @ shrunk)

    def leave_one_out(self, targets: Matrix, penalty: float) -> Matrix:
        """Return what each clip is given by the solution without it, ``(N, C)``.

        It is exact, and no further solution is needed: ``Y − α / diag((K + λ·I)⁻¹)``.

        Args:
            targets: Y, ``(N, C)``.
            penalty: λ, above 0.

        Reference:
            G. H. Golub, M. Heath and G. Wahba, "Generalized cross-validation as a method for
            choosing a good ridge parameter", Technometrics 21(2), 1979.
        """
        diagonal = np.square(self.vectors) @ (1 / (self.values + penalty))
        return np.asarray(targets - self.solve(targets, penalty) / diagonal[:, None])
