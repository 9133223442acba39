"""Decode an audio file, in blocks, whatever its format and length."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import soundfile

from ser.audio.container import Layout, examine
from ser.audio.flac import HEADER_BYTES, MOST_BITS, StreamInfo, open_flac, read_stream_info
from ser.audio.flags import Flag
from ser.audio.pcm import PCM16_SCALE, Waveform
from ser.audio.reasons import rejection
from ser.audio.source import Source

# Containers whose completeness is checked; libsndfile opens others but hides their gaps.
FORMATS = frozenset({"AIFF", "FLAC", "MP3", "OGG", "RF64", "W64", "WAV", "WAVEX"})
SUFFIXES = {
    ".aif": {"AIFF"},
    ".aifc": {"AIFF"},
    ".aiff": {"AIFF"},
    ".flac": {"FLAC"},
    ".m4a": set[str](),
    ".mp3": {"MP3"},
    ".oga": {"OGG"},
    ".ogg": {"OGG"},
    ".opus": {"OGG"},
    ".rf64": {"RF64"},
    ".sph": set[str](),
    ".w64": {"W64"},
    ".wav": {"WAV", "WAVEX", "RF64"},
    ".wma": set[str](),
}
# Samples of these need more than 16 bits; all others are decoded to the counts they stand for.
FLOAT_SUBTYPES = frozenset(
    {"DOUBLE", "FLOAT", "MPEG_LAYER_III", "OPUS", "PCM_24", "PCM_32", "VORBIS"}
)
RATES_HZ = range(4000, 768001)  # telephone to studio; what lies outside is a damaged header
BLOCK_SAMPLES = 1 << 20  # 4 MB of float32: all of a usual clip, and little of a long one
UNKNOWN_FRAMES = 1 << 48  # libsndfile says 2^63 − 1 when the header does not know
MP3_FRAME = 1152  # an MP3 counts whole frames, encoder delay may or may not be among them


@dataclass(eq=False)
class Recording:
    """An open file; read its `blocks` once, then its numbers are final.

    Args:
        format: Container as libsndfile names it, such as ``WAV`` or ``FLAC``.
        sample_rate: Hz.
        channels: At least 1.
        frames: Promised by the header, None when it does not know; after the last block, read.
        flags: What is odd about the file.
        blocks: Yields int16 or float32 ``(S, channels)``, full scale ±1 for float32.
    """

    format: str
    sample_rate: int
    channels: int
    frames: int | None
    flags: set[Flag]
    blocks: Iterator[Waveform]


@contextmanager
def open_recording(source: Source) -> Iterator[Recording]:
    """Open a WAV, RF64, W64, FLAC, Ogg, MP3 or AIFF file.

    Args:
        source: The bytes of the file.

    Raises:
        AudioError: ``empty``, ``not_audio``, ``unsupported_format``, ``truncated`` or
            ``not_finite``, see `ser.audio.reasons.REASONS`; some only when the blocks are read.

    Example:
        >>> import io
        >>> from ser.audio.source import read_source
        >>> file = io.BytesIO()
        >>> soundfile.write(file, np.zeros((800, 2)), 8000, format="WAV")
        >>> with open_recording(read_source(file.getvalue())) as recording:
        ...     recording.format, recording.sample_rate, recording.frames
        ...     [(block.shape, block.dtype.name) for block in recording.blocks]
        ('WAV', 8000, 800)
        [((800, 2), 'int16')]
    """
    if not source.size:
        raise rejection("empty", "the file has 0 bytes")
    with source.buffer() as buffer:
        layout = examine(buffer)
        info = read_stream_info(buffer[layout.start : layout.start + HEADER_BYTES])
    if layout.shortfall:
        raise rejection("truncated", layout.shortfall)
    recording = _open_flac(source, layout, info)
    if recording is not None:
        yield _checked(recording, source, layout)
        return
    with source.stream(layout.head, layout.start, layout.stop) as stream:
        try:
            file = _SoundFile(stream)
        except soundfile.LibsndfileError as error:
            raise _not_audio(source, error.error_string) from error
        with file:
            yield _checked(_open_soundfile(file), source, layout)


def downmix(samples: Waveform) -> Waveform:
    """Return the mean of the channels ``(S,)``; a mono recording is not copied.

    Args:
        samples: Int16 or float32 ``(S, channels)``.

    Returns:
        Int16 counts of a mono int16 recording, else float32 in [−1, 1].

    Example:
        >>> downmix(np.array([[0.5, 0.25]], dtype=np.float32)).tolist()
        [0.375]
    """
    channels = samples.shape[1]
    if channels == 1:
        return samples[:, 0]
    total = samples[:, 0].astype(np.float32)
    # One after the other, so that no block of another length adds up in another order.
    for channel in range(1, channels):
        total += samples[:, channel]
    scale = PCM16_SCALE if samples.dtype == np.int16 else 1
    total *= np.float32(1 / (channels * scale))
    return total


def _open_flac(source: Source, layout: Layout, info: StreamInfo | None) -> Recording | None:
    if info is None or source.data is None or info.bits > MOST_BITS:
        return None
    data = source.data[layout.start :] if layout.start else source.data
    blocks = open_flac(data, info, BLOCK_SAMPLES // info.channels)
    if blocks is None:
        return None
    return Recording(
        format="FLAC",
        sample_rate=info.sample_rate,
        channels=info.channels,
        frames=info.frames or None,
        flags=set(),
        blocks=blocks,
    )


class _SoundFile(soundfile.SoundFile):  # type: ignore[misc]
    """A file read from start to end.

    After each block soundfile seeks to where it is, which makes an MP3 decoder forget the bits it
    has borrowed; a file that cannot seek is left in peace.
    """

    def seekable(self) -> bool:
        return False


def _open_soundfile(file: soundfile.SoundFile) -> Recording:
    if file.format not in FORMATS:
        raise rejection(
            "unsupported_format", f"{file.format} is none of {', '.join(sorted(FORMATS))}"
        )
    if file.frames >= UNKNOWN_FRAMES:
        raise rejection(
            "unsupported_format",
            f"the {file.format} file does not say how long it is, and libsndfile cannot read "
            "it so; encode it again into a file, not into a pipe",
        )
    return Recording(
        format=file.format,
        sample_rate=file.samplerate,
        channels=file.channels,
        frames=file.frames,
        flags=set(),
        blocks=_read_soundfile(file),
    )


def _read_soundfile(file: soundfile.SoundFile) -> Iterator[Waveform]:
    # In blocks: a damaged header may promise 2^36 frames, and one read would allocate them.
    wanted = min(BLOCK_SAMPLES // file.channels, file.frames + 1)
    dtype = "float32" if file.subtype in FLOAT_SUBTYPES else "int16"
    try:
        while True:
            block = file.read(wanted, dtype=dtype, always_2d=True)
            yield block
            if len(block) < wanted:
                return
    except soundfile.LibsndfileError as error:
        raise rejection(
            "truncated",
            f"decoding stopped before the {file.frames} frames promised: {error.error_string}",
        ) from error


def _checked(recording: Recording, source: Source, layout: Layout) -> Recording:
    """Refuse what is known to be wrong already, note what is odd, and watch the blocks."""
    if recording.sample_rate not in RATES_HZ:
        raise rejection(
            "unsupported_format",
            f"a sample rate in {RATES_HZ[0]} … {RATES_HZ[-1]} Hz was expected, not "
            f"{recording.sample_rate}",
        )
    suffix = source.path.suffix.lower() if source.path else ""
    if recording.format not in SUFFIXES.get(suffix, {recording.format}):
        recording.flags.add("wrong_extension")
    if layout.surplus:
        recording.flags.add("header_short")
    if layout.has_tags:
        recording.flags.add("leading_junk")
    if recording.channels > 2:
        recording.flags.add("multi_channel")
    recording.blocks = _watch(recording, recording.blocks)
    return recording


def _watch(recording: Recording, blocks: Iterator[Waveform]) -> Iterator[Waveform]:
    """Pass the blocks on and hold their number against the promise."""
    promised, read = recording.frames, 0
    for block in blocks:
        if block.dtype != np.int16 and not np.isfinite(block).all():
            bad = block.size - np.count_nonzero(np.isfinite(block))
            raise rejection(
                "not_finite", f"{bad} of {block.size} samples in a row are NaN or infinite"
            )
        kept = block if promised is None else block[: max(0, promised - read)]
        if len(kept) < len(block):
            recording.flags.add("header_short")
        read += len(kept)
        if len(kept):
            yield kept
    tolerated = MP3_FRAME if recording.format == "MP3" else 0
    if promised is not None and read + tolerated < promised:
        raise rejection("truncated", f"the header promises {promised} frames, but {read} came")
    if not read:
        raise rejection("empty", f"the {recording.format} file holds 0 frames")
    recording.frames = read


def _not_audio(source: Source, why: str) -> Exception:
    with source.buffer() as buffer:
        first = buffer[:8]
    return rejection(
        "not_audio",
        f"no decoder recognises the {source.size} bytes starting {first!r}: {why}",
    )
