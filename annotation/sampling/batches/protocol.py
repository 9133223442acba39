"""What every way of choosing a batch is given, and what it owes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray, IntArray
from annotation.errors import SamplingError
from annotation.sampling.utilities.checks import check_posterior

Embeddings = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Candidates:
    """What is known of N clips that may be asked about; nothing of it is ever written to.

    Attributes:
        utility: How much an answer to each would teach, (N,), finite, higher = ask first.
        posterior: What the model says of each, (N, C), rows of probabilities summing to 1.
        embeddings: Where the model places each, float32 (N, E), finite.
        known: Embeddings of the L clips that were asked about already, float32 (L, E).
    """

    utility: FloatArray
    posterior: FloatArray
    embeddings: Embeddings
    known: Embeddings

    @classmethod
    def checked(
        cls,
        utility: npt.ArrayLike,
        posterior: npt.ArrayLike,
        embeddings: npt.ArrayLike,
        known: npt.ArrayLike | None = None,
    ) -> Candidates:
        """Return candidates whose parts fit together.

        Args:
            utility: (N,).
            posterior: (N, C).
            embeddings: (N, E).
            known: (L, E); None for nothing asked about yet.

        Raises:
            SamplingError: Counts or sizes differ, a number is not finite, or a row of the
                posterior is no distribution.

        Example:
            >>> Candidates.checked([0.5, 0.1], [[0.5, 0.5], [0.9, 0.1]], np.eye(2)).known.shape
            (0, 2)
        """
        values = np.asarray(utility, dtype=np.float64)
        places = np.ascontiguousarray(embeddings, dtype=np.float32)
        if places.ndim != 2:
            msg = f"`embeddings` must be (clips, numbers), but has shape {places.shape}"
            raise SamplingError(msg)
        asked: Embeddings = np.zeros((0, places.shape[1]), np.float32)
        if known is not None:
            asked = np.ascontiguousarray(known, dtype=np.float32)
        checked = check_posterior(posterior)
        if not (
            values.shape == (len(places),)
            and len(checked) == len(places)
            and asked.ndim == 2
            and asked.shape[1] == places.shape[1]
        ):
            msg = (
                "`utility`, `posterior` and `embeddings` must have one row per clip, and `known` "
                f"as many columns as `embeddings`, but have the shapes {values.shape}, "
                f"{checked.shape}, {places.shape} and {asked.shape}"
            )
            raise SamplingError(msg)
        for name, array in (("utility", values), ("embeddings", places), ("known", asked)):
            _check_finite(name, array)
        return cls(values, checked, places, asked)

    def __len__(self) -> int:
        """Return N."""
        return len(self.utility)

    def take(self, positions: IntArray) -> Candidates:
        """Return the candidates at `positions`."""
        return Candidates(
            self.utility[positions],
            self.posterior[positions],
            self.embeddings[positions],
            self.known,
        )


class BatchSelector(Protocol):
    """Chooses clips that teach most together, which the clips of highest utility may not."""

    def __call__(self, candidates: Candidates, size: int, rng: np.random.Generator, /) -> IntArray:
        """Return min(size, N) distinct positions, in the order of choice.

        Equal choices are decided by `rng`, and by nothing else.
        """
        ...


def check_size(size: int) -> None:
    """Refuse a negative number of clips.

    Raises:
        SamplingError: With the number.
    """
    if size < 0:
        msg = f"`size` must be at least 0 clips, but got {size}"
        raise SamplingError(msg)


def draw_largest(values: npt.NDArray[np.floating], rng: np.random.Generator) -> int:
    """Return the position of the largest value, any of them where several are equal."""
    largest = np.flatnonzero(values == values.max())
    return int(largest[0] if len(largest) == 1 else rng.choice(largest))


def _check_finite(name: str, array: npt.NDArray[np.floating]) -> None:
    # A number that is not finite leaves no finite sum of squares, which needs no mask as large as
    # the pool. Squares of finite numbers may overflow, so the mask has the last word.
    if np.isfinite(np.vdot(array, array)):
        return
    is_finite = np.isfinite(array)
    if not is_finite.all():
        row = int(np.argmin(is_finite.reshape(len(array), -1).all(axis=1)))
        msg = f"row {row} of `{name}` must be finite, but is {array[row].tolist()}"
        raise SamplingError(msg)
