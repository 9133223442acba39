"""Another sample rate with a delay of milliseconds."""

import numpy as np
import pytest

from ser.audio.resample import resample
from ser.streaming.resampling import PromptResampler


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000])
def test_the_result_is_that_of_the_whole(rate):
    """Up to rounding, and to the sample."""
    noise = np.random.default_rng(0).standard_normal(2 * rate + 17).astype(np.float32)
    resampler = PromptResampler(rate, 16000)
    parts = [resampler.push(chunk) for chunk in np.array_split(noise, 23)]
    joined = np.concatenate([*parts, resampler.finish()])
    expected = resample(noise, rate, 16000)
    assert joined.shape == expected.shape
    np.testing.assert_allclose(joined, expected, atol=1e-5)


@pytest.mark.parametrize(("rate", "most_s"), [(8000, 0.025), (44100, 0.025), (22254, 0.07)])
def test_samples_come_soon(rate, most_s):
    """Never more than a block and half the filter are held back."""
    resampler, fed, given, chunk = PromptResampler(rate, 16000), 0, 0, rate // 200
    for _ in range(400):
        given += len(resampler.push(np.zeros(chunk, np.float32)))
        fed += chunk
        assert fed / rate - given / 16000 < most_s


def test_the_same_rate_passes_through():
    """There is nothing to do and nothing to wait for."""
    chunk = np.ones(5, np.float32)
    assert PromptResampler(16000, 16000).push(chunk) is chunk
