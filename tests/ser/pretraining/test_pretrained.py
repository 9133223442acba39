"""Stored weights: equal bytes, equal weights, refused when touched."""

import json

import pytest
import torch
from safetensors.torch import save_file

from ser.errors import ArtifactError
from ser.models.parameters import NetworkParameters
from ser.pretraining.pretrained import Pretrained, load_pretrained, save_pretrained


@pytest.fixture
def pretrained() -> Pretrained:
    """Return weights that no training made."""
    return Pretrained(
        weights={"a.weight": torch.randn(3, 2).T, "normalisation.mean": torch.zeros(4)},
        parameters=NetworkParameters(channels=(4, 8), time_pools=(2, 1), ratings=("arousal",)),
        feature_set="log_mel-000000000000",
        sample_rate=16000,
        training={"epochs": 3, "updates": None, "augmentation": {"warp_factors": [0.9, 1.1]}},
    )


def test_stored_weights_come_back_with_their_facts(pretrained, tmp_path):
    """All but the history."""
    sha256 = save_pretrained(pretrained, tmp_path / "new" / "weights")
    found = load_pretrained(tmp_path / "new" / "weights", sha256=sha256)
    torch.testing.assert_close(dict(found.weights), dict(pretrained.weights), rtol=0, atol=0)
    for name in ("parameters", "feature_set", "sample_rate", "training"):
        assert getattr(found, name) == getattr(pretrained, name)


def test_equal_weights_give_equal_bytes(pretrained, tmp_path):
    """The hash says what is inside, not when it was written."""
    hashes = {save_pretrained(pretrained, tmp_path / name) for name in ("one", "two")}
    assert len(hashes) == 1


def test_a_changed_byte_is_noticed(pretrained, tmp_path):
    """The hash is checked before anything is parsed."""
    path = tmp_path / "weights"
    sha256 = save_pretrained(pretrained, path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=f"must have the SHA-256 {sha256}, but has"):
        load_pretrained(path, sha256=sha256)


@pytest.mark.parametrize("kept", [0, 4, 200, -3], ids=["empty", "no header", "cut header", "cut"])
def test_a_cut_file_is_refused(pretrained, tmp_path, kept):
    """Damage is an artifact error, whatever breaks first."""
    path = tmp_path / "weights"
    save_pretrained(pretrained, path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ArtifactError, match="cannot be read as one"):
        load_pretrained(path)


@pytest.mark.parametrize(
    "metadata",
    [{"format": "pt"}, {"serloop": json.dumps({"format": "serloop-network-2"})}],
    ids=["another origin", "a whole model"],
)
def test_other_files_are_refused(metadata, tmp_path):
    """The message names the format that is read."""
    save_file({"weights": torch.zeros(2)}, tmp_path / "weights", metadata=metadata)
    with pytest.raises(ArtifactError, match="of the format serloop-pretrained-1"):
        load_pretrained(tmp_path / "weights")


def test_a_missing_file_is_refused(tmp_path):
    """The message names the path."""
    with pytest.raises(ArtifactError, match=r"No such file.*absent"):
        load_pretrained(tmp_path / "absent")
