"""A stored fusion is the fusion, bit for bit, or nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ser.errors import ArtifactError, ConfigurationError
from ser.fusion.checkpoint import load_fused, save_fused
from ser.fusion.model import FusedModel
from ser.fusion.parameters import FusionParameters
from ser.fusion.predictor import predict_fused
from ser.models.build import build_network
from ser.models.network import EmotionNetwork
from ser.models.trained import TrainedModel
from ser.training.checkpoint import load_model, save_model
from tests.ser.fusion.clips import SMALL, make_clips, make_dev, train


def as_sound(model: FusedModel, network: EmotionNetwork) -> TrainedModel:
    """Return an audio model with the facts of a fusion."""
    return TrainedModel(network, model.parameters, model.classes, model.feature_set, 16000)


@pytest.mark.parametrize("kind", ["late", "concatenation", "attention"])
def test_it_comes_back_as_it_was(kind: str, tmp_path: Path):
    """Predictions and everything that describes it are equal, and so are the bytes."""
    fusion = FusionParameters(kind=kind, size=8, heads=2)
    model = train(fusion=fusion, dev=make_dev(12))
    path = tmp_path / "fusion.safetensors"
    sha256 = save_fused(model, path)
    found = load_fused(path, sha256=sha256)
    features, words, _ = make_clips(12, seed=3)
    np.testing.assert_array_equal(
        predict_fused(found, features, words).posterior,
        predict_fused(model, features, words).posterior,
    )
    assert (found.fusion, found.text_set) == (fusion, "text")
    assert vars(found) == vars(replace(model, network=found.network, history=()))
    assert save_fused(found, tmp_path / "again") == sha256


def test_damage_and_other_files_are_refused(tmp_path: Path):
    """The message says what was expected of the file."""
    path = tmp_path / "fusion.safetensors"
    with pytest.raises(ArtifactError, match="`path` must be a readable fusion file"):
        load_fused(path)
    model = train()
    sha256 = save_fused(model, path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtifactError, match="it was changed or damaged"):
        load_fused(path, sha256=sha256)
    with pytest.raises(ArtifactError, match="must be a fusion of the format serloop-fusion-1"):
        load_fused(path)
    save_fused(model, path)
    with pytest.raises(ArtifactError, match="`format` is serloop-fusion-1"):
        load_model(path)
    network = build_network(SMALL, n_classes=3, n_bands=16)
    save_model(as_sound(model, network), path)
    with pytest.raises(ArtifactError, match="`format` is serloop-network"):
        load_fused(path)


def test_a_network_that_reads_no_words_is_no_fusion():
    """The message names what it is."""
    network = build_network(SMALL, n_classes=3, n_bands=16)
    model = train()
    with pytest.raises(ConfigurationError, match="FusionNetwork, but is a EmotionNetwork"):
        replace(model, network=network)
