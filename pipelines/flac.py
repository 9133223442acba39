"""Stored samples as FLAC, which every browser plays."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np


def encode_flac(waveform: Mapping[str, Any]) -> bytes:
    """Return stored samples as a FLAC file; nothing is lost.

    Args:
        waveform: A row of `waveforms`: `pcm16` and `sample_rate`.
    """
    import soundfile  # noqa: PLC0415 - keeps help fast

    stream = io.BytesIO()
    samples = np.frombuffer(waveform["pcm16"], "<i2")
    soundfile.write(stream, samples, waveform["sample_rate"], format="FLAC")
    return stream.getvalue()
