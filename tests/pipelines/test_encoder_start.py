"""What a network begins with is its encoder's, where it has one."""

from pathlib import Path

import pytest

from pipelines.encoder_start import encoder_start
from ser.encoders.layers import describe_layers
from ser.encoders.states import EncoderStates
from ser.errors import ConfigurationError
from ser.features.spectral import LogMel
from ser.models.parameters import CNN, encoder_tail
from tests.pipelines.encoders import save_encoder


def test_only_a_network_above_an_encoder_begins_with_its_weights(tmp_path: Path) -> None:
    """All others begin with fresh ones."""
    save_encoder(tmp_path)
    features = EncoderStates(model=str(tmp_path), layer=1)
    tail = encoder_tail(describe_layers(str(tmp_path)), bottom=1, top=2)
    start = encoder_start(features, tail)
    assert start is not None
    assert {name.split(".")[0] for name in start} == {"tail"}
    assert encoder_start(LogMel(), CNN) is None


def test_an_encoder_that_is_gone_is_named(tmp_path: Path) -> None:
    """Features that are stored do not help: the layers above them are read."""
    save_encoder(tmp_path / "tiny")
    features = EncoderStates(model=str(tmp_path / "tiny"), layer=1)
    tail = encoder_tail(describe_layers(features.model), bottom=1, top=2)
    (tmp_path / "tiny" / "config.json").unlink()
    with pytest.raises(ConfigurationError, match=r"tiny` lacks config\.json"):
        encoder_start(features, tail)
