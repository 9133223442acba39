"""The log-mel spectrogram equals its formula and treats every clip alone."""

import subprocess
import sys

import numpy as np
import pytest
import torch
import torchaudio
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from ser.audio.pcm import from_pcm16, to_pcm16
from ser.errors import ConfigurationError
from ser.features.spectral import LogMel


def noise(samples, seed=0):
    """Return white noise, float32 ``(S,)``."""
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(samples)).astype(np.float32)


def mel_triangles(log_mel):
    """Return the HTK mel filters by their definition, ``(n_fft // 2 + 1, bands)``."""
    edges_mel = np.linspace(
        *(2595 * np.log10(1 + np.array([log_mel.f_min, log_mel.f_max]) / 700)), log_mel.bands + 2
    )
    edges = 700 * (10 ** (edges_mel / 2595) - 1)
    bins = np.linspace(0, log_mel.sample_rate / 2, log_mel.n_fft // 2 + 1)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(rising, falling), 0, None)


def reference(waveform, log_mel):
    """Return the log-mel frames by the bare formula, in float64."""
    padded = np.pad(waveform.astype(np.float64), log_mel.n_fft // 2)
    starts = np.arange(1 + len(waveform) // log_mel.hop) * log_mel.hop
    frames = np.stack([padded[s : s + log_mel.n_fft] for s in starts])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(log_mel.n_fft) / log_mel.n_fft)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    return np.log(power @ mel_triangles(log_mel) + log_mel.floor)


@pytest.mark.parametrize("samples", [1, 255, 256, 512, 5000])
@pytest.mark.parametrize("log_mel", [LogMel(), LogMel(hop=160, bands=40, f_min=60.0, f_max=7600.0)])
def test_equals_the_formula(log_mel, samples):
    """Frames equal the float64 formula; float32 sums of 257 powers are good to 1e-5."""
    waveform = noise(samples)
    frames = log_mel.compute([waveform])[0]
    np.testing.assert_allclose(frames, reference(waveform, log_mel), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "log_mel",
    [LogMel(), LogMel(hop=160, bands=40), LogMel(bands=128, n_fft=1024, hop=100)],
    ids=["default", "40 bands", "128 bands"],
)
def test_equals_torchaudio(log_mel):
    """At every resolution the frames are those of torchaudio's MelSpectrogram."""
    waveform = noise(36800)
    reference = torchaudio.transforms.MelSpectrogram(
        log_mel.sample_rate,
        n_fft=log_mel.n_fft,
        hop_length=log_mel.hop,
        f_min=log_mel.f_min,
        f_max=log_mel.f_max,
        n_mels=log_mel.bands,
        pad_mode="constant",
    )
    expected = torch.log(reference(torch.from_numpy(waveform)) + log_mel.floor).T
    np.testing.assert_allclose(log_mel.compute([waveform])[0], expected, atol=1e-3, rtol=0)


def test_frames_do_not_depend_on_threads():
    """A machine with more threads for linear algebra gives the same bits."""
    waveform = noise(160_000)
    with threadpool_limits(1):
        alone = LogMel().compute([waveform])
    with threadpool_limits(2):
        assert np.array_equal(alone.values, LogMel().compute([waveform]).values)


def test_no_kind_of_features_loads_torch():
    """A worker that decodes and computes features starts in a fraction of a second."""
    code = "import sys, ser.features.registry; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 4000), min_size=1, max_size=6), st.randoms())
def test_frames_do_not_depend_on_batch_mates(lengths, random):
    """A clip's frames are the same, bit for bit, alone and in any batch."""
    clips = [noise(length, seed) for seed, length in enumerate(lengths)]
    order = random.sample(range(len(clips)), len(clips))
    batch = LogMel().compute([clips[i] for i in order])
    for position, index in enumerate(order):
        assert np.array_equal(batch[position], LogMel().compute([clips[index]])[0])


def test_stored_waveforms_give_the_same_frames():
    """Int16 clips give the frames of their float values, bit for bit."""
    stored = to_pcm16(noise(3000))
    both = LogMel().compute([stored, from_pcm16(stored)])
    assert np.array_equal(both[0], both[1])


@given(st.integers(1, 100_000), st.sampled_from([160, 256]))
def test_count_frames(samples, hop):
    """One frame is centred on every hop-th sample from the first, inside the clip."""
    assert LogMel(hop=hop).count_frames(samples) == len(range(0, samples + 1, hop))


def test_no_clips_give_no_frames():
    """An empty shard gives an empty set with the right number of bands."""
    features = LogMel().compute([])
    assert (len(features), features.bands) == (0, 64)


def test_feature_set_changes_with_every_parameter():
    """Two parameter sets never share a name."""
    variants = [
        LogMel(),
        LogMel(bands=40),
        LogMel(n_fft=1024),
        LogMel(hop=160),
        LogMel(floor=1e-5),
        LogMel(f_min=0.0),
        LogMel(f_max=7600.0),
        LogMel(sample_rate=22050),
    ]
    assert len({variant.feature_set for variant in variants}) == len(variants)


def test_feature_set_is_stable():
    """The default's name never changes: stored features are found by it."""
    assert LogMel().feature_set == "log_mel-968d4f78eebc"


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"sample_rate": 0}, "sample_rate"),
        ({"bands": 0}, "bands"),
        ({"bands": 400}, "bands"),
        ({"n_fft": 511}, "n_fft"),
        ({"hop": 0}, "hop"),
        ({"hop": 513}, "hop"),
        ({"floor": 0.0}, "floor"),
        ({"f_min": 8000.0}, "f_min"),
        ({"f_max": 8001.0}, "f_max"),
    ],
    ids=str,
)
def test_bad_parameters_are_named(parameters, name):
    """A parameter outside its range is refused by name."""
    with pytest.raises(ConfigurationError, match=f"`{name}`"):
        LogMel(**parameters)


@pytest.mark.parametrize(
    ("waveform", "message"),
    [
        pytest.param(np.zeros(0, np.float32), r"S ≥ 1, but is float32 \(0,\)", id="empty"),
        pytest.param(np.zeros((2, 9), np.float32), r"\(2, 9\)", id="stereo"),
        pytest.param(np.zeros(9), "float64", id="dtype"),
        pytest.param(np.array([0, np.nan], np.float32), "finite", id="nan"),
    ],
)
def test_bad_waveforms_are_refused(waveform, message):
    """A waveform that is not mono, finite and of a known type is refused by position."""
    with pytest.raises(ConfigurationError, match=rf"`waveforms\[1\]` .*{message}"):
        LogMel().compute([np.zeros(9, np.float32), waveform])
