"""The mel filters are those of HTK."""

import numpy as np
import pytest
import torchaudio

from ser.features.mel import mel_filters

RESOLUTIONS = [
    {"sample_rate": 16000, "n_fft": 512, "bands": 64, "f_min": 20.0, "f_max": 8000.0},
    {"sample_rate": 16000, "n_fft": 400, "bands": 23, "f_min": 0.0, "f_max": 8000.0},
    {"sample_rate": 8000, "n_fft": 1024, "bands": 40, "f_min": 60.0, "f_max": 3800.0},
]


@pytest.mark.parametrize("resolution", RESOLUTIONS, ids=["64", "23", "40"])
def test_filters_equal_those_of_torchaudio(resolution):
    """Ours are computed in float64; torchaudio's float32 is off by some 1e-4 of a height."""
    names = {"n_fft": "n_freqs", "bands": "n_mels"}
    given = {names.get(name, name): value for name, value in resolution.items()}
    expected = torchaudio.functional.melscale_fbanks(
        **{**given, "n_freqs": resolution["n_fft"] // 2 + 1}, mel_scale="htk"
    )
    np.testing.assert_allclose(mel_filters(**resolution), expected, atol=3e-4, rtol=0)


def test_bands_share_every_bin_between_the_first_and_the_last_centre():
    """The weights of a bin sum to 1, so powers add up to that of the spectrum."""
    filters = mel_filters(**RESOLUTIONS[0])
    inner = np.flatnonzero(filters[:, 0])[-1]
    last = filters[:, -1].argmax()
    np.testing.assert_allclose(filters[inner:last].sum(axis=1), 1, atol=1e-5)
