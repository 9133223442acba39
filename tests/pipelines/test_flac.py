"""What is heard is what was ingested."""

import io

import numpy as np
import soundfile

from pipelines.flac import encode_flac


def test_flac_holds_the_samples_as_they_are() -> None:
    """At their rate, to the last bit."""
    pcm16 = (8000 * np.sin(np.arange(16000) / 9)).astype("<i2")
    encoded = encode_flac({"pcm16": pcm16.tobytes(), "sample_rate": 16000})
    samples, rate = soundfile.read(io.BytesIO(encoded), dtype="int16")
    assert rate == 16000
    assert (samples == pcm16).all()
