"""Decode an audio file from its bytes."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from ser.audio.container import fill_streamed_size, find_shortfall
from ser.audio.reasons import rejection

# Containers whose completeness is checked; libsndfile opens others but hides their gaps.
FORMATS = frozenset({"AIFF", "FLAC", "MP3", "OGG", "WAV", "WAVEX"})
RATES_HZ = range(4000, 768001)  # telephone to studio; what lies outside is a damaged header
BLOCK_FRAMES = 1 << 20
UNKNOWN_FRAMES = 1 << 48  # libsndfile says 2^63 − 1 when the header does not know
MP3_FRAME = 1152  # an MP3 counts whole frames, encoder delay may or may not be among them


@dataclass(frozen=True, eq=False)
class Recording:
    """A decoded file.

    Args:
        samples: Float32 ``(S, channels)``, full scale ±1.
        sample_rate: Hz.
        format: Container as libsndfile names it, such as ``WAV`` or ``FLAC``.
    """

    samples: npt.NDArray[np.float32]
    sample_rate: int
    format: str


class _Bytes(io.BytesIO):
    """Bytes that answer a seek before their start instead of raising.

    libsndfile probes broken MP3 files that way, and an exception cannot pass its C frames.
    """

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return super().seek(max(offset, 0) if whence == io.SEEK_SET else offset, whence)


def read_source(source: Path | bytes) -> bytes:
    """Return the bytes of a file, or the bytes given.

    Args:
        source: A path, or the content of a file.

    Raises:
        AudioError: ``unreadable`` if the operating system cannot read the file.
    """
    if isinstance(source, bytes):
        return source
    try:
        return source.read_bytes()
    except OSError as error:
        raise rejection("unreadable", f"`{source}` cannot be read: {error.strerror}") from error


def decode(data: bytes) -> Recording:
    """Decode a whole WAV, FLAC, Ogg, MP3 or AIFF file.

    Args:
        data: The content of the file.

    Raises:
        AudioError: ``empty``, ``not_audio``, ``unsupported_format``, ``truncated`` or
            ``not_finite``, see `ser.audio.reasons.REASONS`.

    Example:
        >>> file = io.BytesIO()
        >>> soundfile.write(file, np.zeros((800, 2)), 8000, format="WAV")
        >>> recording = decode(file.getvalue())
        >>> recording.samples.shape, recording.sample_rate, recording.format
        ((800, 2), 8000, 'WAV')
    """
    if not data:
        raise rejection("empty", "the file has 0 bytes")
    shortfall = find_shortfall(data)
    if shortfall:
        raise rejection("truncated", shortfall)
    try:
        with soundfile.SoundFile(_Bytes(fill_streamed_size(data))) as file:
            return _decode_open(file)
    except soundfile.LibsndfileError as error:
        raise rejection(
            "not_audio",
            f"no decoder recognises the {len(data)} bytes starting {data[:8]!r}: "
            f"{error.error_string}",
        ) from error


def downmix(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the mean of the channels, float32 ``(S,)``; a mono recording is not copied.

    Args:
        samples: Float32 ``(S, channels)``.

    Example:
        >>> downmix(np.array([[0.5, 0.25]], dtype=np.float32)).tolist()
        [0.375]
    """
    if samples.shape[1] == 1:
        return samples[:, 0]
    mono: npt.NDArray[np.float32] = samples.mean(axis=1, dtype=np.float32)
    return mono


def _decode_open(file: soundfile.SoundFile) -> Recording:
    if file.format not in FORMATS:
        raise rejection(
            "unsupported_format", f"{file.format} is none of {', '.join(sorted(FORMATS))}"
        )
    if file.samplerate not in RATES_HZ:
        raise rejection(
            "unsupported_format",
            f"a sample rate in {RATES_HZ[0]} … {RATES_HZ[-1]} Hz was expected, not "
            f"{file.samplerate}",
        )
    promised = file.frames
    if promised >= UNKNOWN_FRAMES:
        raise rejection(
            "unsupported_format",
            f"the {file.format} file does not say how long it is, and libsndfile cannot read "
            "it so; encode it again into a file, not into a pipe",
        )
    samples = _read_frames(file)
    tolerated = MP3_FRAME if file.format == "MP3" else 0
    if len(samples) + tolerated < promised:
        raise rejection(
            "truncated", f"the header promises {promised} frames, but {len(samples)} came"
        )
    if not len(samples):
        raise rejection("empty", f"the {file.format} file holds 0 frames")
    if not np.isfinite(samples).all():
        count = samples.size - int(np.isfinite(samples).sum())
        raise rejection("not_finite", f"{count} of {samples.size} samples are NaN or infinite")
    return Recording(samples, file.samplerate, file.format)


def _read_frames(file: soundfile.SoundFile) -> npt.NDArray[np.float32]:
    # In blocks: a damaged header may promise 2^36 frames, and one read would allocate them.
    blocks: list[npt.NDArray[np.float32]] = []
    try:
        while not blocks or len(blocks[-1]) == BLOCK_FRAMES:
            blocks.append(file.read(BLOCK_FRAMES, dtype="float32", always_2d=True))
    except soundfile.LibsndfileError as error:
        raise rejection(
            "truncated",
            f"decoding stopped before the {file.frames} frames promised: {error.error_string}",
        ) from error
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
