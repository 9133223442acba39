"""Stored models: equal bytes, equal answers, refused when touched."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ser.errors import ArtifactError
from ser.features.ragged import RaggedFeatures
from ser.inference.predictor import predict, predict_with
from ser.models.build import build_network
from ser.models.parameters import NetworkParameters
from ser.models.trained import TrainedModel
from ser.training.checkpoint import load_model, save_model

GOLDEN = Path(__file__).parents[1] / "models" / "golden"


@pytest.fixture
def model() -> TrainedModel:
    """Return a small random model with statistics away from 0 and 1."""
    parameters = NetworkParameters(channels=(4, 8), time_pools=(2, 2), recurrent_size=8)
    torch.manual_seed(0)
    network = build_network(parameters, n_classes=3, n_bands=16)
    network.normalisation.set_statistics(torch.randn(16), torch.rand(16) + 1)
    return TrainedModel(
        network=network.eval(),
        parameters=parameters,
        classes=("anger", "neutral", "überrascht"),
        feature_set="log_mel-000000000000",
        sample_rate=16000,
        training={"epochs": 3, "loss": "focal", "updates": None},
        best_epoch=2,
    )


def test_a_loaded_model_says_the_same(model, tmp_path):
    """Posteriors and embeddings are equal bit for bit."""
    save_model(model, tmp_path / "model.safetensors")
    loaded = load_model(tmp_path / "model.safetensors")
    rng = np.random.default_rng(0)
    clips = RaggedFeatures.from_list([rng.normal(size=(n, 16)) for n in (30, 3, 17)])
    before, after = predict(model, clips), predict(loaded, clips)
    assert np.array_equal(before.posterior, after.posterior)
    assert np.array_equal(before.embeddings, after.embeddings)


@pytest.mark.parametrize(
    "name",
    ["parameters", "classes", "feature_set", "sample_rate", "training", "best_epoch"],
)
def test_a_loaded_model_knows_what_it_was_made_from(model, tmp_path, name):
    """Everything but the history survives."""
    save_model(model, tmp_path / "model.safetensors")
    loaded = load_model(tmp_path / "model.safetensors")
    assert getattr(loaded, name) == getattr(model, name)


@pytest.mark.parametrize("classes", [("anger", "neutral"), ()], ids=["jointly", "alone"])
def test_every_choice_of_a_network_survives(tmp_path, classes):
    """Parts, names of ratings and their scale come back, and with them the same answers."""
    parameters = NetworkParameters(
        channels=(4, 8),
        time_pools=(2, 2),
        separable=True,
        residual=True,
        squeeze=2,
        recurrent="gru",
        recurrent_size=8,
        self_attention=2,
        pooling="statistics",
        ratings=("arousal", "valence"),
    )
    torch.manual_seed(0)
    network = build_network(parameters, n_classes=len(classes), n_bands=16).eval()
    network.head.scale.set_statistics(torch.tensor([3.0, 4.0]), torch.tensor([1.0, 2.0]))
    save_model(TrainedModel(network, parameters, classes, "test", 16000), tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert (loaded.parameters, loaded.classes) == (parameters, classes)
    clips = RaggedFeatures.from_list([np.ones((9, 16)), np.zeros((1, 16))])
    expected, found = predict_with(network, clips, batch_clips=2), predict(loaded, clips)
    assert np.array_equal(found.ratings, expected.ratings)
    assert np.array_equal(found.posterior, expected.posterior)


def fill(name: str, shape: list[int], number: int) -> torch.Tensor:
    """Return weights that follow from their place in the file; deviations are above 0."""
    wave = torch.sin(1.3 * torch.arange(math.prod(shape), dtype=torch.float64) + 2.1 * number)
    is_spread = name.endswith(("variance", "deviation"))
    return (1 + 0.5 * wave if is_spread else wave).float().reshape(shape)


def test_a_model_of_the_first_format_says_what_it_always_said(tmp_path):
    """Numbers written down by the code of that time; saved again, it is of today's format."""
    expected = json.loads((GOLDEN / "format_1.json").read_text())
    shapes = enumerate(expected["shapes"].items())
    state = {name: fill(name, shape, number) for number, (name, shape) in shapes}
    save_file(state, tmp_path / "old", metadata={"serloop": json.dumps(expected["header"])})
    model = load_model(tmp_path / "old")
    assert model.parameters.recurrent_size == 3
    frames = torch.arange(2 * 12 * 8, dtype=torch.float64).reshape(2, 12, 8)
    clips, lengths = 2 * torch.sin(0.37 * frames).float(), torch.tensor([12, 5])
    save_model(model, tmp_path / "model")
    for version in (model, load_model(tmp_path / "model")):
        with torch.inference_mode():
            output = version.network(clips, lengths)
        # Equal to the bit on the machine that wrote them; others order their sums differently.
        for name in ("logits", "embeddings"):
            torch.testing.assert_close(
                getattr(output, name), torch.tensor(expected[name]), atol=1e-6, rtol=1e-6
            )


def test_a_format_of_the_future_is_refused(model, tmp_path):
    """The message names both formats."""
    save_model(model, tmp_path / "model")
    content = (tmp_path / "model").read_bytes()
    (tmp_path / "model").write_bytes(content.replace(b"serloop-network-2", b"serloop-network-9"))
    with pytest.raises(ArtifactError, match=r"network-2, but .* `format` is serloop-network-9"):
        load_model(tmp_path / "model")


def test_equal_models_give_equal_bytes(model, tmp_path):
    """Saved again, and saved after loading, the file is the same."""
    first = save_model(model, tmp_path / "a")
    assert save_model(model, tmp_path / "b") == first
    assert save_model(load_model(tmp_path / "a"), tmp_path / "c") == first
    assert hashlib.sha256((tmp_path / "a").read_bytes()).hexdigest() == first


def test_only_the_finished_file_is_left(model, tmp_path):
    """Folders are created and no temporary file stays."""
    save_model(model, tmp_path / "deep" / "model")
    save_model(model, tmp_path / "deep" / "model")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["model"]


def test_a_failed_write_leaves_nothing_behind(model, tmp_path):
    """Where the file cannot take its place, the temporary one goes."""
    (tmp_path / "model").mkdir()
    with pytest.raises(OSError, match="model"):
        save_model(model, tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_changed_byte_is_noticed(model, tmp_path):
    """The hash is checked before anything is parsed."""
    path = tmp_path / "model"
    sha256 = save_model(model, path)
    assert load_model(path, sha256=sha256).classes == model.classes
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=f"must have the SHA-256 {sha256}, but has"):
        load_model(path, sha256=sha256)


@pytest.mark.parametrize("kept", [0, 4, 200, -100], ids=["empty", "no header", "cut header", "cut"])
def test_a_cut_file_is_refused(model, tmp_path, kept):
    """Damage is an artifact error, whatever breaks first."""
    path = tmp_path / "model"
    save_model(model, path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ArtifactError, match="cannot be read as one"):
        load_model(path)


def test_weights_of_another_origin_are_refused(tmp_path):
    """A safetensors file without our description is not a model."""
    from safetensors.torch import save_file

    save_file({"weights": torch.zeros(2)}, tmp_path / "model", metadata={"format": "pt"})
    with pytest.raises(ArtifactError, match="must be a model of the format serloop-network-2"):
        load_model(tmp_path / "model")


def test_a_missing_file_is_refused(tmp_path):
    """The message names the path."""
    with pytest.raises(ArtifactError, match=r"No such file.*absent"):
        load_model(tmp_path / "absent")
