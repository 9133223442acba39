"""eGeMAPS functionals, where openSMILE is installed, and a clear word where it is not."""

import sys

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.features import egemaps
from ser.features.egemaps import Egemaps

WAVEFORM = (0.1 * np.sin(2 * np.pi * 220 * np.arange(8000) / 16000)).astype(np.float32)


def test_a_clip_is_one_frame_of_88_numbers():
    """They are openSMILE's, in its order; the first is the mean pitch in semitones."""
    opensmile = pytest.importorskip("opensmile")
    frames = Egemaps().compute([WAVEFORM])[0]
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
    )
    expected = smile.process_signal(WAVEFORM, 16000).to_numpy()
    np.testing.assert_array_equal(frames, expected)
    assert frames[0, 0] == pytest.approx(12 * np.log2(220 / 27.5), abs=0.2)


def test_clips_too_short_for_opensmile_are_extended():
    """Ten milliseconds give numbers, not NaN."""
    pytest.importorskip("opensmile")
    assert np.isfinite(Egemaps().compute([WAVEFORM[:160]]).values).all()


def test_without_opensmile_the_error_says_what_to_install_and_the_licence(monkeypatch):
    """Nobody installs it without knowing that it is non-commercial."""
    monkeypatch.setitem(sys.modules, "opensmile", None)
    egemaps._open_smile.cache_clear()
    with pytest.raises(ConfigurationError, match=r"non-commercial.*serloop\[egemaps\]"):
        Egemaps().compute([WAVEFORM])


def test_a_rate_without_speech_bands_is_refused():
    """The parameter set needs at least the telephone band."""
    with pytest.raises(ConfigurationError, match="`sample_rate` must be ≥ 8000, but got 4000"):
        Egemaps(sample_rate=4000)
