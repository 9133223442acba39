"""Sixteen-bit storage loses nothing that was sixteen bits before."""

import numpy as np

from ser.audio.pcm import from_pcm16, to_pcm16


def test_every_value_round_trips():
    """All 65,536 values survive the way to float and back."""
    values = np.arange(-32768, 32768, dtype=np.int16)
    assert np.array_equal(to_pcm16(from_pcm16(values)), values)


def test_out_of_range_is_clipped():
    """Samples beyond full scale become the largest value instead of wrapping."""
    assert to_pcm16(np.array([1.0, 7.0, -7.0], np.float32)).tolist() == [32767, 32767, -32768]


def test_storage_is_little_endian():
    """Bytes have the order the warehouse promises."""
    assert to_pcm16(np.array([1 / 32768], np.float32)).tobytes() == b"\x01\x00"


def test_float_passes_through():
    """A float waveform comes back uncopied."""
    waveform = np.zeros(3, np.float32)
    assert from_pcm16(waveform) is waveform


def test_int16_passes_through():
    """Counts come back uncopied."""
    counts = np.arange(3, dtype=np.int16)
    assert np.shares_memory(to_pcm16(counts), counts)
