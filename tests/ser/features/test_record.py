"""What all kinds of features share."""

from dataclasses import dataclass

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.features.record import FeatureSet, check_ranges, cut_frames, name_feature_set
from ser.features.spectral import LogMel


def test_the_order_of_parameters_is_no_part_of_the_name():
    """JSON that went through a database keeps its name."""
    parameters = LogMel().parameters
    shuffled = dict(sorted(parameters.items(), reverse=True))
    assert name_feature_set(parameters) == name_feature_set(shuffled)


@pytest.mark.parametrize("samples", [1, 3, 4, 9])
def test_frames_are_centred_on_every_hop(samples):
    """The middle of frame t is sample t · hop; beyond the clip there are zeros."""
    waveform = np.arange(1, samples + 1, dtype=np.float32)
    frames = cut_frames(waveform, 4, 2)
    assert len(frames) == 1 + samples // 2
    expected = [waveform[t * 2] if t * 2 < samples else 0 for t in range(len(frames))]
    assert frames[:, 2].tolist() == expected


@dataclass(frozen=True)
class Lengths(FeatureSet):
    """Say in every frame how long the clip is, one frame per sample."""

    sample_rate: int = 16000

    @property
    def bands(self) -> int:
        """One number."""
        return 1

    @property
    def parameters(self):
        """Nothing but the kind."""
        return {"kind": "lengths"}

    def count_frames(self, samples):
        """As many as there are samples."""
        return samples

    def _fill(self, waveform, block):
        block[:] = len(waveform)


def test_blocks_are_filled_in_place():
    """Every clip writes its own rows and no others."""
    features = Lengths().compute([np.zeros(n, np.float32) for n in (2, 1)])
    assert features.values[:, 0].tolist() == [2, 2, 1]
    assert Lengths().feature_set == name_feature_set({"kind": "lengths"})


def test_the_first_parameter_out_of_range_is_named():
    """With what was expected and what it is."""
    with pytest.raises(ConfigurationError, match="`hop` must be odd, but got 256"):
        check_ranges(LogMel(), {"bands": (True, "many"), "hop": (False, "odd")})
