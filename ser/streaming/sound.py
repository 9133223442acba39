"""Sound that comes bit by bit: from a file, or from whatever writes into a pipe."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np

from ser.audio.files import downmix, open_recording
from ser.audio.pcm import Waveform
from ser.audio.source import read_source

Encoding = Literal["pcm16", "float32"]
DTYPES: Mapping[Encoding, np.dtype[Any]] = {"pcm16": np.dtype("<i2"), "float32": np.dtype("<f4")}
CHUNK_BYTES = 1 << 16  # at most; a pipe gives what is there


@dataclass(frozen=True, eq=False)
class Sound:
    """Sound that can be heard once.

    Args:
        sample_rate: Hz.
        chunks: Mono ``(S,)``, float32 in [−1, 1] or int16.
    """

    sample_rate: int
    chunks: Iterator[Waveform]


@contextmanager
def open_file(path: Path) -> Iterator[Sound]:
    """Open an audio file of any format and length, its channels mixed.

    Args:
        path: The file.

    Raises:
        AudioError: If it cannot be read or decoded; some only when the chunks are read.
    """
    with open_recording(read_source(path)) as recording:
        yield Sound(recording.sample_rate, (downmix(block) for block in recording.blocks))


def read_pipe(pipe: BinaryIO, encoding: Encoding) -> Iterator[Waveform]:
    """Yield bare samples as soon as they arrive, until the pipe is closed.

    Args:
        pipe: Open for reading, such as standard input; mono, little-endian.
        encoding: How a sample is written.

    Example:
        >>> import io
        >>> [chunk.tolist() for chunk in read_pipe(io.BytesIO(bytes([1, 0, 2, 0, 3])), "pcm16")]
        [[1, 2]]
    """
    dtype = DTYPES[encoding]
    # `read` would wait until all of it is there.
    read = getattr(pipe, "read1", pipe.read)
    rest = b""
    while data := read(CHUNK_BYTES):
        arrived = rest + data
        whole = len(arrived) - len(arrived) % dtype.itemsize
        rest = arrived[whole:]
        if whole:
            yield np.frombuffer(arrived[:whole], dtype).astype(dtype.newbyteorder("="), copy=False)
