"""What every utility score offers, so that a round can use any of them."""

from typing import Protocol

import numpy.typing as npt

from annotation.columns import FloatArray


class UtilityScore(Protocol):
    """Scores the clips of a pool by how much an answer would teach: higher = ask first."""

    def __call__(self, posterior: npt.ArrayLike, /) -> FloatArray:
        """Return the utility of each row of an (N, C) posterior, (N,) float64."""
        ...
