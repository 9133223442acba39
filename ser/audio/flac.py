"""Decode FLAC files held in memory with dr_flac, in about two thirds of libsndfile's time."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from miniaudio import ffi, lib

from ser.audio.pcm import Waveform

HEADER_BYTES = 42  # the four letters, and the first block with its header
MOST_BITS = 24  # float32 holds no more


@dataclass(frozen=True)
class StreamInfo:
    """What the header of a FLAC file says.

    Args:
        sample_rate: Hz.
        channels: 1 … 8.
        bits: Of a sample, 4 … 32.
        frames: Samples per channel; 0 when the writer to a pipe could not know.
    """

    sample_rate: int
    channels: int
    bits: int
    frames: int


def read_stream_info(data: bytes) -> StreamInfo | None:
    """Read the header of a FLAC file, or return None when there is none.

    Args:
        data: The file; its first 42 bytes are enough.

    Example:
        >>> header = b"fLaC" + bytes(14) + bytes([3, 232, 0, 240, 0, 0, 0, 99]) + bytes(16)
        >>> read_stream_info(header)
        StreamInfo(sample_rate=16000, channels=1, bits=16, frames=99)

    Reference:
        M. van Beurden and A. Weaver, RFC 9639 (FLAC), 2024, section 8.2.
    """
    if len(data) < HEADER_BYTES or data[:4] != b"fLaC" or data[4] & 0x7F:
        return None
    packed = int.from_bytes(data[18:26], "big")
    return StreamInfo(
        sample_rate=packed >> 44,
        channels=1 + (packed >> 41 & 0x7),
        bits=1 + (packed >> 36 & 0x1F),
        frames=packed & (1 << 36) - 1,
    )


def open_flac(data: bytes, info: StreamInfo, block_frames: int) -> Iterator[Waveform] | None:
    """Return the samples in blocks, or None when dr_flac makes nothing of the bytes.

    Args:
        data: The file, from its first byte.
        info: Its header, at most 24 bits a sample.
        block_frames: Largest block, frames.

    Returns:
        Blocks ``(S, channels)``, int16 for 16 bits a sample, else float32 in [−1, 1]. Stretches
        with a wrong checksum are left out, and one frame more than promised is asked for: the
        sum of the frames tells a damaged file and a header that promises too few.
    """
    content = ffi.from_buffer(data)
    opened = lib.ma_dr_flac_open_memory(content, len(data), ffi.NULL)
    if not opened:
        return None
    # Closed with its last reference, for the blocks may never be asked for.
    decoder = ffi.gc(opened, lib.ma_dr_flac_close)
    return _read_blocks((decoder, content), info, block_frames)


def _read_blocks(
    opened: tuple[object, object], info: StreamInfo, block_frames: int
) -> Iterator[Waveform]:
    # The second is the content, which has to live as long as its decoder.
    decoder, _ = opened
    left = info.frames + 1 if info.frames else math.inf
    while left > 0:
        wanted = int(min(left, block_frames))
        block = _read(decoder, info, wanted)
        yield block
        left = left - wanted if len(block) == wanted else 0


def _read(decoder: object, info: StreamInfo, frames: int) -> Waveform:
    shape = (frames, info.channels)
    if info.bits == 16:
        counts = np.empty(shape, np.int16)
        pointer = ffi.cast("ma_int16 *", counts.ctypes.data)
        return counts[: lib.ma_dr_flac_read_pcm_frames_s16(decoder, frames, pointer)]
    samples = np.empty(shape, np.float32)
    pointer = ffi.cast("float *", samples.ctypes.data)
    return samples[: lib.ma_dr_flac_read_pcm_frames_f32(decoder, frames, pointer)]
