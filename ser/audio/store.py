"""Samples of a recording that may be hours long, within a few megabytes of memory."""

import tempfile
from types import TracebackType
from typing import IO

import numpy as np
import numpy.typing as npt

IN_MEMORY_SAMPLES = 1 << 22  # 8 MB, four minutes at 16 kHz


class SampleStore:
    """Mono int16 samples, appended in blocks; a long recording waits in an unlinked file.

    Not a memory map: its pages would count as memory of the process as they are written.

    Args:
        in_memory: Samples kept in memory.

    Example:
        >>> with SampleStore(in_memory=3) as store:
        ...     store.append(np.arange(2, dtype=np.int16))
        ...     store.append(np.arange(2, 6, dtype=np.int16))
        ...     len(store), store.read(1, 4).tolist(), store.mean
        (6, [1, 2, 3], 2.5)
    """

    def __init__(self, in_memory: int = IN_MEMORY_SAMPLES) -> None:
        self._in_memory = in_memory
        self._blocks: list[npt.NDArray[np.int16]] = []
        self._file: IO[bytes] | None = None
        self._length = 0
        self._sum = 0

    def __enter__(self) -> "SampleStore":
        """Return the store."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the file back."""
        self.close()

    def __len__(self) -> int:
        """Return the number of samples."""
        return self._length

    @property
    def mean(self) -> float:
        """The mean of all samples, counts; 0 while there are none."""
        return self._sum / max(self._length, 1)

    def append(self, samples: npt.NDArray[np.int16]) -> None:
        """Add samples at the end.

        Args:
            samples: ``(S,)``.

        Raises:
            OSError: If the folder for temporary files is full.
        """
        self._length += len(samples)
        # In integers: the mean must not depend on how the samples were cut into blocks.
        self._sum += int(samples.sum(dtype=np.int64))
        if self._file is None and self._length > self._in_memory:
            self._file = tempfile.TemporaryFile(prefix="serloop-")  # noqa: SIM115 - lives as long as self
            for block in self._blocks:
                self._file.write(block.tobytes())
            self._blocks = []
        if self._file is None:
            self._blocks.append(samples)
        else:
            self._file.write(samples.tobytes())

    def read(self, start: int, stop: int) -> npt.NDArray[np.int16]:
        """Return the samples from ``start`` up to, not including, ``stop``; do not change them.

        Args:
            start: First sample.
            stop: Sample after the last one, at most the length.
        """
        if self._file is None:
            if len(self._blocks) > 1:
                self._blocks = [np.concatenate(self._blocks)]
            return self._blocks[0][start:stop] if self._blocks else np.zeros(0, np.int16)
        self._file.seek(2 * start)
        return np.frombuffer(self._file.read(2 * (stop - start)), np.int16)

    def close(self) -> None:
        """Give the memory or the file back."""
        self._blocks = []
        if self._file is not None:
            self._file.close()
