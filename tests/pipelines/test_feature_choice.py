"""The settings name the features, and an encoder where one is needed."""

from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.feature_choice import ENCODER_KIND, ENCODER_KINDS, STATES_KIND, chosen_features
from pipelines.settings import Settings
from ser.encoders.states import EncoderStates
from ser.encoders.statistics import EncoderStatistics
from ser.errors import ConfigurationError
from ser.features.registry import KINDS
from ser.features.spectral import LogMel


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {*ENCODER_KINDS}))
def test_the_kind_of_the_settings_is_what_is_computed(kind: str) -> None:
    """Its parameters too; another kind that is asked for has its own defaults."""
    settings = Settings(features={"kind": kind})
    assert chosen_features(settings).parameters["kind"] == kind
    settings = Settings(features={"kind": "log_mel", "hop": 160})
    assert chosen_features(settings).parameters["hop"] == 160
    assert chosen_features(settings, "mfcc") == chosen_features(Settings(), "mfcc")


def test_given_parameters_override_the_settings() -> None:
    """And unknown ones are refused."""
    settings = Settings(features={"hop": 160})
    assert chosen_features(settings, "log_mel", hop=200, bands=40) == LogMel(hop=200, bands=40)
    with pytest.raises(ConfigurationError, match="`mfcc` has no parameter `bands`"):
        chosen_features(settings, "mfcc", bands=40)


def test_an_encoder_is_looked_up_among_the_models(tmp_path: Path) -> None:
    """A name that is a folder there means it; any other is a folder or an id by itself."""
    (tmp_path / "small").mkdir()
    given = {"kind": ENCODER_KIND, "layers": "2,3"}
    inside = Settings(models=tmp_path, features={**given, "encoder": "small"})
    assert chosen_features(inside) == EncoderStatistics(model=str(tmp_path / "small"), layers="2,3")
    outside = Settings(models=tmp_path, features={**given, "encoder": "openai/whisper-base"})
    assert chosen_features(outside) == EncoderStatistics(model="openai/whisper-base", layers="2,3")


def test_features_of_no_encoder_are_refused() -> None:
    """Nothing is downloaded that nobody named."""
    with pytest.raises(PipelineError, match=r"`features\.encoder` is not set"):
        chosen_features(Settings(features={"kind": ENCODER_KIND}))


def test_states_are_those_of_one_layer() -> None:
    """The one that settings name, or the default; several are refused."""
    given = {"kind": STATES_KIND, "encoder": "openai/whisper-base"}
    chosen = chosen_features(Settings(features={**given, "layers": "4"}))
    assert chosen == EncoderStates(model="openai/whisper-base", layer=4)
    assert chosen_features(Settings(features=given)) == EncoderStates(model="openai/whisper-base")
    with pytest.raises(PipelineError, match=r"`features\.layers` is `2,3`, .* those of one layer"):
        chosen_features(Settings(features={**given, "layers": "2,3"}))
