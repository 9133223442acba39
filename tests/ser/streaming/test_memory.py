"""What a stream remembers."""

import numpy as np
import pytest

from ser.audio.levels import measure_levels
from ser.features.spectral import LogMel
from ser.streaming.memory import FrameMemory, SampleMemory


def remember(sound, sizes, kept=16000, frames=None):
    """Return a memory of samples that came in pieces of these sizes."""
    memory = SampleMemory(16000, kept)
    for piece in np.split(sound, np.cumsum(sizes)[:-1]):
        memory.append(piece)
        if frames is not None:
            frames.update(memory, is_last=memory.end == len(sound))
    return memory


@pytest.mark.parametrize("sizes", [[4000] * 8, [160] * 200, [31000, 1000], [90] * 355 + [50]])
def test_levels_are_those_of_the_whole(make_sound, sizes):
    """Whatever the hops, also those that end within a frame."""
    sound = make_sound(2.0, [(0.5, 1.5)])
    found = remember(sound, sizes).levels_dbfs
    np.testing.assert_allclose(found, measure_levels(sound, 16000), atol=1e-3)


@pytest.mark.parametrize("features", [LogMel(), LogMel(hop=160, n_fft=400), LogMel(hop=512)])
@pytest.mark.parametrize("sizes", [[4000] * 8, [160] * 200, [1000, 31000]])
def test_frames_are_those_of_the_whole(make_sound, features, sizes):
    """The grid is the stream's, and the end is completed with zeros."""
    sound = make_sound(2.0, [(0.5, 1.5)])
    frames = FrameMemory(features, 32000)
    remember(sound, sizes, kept=frames.reach, frames=frames)
    expected = features.compute([sound])[0]
    np.testing.assert_allclose(frames.read(0, 32001), expected, atol=1e-4)


def test_samples_that_are_gone_are_not_made_up(make_sound):
    """Reading them is an error, and so is reading ahead."""
    memory = remember(make_sound(2.0, []), [4000] * 8, kept=5000)
    assert len(memory.read(23000, 32000)) == 9000
    with pytest.raises(IndexError, match="samples 100 … 200 are wanted"):
        memory.read(100, 200)
    with pytest.raises(IndexError, match="32001"):
        memory.read(31000, 32001)


def test_levels_are_kept_for_twenty_seconds(make_sound):
    """Older ones are forgotten."""
    sound = make_sound(25.0, [(0.5, 1.5)])
    found = remember(sound, [4000] * 100).levels_dbfs
    np.testing.assert_allclose(found, measure_levels(sound, 16000)[-2000:], atol=1e-3)
