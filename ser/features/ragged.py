"""Frames of many clips of different lengths, in one flat array."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError

Indices = Sequence[int] | npt.NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class RaggedFeatures:
    """Hold the features of N clips as one array of frames and N + 1 offsets.

    Clip ``i`` owns the rows ``values[offsets[i]:offsets[i + 1]]``. One array, so that a
    million clips cost two objects, slicing copies nothing, and Arrow list columns wrap as is.

    Args:
        values: Frames of all clips, float32 ``(ΣF, D)``.
        offsets: First row of each clip and the total at the end, int64 ``(N + 1,)``,
            starting at 0 and never falling.

    Raises:
        ConfigurationError: If shapes, dtypes or offsets do not fit together.

    Example:
        >>> clips = RaggedFeatures.from_list([np.zeros((2, 3)), np.ones((1, 3))])
        >>> len(clips), clips.bands, clips.lengths.tolist()
        (2, 3, [2, 1])
        >>> clips[1].tolist()
        [[1.0, 1.0, 1.0]]
    """

    values: npt.NDArray[np.float32]
    offsets: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse values and offsets that do not describe the same frames."""
        _check_values(self.values)
        _check_offsets(self.offsets, self.values.shape[0])

    @classmethod
    def from_list(
        cls, arrays: Sequence[npt.NDArray[np.floating]], *, bands: int | None = None
    ) -> "RaggedFeatures":
        """Join the frames of several clips.

        Args:
            arrays: One ``(F, D)`` array per clip, all with the same D; F may be 0.
            bands: D when ``arrays`` is empty and nothing else can tell it.

        Raises:
            ConfigurationError: If an array is not 2-D, the D differ, or D is unknown.
        """
        shapes = {array.shape[1:] for array in arrays}
        if not arrays and bands is not None:
            shapes = {(bands,)}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1:
            raise ConfigurationError(
                "`arrays` must hold (F, D) arrays with one common D (or be empty with `bands` "
                f"given), but got the trailing shapes {sorted(map(str, shapes))}"
            )
        values = np.concatenate(
            [np.empty((0, *shapes.pop()), dtype=np.float32), *arrays], dtype=np.float32
        )
        return cls(values, _offsets_of(np.array([len(a) for a in arrays], dtype=np.int64)))

    @classmethod
    def from_flat(
        cls,
        values_flat: npt.NDArray[np.float32],
        frames: npt.NDArray[np.integer],
        bands: int,
    ) -> "RaggedFeatures":
        """Wrap the flattened row-major list column of an Arrow table without copying it.

        Args:
            values_flat: The frames of all clips end to end, float32 ``(ΣF·D,)``: for an Arrow
                column, ``column.combine_chunks().flatten().to_numpy(zero_copy_only=True)``.
            frames: Frames of each clip, ``(N,)``.
            bands: D, the same for all clips.

        Raises:
            ConfigurationError: If ``values_flat`` is not ``sum(frames) * bands`` long.

        Example:
            >>> flat = np.arange(6, dtype=np.float32)
            >>> RaggedFeatures.from_flat(flat, np.array([1, 2]), 2)[1].tolist()
            [[2.0, 3.0], [4.0, 5.0]]
        """
        expected = int(np.sum(frames)) * bands
        if values_flat.size != expected or bands < 1:
            raise ConfigurationError(
                f"`values_flat` must hold sum(frames) × bands = {expected} numbers with "
                f"`bands` ≥ 1, but got {values_flat.size} numbers and bands = {bands}"
            )
        return cls(values_flat.reshape(-1, bands), _offsets_of(np.asarray(frames)))

    def __len__(self) -> int:
        """Return N, the number of clips."""
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> npt.NDArray[np.float32]:
        """Return the frames of one clip as a view, ``(F, D)``; negative indices count back."""
        position = range(len(self))[index]
        return self.values[self.offsets[position] : self.offsets[position + 1]]

    def __iter__(self) -> Iterator[npt.NDArray[np.float32]]:
        """Yield the frames of each clip as a view, ``(F, D)``."""
        return (self[index] for index in range(len(self)))

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Frames of each clip, ``(N,)``."""
        return np.diff(self.offsets)

    @property
    def bands(self) -> int:
        """D, the numbers in each frame."""
        return int(self.values.shape[1])

    def flat(self, index: int) -> npt.NDArray[np.float32]:
        """Return the frames of one clip row-major, ``(F·D,)``, as stored in a list column."""
        return self[index].reshape(-1)

    def take(self, indices: Indices) -> "RaggedFeatures":
        """Return the clips at ``indices``, in that order, repeats allowed.

        A run of neighbours such as ``range(3, 9)`` is a view; anything else is one copy.

        Args:
            indices: Positions in 0 … N − 1.

        Raises:
            ConfigurationError: If a position lies outside 0 … N − 1.
        """
        chosen = self._checked(indices)
        if chosen.size and np.array_equal(chosen, np.arange(chosen[0], chosen[0] + chosen.size)):
            offsets = self.offsets[chosen[0] : chosen[-1] + 2]
            return RaggedFeatures(self.values[offsets[0] : offsets[-1]], offsets - offsets[0])
        starts, lengths = self.offsets[chosen], self.lengths[chosen]
        offsets = _offsets_of(lengths)
        rows = np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
        return RaggedFeatures(self.values[rows], offsets)

    @staticmethod
    def concatenate(parts: "Sequence[RaggedFeatures]") -> "RaggedFeatures":
        """Join several sets of clips, in order.

        Args:
            parts: At least one set, all with the same D.

        Raises:
            ConfigurationError: If ``parts`` is empty or D differs.
        """
        bands = sorted({part.bands for part in parts})
        if len(bands) != 1:
            raise ConfigurationError(
                f"`parts` must hold at least one set, all with the same D, but got D in {bands}"
            )
        values = np.concatenate([part.values for part in parts])
        return RaggedFeatures(values, _offsets_of(np.concatenate([p.lengths for p in parts])))

    def pad(self, indices: Indices) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Return clips as one zero-padded batch and their true lengths.

        The arrays are fresh, so ``torch.from_numpy`` may wrap them without a copy. Draw
        ``indices`` from clips of similar length to waste little padding.

        Args:
            indices: B positions in 0 … N − 1, repeats allowed.

        Returns:
            The batch, float32 ``(B, F_max, D)``, and the lengths, int64 ``(B,)``.

        Raises:
            ConfigurationError: If a position lies outside 0 … N − 1.
        """
        chosen = self._checked(indices)
        lengths = self.lengths[chosen]
        batch = np.zeros((len(chosen), int(lengths.max(initial=0)), self.bands), np.float32)
        for row, (start, length) in enumerate(zip(self.offsets[chosen], lengths, strict=True)):
            batch[row, :length] = self.values[start : start + length]
        return batch, lengths

    def _checked(self, indices: Indices) -> npt.NDArray[np.int64]:
        chosen = np.asarray(indices, dtype=np.int64).reshape(-1)
        outside = chosen[(chosen < 0) | (chosen >= len(self))]
        if outside.size:
            raise ConfigurationError(
                f"`indices` must lie in 0 … {len(self) - 1}, but got {outside[:5].tolist()}"
            )
        return chosen


def _offsets_of(lengths: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _check_values(values: npt.NDArray[np.float32]) -> None:
    if values.dtype != np.float32 or values.ndim != 2 or values.shape[1] < 1:
        raise ConfigurationError(
            "`values` must be float32 with the shape (ΣF, D), D ≥ 1, but got "
            f"{values.dtype} {values.shape}; convert with astype(np.float32)"
        )


def _check_offsets(offsets: npt.NDArray[np.int64], frames: int) -> None:
    if offsets.dtype != np.int64 or offsets.ndim != 1 or offsets.size < 1:
        raise ConfigurationError(
            f"`offsets` must be int64 with the shape (N + 1,), but got {offsets.dtype} "
            f"{offsets.shape}"
        )
    if offsets[0] != 0 or offsets[-1] != frames or (np.diff(offsets) < 0).any():
        raise ConfigurationError(
            f"`offsets` must rise from 0 to the {frames} rows of `values`, but run from "
            f"{offsets[0]} to {offsets[-1]}"
        )
