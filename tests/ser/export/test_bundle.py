"""A bundle says what it is, and nothing in it can be exchanged unseen."""

import json

import pytest

from ser.errors import ArtifactError
from ser.export.bundle import load_bundle, write_bundle

DESCRIPTION = {
    "format": "onnx",
    "precision": "float32",
    "features": "inside",
    "model_id": "model-1",
    "classes": ["anger", "neutral"],
    "sample_rate": 16000,
    "feature_parameters": {"kind": "log_mel"},
    "parity": 1e-6,
    "parity_clips": 200,
    "versions": {"torch": "2"},
    "calibration": {"coverage": 0.9},
}


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a whole bundle."""
    (tmp_path / "model.onnx").write_bytes(b"weights")
    (tmp_path / "CARD.md").write_text("# A card\n")
    write_bundle(tmp_path, **DESCRIPTION)
    return tmp_path


def rewrite(folder, **changes):
    """Put other values into the description."""
    said = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps({**said, **changes}))


def test_what_is_written_is_read(folder):
    """Every field comes back, and the hash is that of the description."""
    bundle = load_bundle(folder)
    assert bundle.classes == ("anger", "neutral")
    assert bundle.calibration == {"coverage": 0.9}
    assert bundle.model_file.read_bytes() == b"weights"
    assert sorted(bundle.files) == ["CARD.md", "model.onnx"]
    assert bundle == write_bundle(folder, **DESCRIPTION)


@pytest.mark.parametrize("name", ["model.onnx", "CARD.md"])
def test_a_changed_file_is_refused(folder, name):
    """One byte is enough, of the model or of the card."""
    (folder / name).write_bytes((folder / name).read_bytes() + b".")
    with pytest.raises(ArtifactError, match=f"{name}` must have the SHA-256 .* changed or damaged"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["model.onnx", "bundle.json"])
def test_a_missing_file_is_refused(folder, name):
    """It is named."""
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=f"{name}` must be a readable file of a bundle"):
        load_bundle(folder)


CHANGES = {
    "version": ({"version": "serloop-bundle-0"}, "another version"),
    "format": ({"format": "caffe"}, "`format` is `caffe`"),
    "unknown": ({"colour": "red"}, "colour"),
    "card": ({"files": {"model.onnx": "0"}}, "`CARD.md` is not among its files"),
    "outside": (
        {"files": {"model.onnx": "0", "CARD.md": "0", "../secret": "0"}},
        "`../secret` lies outside it",
    ),
}


@pytest.mark.parametrize(("changes", "message"), CHANGES.values(), ids=CHANGES)
def test_another_description_is_refused(folder, changes, message):
    """What this version cannot honour is no bundle to it."""
    rewrite(folder, **changes)
    with pytest.raises(ArtifactError, match=message):
        load_bundle(folder)


def test_no_json_is_refused(folder):
    """Damage gives one line, not a traceback."""
    (folder / "bundle.json").write_bytes(b"\x00")
    with pytest.raises(ArtifactError, match="cannot be read as one"):
        load_bundle(folder)
