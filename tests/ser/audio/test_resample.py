"""Resampling gives exact lengths, torchaudio's values and no audible aliases, in any blocks."""

import numpy as np
import pytest
import torch
import torchaudio
from hypothesis import given, settings
from hypothesis import strategies as st

from ser.audio.pcm import from_pcm16
from ser.audio.resample import FILTER_WIDTH, Resampler, resample
from ser.errors import ConfigurationError

RATES = [8000, 15999, 16003, 11025, 16000, 22050, 22254, 32000, 44100, 48000, 96000]


def sine(frequency, sample_rate, seconds=0.5):
    """Return a full-scale sine, float32."""
    time = np.arange(int(seconds * sample_rate)) / sample_rate
    return np.sin(2 * np.pi * frequency * time).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 70_000), st.sampled_from(RATES), st.sampled_from([8000, 16000, 44100]))
def test_length_is_exact(samples, source, target):
    """The length is S · target / source, rounded up, for every pair of rates."""
    resampled = resample(np.zeros(samples, np.float32), source, target)
    assert len(resampled) == -(-samples * target // source)


@pytest.mark.parametrize("samples", [1, 300, 20_001])
@pytest.mark.parametrize("rates", [(48000, 16000), (44100, 16000), (8000, 16000), (9, 10)])
def test_equals_torchaudio(rates, samples):
    """Values equal torchaudio's in float64; 1e-6 is left to float32 sums of 200 products."""
    waveform = np.random.default_rng(1).uniform(-1, 1, samples).astype(np.float32)
    reference = torchaudio.transforms.Resample(
        *rates, lowpass_filter_width=FILTER_WIDTH, dtype=torch.float64
    )
    expected = reference(torch.from_numpy(waveform.astype(np.float64))).numpy()
    found = resample(waveform, *rates)
    np.testing.assert_allclose(found[: len(expected)], expected[: len(found)], atol=1e-6, rtol=0)


@pytest.mark.parametrize("rates", [(48000, 16000), (44100, 16000), (8000, 16000)])
def test_int16_equals_float32(rates):
    """Counts give, bit for bit, what their values as float32 give."""
    counts = np.random.default_rng(1).integers(-32768, 32768, 9999).astype(np.int16)
    assert np.array_equal(resample(counts, *rates), resample(from_pcm16(counts), *rates))


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([(48000, 16000), (44100, 16000), (8000, 16000), (22254, 16000), (1, 1)]),
    st.lists(st.integers(0, 40_000), max_size=5),
)
def test_blocks_change_no_bit(rates, lengths):
    """However a waveform is cut into blocks, the same samples come out."""
    waveform = np.random.default_rng(1).standard_normal(sum(lengths)).astype(np.float32)
    resampler = Resampler(*rates)
    parts = [resampler.push(block) for block in np.split(waveform, np.cumsum(lengths))[:-1]]
    joined = np.concatenate([*parts, resampler.finish()])
    assert np.array_equal(joined, resample(waveform, *rates))


def test_nearly_equal_rates_in_blocks():
    """A ratio that rounds to one keeps the samples and gives the exact length."""
    waveform = np.random.default_rng(1).standard_normal(40_000).astype(np.float32)
    resampler = Resampler(15999, 16000)
    joined = np.concatenate([resampler.push(waveform[:33_000]), resampler.push(waveform[33_000:])])
    joined = np.concatenate([joined, resampler.finish()])
    assert len(joined) == len(resample(waveform, 15999, 16000)) == 40_003
    assert np.array_equal(joined, resample(waveform, 15999, 16000))


def test_length_stays_exact_where_float32_is_not():
    """Beyond 2^24 samples torchaudio's own length is off; this one is not."""
    assert len(resample(np.zeros(2**24 + 3, np.float32), 2, 3)) == (2**24 + 3) * 3 // 2 + 1


@pytest.mark.parametrize(
    ("frequency", "lowest_db", "highest_db"),
    [
        pytest.param(7000, -0.1, 0.1, id="speech passes"),
        pytest.param(8500, -200, -48, id="just above is folded at most at -48 dB"),
        pytest.param(12000, -200, -90, id="far above is gone"),
    ],
)
def test_filter_response(frequency, lowest_db, highest_db):
    """From 48 to 16 kHz speech passes and what cannot be represented does not fold back."""
    middle = resample(sine(frequency, 48000), 48000, 16000)[500:-500]
    level_db = 10 * np.log10(2 * np.mean(middle.astype(np.float64) ** 2) + 1e-20)
    assert lowest_db <= level_db <= highest_db


def test_odd_rate_keeps_pitch():
    """An odd rate, taken as a nearby fraction, still puts a sine where it belongs."""
    found, expected = resample(sine(440, 22254), 22254, 16000), sine(440, 16000)
    np.testing.assert_allclose(found[200:7800], expected[200:7800], atol=2e-3)


def test_equal_rates_do_not_copy():
    """A waveform already at the target rate comes back itself."""
    waveform = np.zeros(10, np.float32)
    assert resample(waveform, 16000, 16000) is waveform


@pytest.mark.parametrize("rates", [(0, 16000), (16000, -1)])
def test_rates_must_be_positive(rates):
    """A rate of zero or below is refused."""
    with pytest.raises(ConfigurationError, match="must be > 0 Hz, but got"):
        resample(np.zeros(10, np.float32), *rates)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000])
def test_small_products_change_only_rounding(rate):
    """And no number of samples."""
    noise = np.random.default_rng(0).standard_normal(2 * rate + 17).astype(np.float32)
    resampler = Resampler(rate, 16000, product_outputs=320)
    parts = [resampler.push(chunk) for chunk in np.array_split(noise, 23)]
    joined = np.concatenate([*parts, resampler.finish()])
    expected = resample(noise, rate, 16000)
    assert joined.shape == expected.shape
    np.testing.assert_allclose(joined, expected, atol=1e-5)


@pytest.mark.parametrize(("rate", "most_s"), [(8000, 0.025), (44100, 0.025), (22254, 0.07)])
def test_small_products_come_soon(rate, most_s):
    """Never more than a product and half the filter are held back."""
    resampler = Resampler(rate, 16000, product_outputs=320)
    fed, given_back, chunk = 0, 0, rate // 200
    for _ in range(400):
        given_back += len(resampler.push(np.zeros(chunk, np.float32)))
        fed += chunk
        assert fed / rate - given_back / 16000 < most_s
