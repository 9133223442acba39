"""Encoders are found by folder or id, and only files that run no code are read."""

import hashlib

import pytest

from ser.encoders.files import find_encoder, hash_configuration, hash_weights
from ser.errors import ConfigurationError


@pytest.fixture
def folder(tmp_path):
    """Return a folder with the files of an encoder."""
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "preprocessor_config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    return tmp_path


def test_a_folder_is_taken_as_it_is(folder):
    """Nothing is looked up where the folder exists."""
    assert find_encoder(str(folder)) == folder


def test_pickled_weights_are_refused_with_the_way_out(folder):
    """Only safetensors are read, however the other format came there."""
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ConfigurationError, match=r"\.bin, \.pt\) are not read .*save_pretrained"):
        find_encoder(str(folder))


def test_what_a_folder_lacks_is_named(folder):
    """Without its feature extractor an encoder cannot read sound."""
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(ConfigurationError, match="lacks preprocessor_config"):
        find_encoder(str(folder))


@pytest.mark.parametrize("model", ["nowhere", "/no/such/folder", ""])
def test_neither_folder_nor_id_is_refused(model):
    """A mistyped folder is not looked up on the hub."""
    with pytest.raises(ConfigurationError, match=r"but .* is neither|must be a folder with"):
        find_encoder(model)


def test_an_id_that_cannot_be_fetched_is_refused(monkeypatch, tmp_path):
    """Without a network the remedy is a local folder."""
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"`some/encoder` .* or name a local folder"):
        find_encoder("some/encoder")


def test_the_hash_of_one_file_is_its_own(folder):
    """Anyone can check it with sha256sum."""
    assert hash_weights(folder) == hashlib.sha256(b"weights").hexdigest()


def test_every_shard_and_setting_counts(folder):
    """Another shard or another configuration is another encoder."""
    weights, configuration = hash_weights(folder), hash_configuration(folder)
    (folder / "model-2.safetensors").write_bytes(b"more")
    (folder / "config.json").write_text('{"layers": 3}')
    assert hash_weights(folder) != weights
    assert hash_configuration(folder) != configuration
