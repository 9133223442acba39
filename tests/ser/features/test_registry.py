"""Every kind of features keeps the same promises."""

import json

import numpy as np
import pytest

from ser.audio.pcm import from_pcm16, to_pcm16
from ser.errors import ConfigurationError
from ser.features.cepstral import Mfcc
from ser.features.registry import KINDS, build_features, rebuild_features
from ser.features.spectral import LogMel

RNG = np.random.default_rng(0)
CLIPS = [to_pcm16((0.1 * RNG.standard_normal(n)).astype(np.float32)) for n in (1, 700, 9000, 5000)]


# Encoders need files; tests/ser/encoders has them.
DEFAULT_KINDS = [kind for kind in KINDS if not kind.startswith("encoder_")]


@pytest.fixture(params=DEFAULT_KINDS)
def features(request):
    """Return each kind with its defaults."""
    if request.param == "egemaps":
        pytest.importorskip("opensmile")
    return build_features(request.param)


def test_frames_do_not_depend_on_batch_mates(features):
    """A clip's frames are the same, bit for bit, alone, in any batch and as floats."""
    together = features.compute(CLIPS)
    backwards = features.compute(CLIPS[::-1])
    for index, clip in enumerate(CLIPS):
        (alone,) = features.compute([from_pcm16(clip)])
        assert np.array_equal(together[index], alone)
        assert np.array_equal(backwards[-1 - index], alone)


def test_every_clip_has_finite_frames_of_the_promised_width(features):
    """Even one sample gives a frame that a network can read."""
    computed = features.compute(CLIPS)
    assert computed.bands == features.bands
    assert (computed.lengths >= 1).all()
    assert np.isfinite(computed.values).all()


def test_no_clips_give_no_frames(features):
    """An empty batch has the right number of bands."""
    empty = features.compute([])
    assert (len(empty), empty.bands) == (0, features.bands)


def test_a_waveform_with_nan_is_refused_by_position(features):
    """Nothing is computed from what is no sound."""
    with pytest.raises(ConfigurationError, match=r"`waveforms\[1\]` must be finite"):
        features.compute([CLIPS[0], np.array([0, np.nan], np.float32)])


def test_stored_parameters_rebuild_the_feature_set(features):
    """Through JSON and back it is the same record with the same name."""
    stored = json.loads(json.dumps(features.parameters))
    assert rebuild_features(stored) == features
    assert features.feature_set.startswith(f"{stored['kind']}-")


def test_kinds_have_names_of_their_own():
    """No two kinds or parameter sets share a feature set."""
    sets = [build_features(kind).feature_set for kind in DEFAULT_KINDS]
    sets += [
        Mfcc(coefficients=13).feature_set,
        Mfcc(deltas=1).feature_set,
        Mfcc(hop=160).feature_set,
    ]
    assert len(set(sets)) == len(sets)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: build_features("melody"), "`kind` must be one of log_mel, .*got `melody`"),
        (lambda: build_features("egemaps", hop=160), "`egemaps` has no parameter `hop`; it has"),
        (lambda: rebuild_features({}), "`kind` must be one of"),
        (
            lambda: rebuild_features({**LogMel().parameters, "mel_scale": "slaney"}),
            "another version of serloop: `mel_scale` cannot be honoured",
        ),
    ],
    ids=["kind", "parameter", "nothing", "constant"],
)
def test_what_cannot_be_computed_is_refused(build, message):
    """An unknown kind, a parameter of another kind, or a constant that has changed."""
    with pytest.raises(ConfigurationError, match=message):
        build()
