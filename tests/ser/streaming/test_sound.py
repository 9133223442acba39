"""Sound that comes bit by bit."""

import io
import os
import threading

import numpy as np
import pytest
import soundfile

from ser.errors import AudioError
from ser.streaming.sound import open_file, read_pipe


def test_a_file_is_mixed_and_keeps_its_rate(tmp_path):
    """Two channels become their mean."""
    soundfile.write(tmp_path / "two.wav", np.array([[0.5, 0.25], [0.0, -0.5]]), 22050)
    with open_file(tmp_path / "two.wav") as sound:
        assert sound.sample_rate == 22050
        (chunk,) = sound.chunks
    scale = 32768 if chunk.dtype == np.int16 else 1
    np.testing.assert_allclose(chunk / scale, [0.375, -0.25], atol=1e-4)


def test_what_is_no_audio_is_refused(tmp_path):
    """By its reason."""
    (tmp_path / "note.wav").write_text("hello")
    with pytest.raises(AudioError, match="not_audio"), open_file(tmp_path / "note.wav"):
        pass


def test_samples_are_whole_whatever_arrives():
    """A sample that is cut in two waits for its other half."""
    samples = np.array([0.5, -1.0, 0.25], "<f4")

    class Dripping(io.BytesIO):
        def read1(self, size=-1):
            return self.read(min(size, 3))

    found = list(read_pipe(Dripping(samples.tobytes()), "float32"))
    assert np.concatenate(found).tolist() == samples.tolist()
    assert all(chunk.dtype == np.float32 for chunk in found)


def test_a_pipe_is_not_waited_for():
    """What was written is there before the pipe is closed."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe:
        chunks = read_pipe(pipe, "pcm16")
        os.write(writing, np.arange(5, dtype="<i2").tobytes())
        closing = threading.Timer(20, os.close, [writing])
        closing.start()
        assert next(chunks).tolist() == [0, 1, 2, 3, 4]
        assert closing.is_alive()
        closing.cancel()
        os.close(writing)
