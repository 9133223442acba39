"""Cepstral coefficients and their slopes equal an independent implementation."""

import numpy as np
import pytest
import torch
import torchaudio

from ser.errors import ConfigurationError
from ser.features.cepstral import Mfcc, slopes

WAVEFORM = (0.1 * np.random.default_rng(0).standard_normal(20_000)).astype(np.float32)


def test_coefficients_equal_those_of_torchaudio():
    """The static part is torchaudio's MFCC with a logarithm, frame by frame."""
    mfcc = Mfcc(coefficients=20, mels=40, hop=160)
    reference = torchaudio.transforms.MFCC(
        16000,
        n_mfcc=20,
        log_mels=True,
        melkwargs={
            "n_fft": 512, "hop_length": 160, "n_mels": 40, "f_min": 20.0, "pad_mode": "constant"
        },
    )  # fmt: skip
    expected = reference(torch.from_numpy(WAVEFORM)).T
    frames = mfcc.compute([WAVEFORM])[0]
    np.testing.assert_allclose(frames[:, :20], expected, atol=3e-3, rtol=0)


@pytest.mark.parametrize("reach", [1, 2, 4])
@pytest.mark.parametrize("frames", [1, 2, 50])
def test_slopes_equal_those_of_torchaudio(reach, frames):
    """Deltas are torchaudio's, at the ends and for clips shorter than the window too."""
    values = np.random.default_rng(1).standard_normal((frames, 3)).astype(np.float32)
    expected = torchaudio.functional.compute_deltas(
        torch.from_numpy(values.T.copy()), win_length=2 * reach + 1
    ).T
    np.testing.assert_allclose(slopes(values, reach), expected, atol=1e-5)


def test_deltas_stand_behind_what_they_are_slopes_of():
    """A frame holds the coefficients, their slopes and the slopes of these."""
    frames = Mfcc(coefficients=13).compute([WAVEFORM])[0]
    np.testing.assert_array_equal(frames[:, 13:26], slopes(frames[:, :13], 2))
    np.testing.assert_array_equal(frames[:, 26:], slopes(frames[:, 13:26], 2))


def test_without_deltas_the_frame_is_the_cepstrum():
    """Nothing but the number of columns changes."""
    plain, full = (Mfcc(deltas=count).compute([WAVEFORM])[0] for count in (0, 2))
    assert np.array_equal(plain, full[:, :20])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"coefficients": 65}, "`coefficients` must be in 1 … mels = 64, but got 65"),
        ({"deltas": 3}, "`deltas` must be 0, 1 or 2, but got 3"),
        ({"reach": 0}, "`reach` must be > 0"),
        ({"hop": 0}, "`hop` must be in 1 … n_fft"),
        ({"mels": 400, "coefficients": 20}, "`bands` = 400 leaves a band without"),
    ],
)
def test_bad_parameters_are_named(parameters, message):
    """A parameter outside its range is refused by name, also by the spectrogram below."""
    with pytest.raises(ConfigurationError, match=message):
        Mfcc(**parameters)
