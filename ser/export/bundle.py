"""A folder that runs a model elsewhere: its file, what it must be told, and a card."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ser.errors import ArtifactError
from ser.files import write_whole

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]

Format = Literal["onnx", "torch_export", "torchscript", "tflite"]
Precision = Literal["float32", "int8_dynamic", "int8_static"]
Place = Literal["inside", "outside"]
FILES: Mapping[Format, str] = {
    "onnx": "model.onnx",
    "torch_export": "model.pt2",
    "torchscript": "model.ts",
    "tflite": "model.tflite",
}
DESCRIPTION = "bundle.json"
CARD = "CARD.md"
VERSION = "serloop-bundle-1"


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What `bundle.json` says, verified.

    Args:
        folder: Where it lies.
        sha256: SHA-256 of `bundle.json`, which names those of all other files.
        format: What reads the model's file.
        precision: Of its weights.
        features: `inside` where it hears waveforms, `outside` where it reads features.
        model_id: The model that it was made from.
        classes: Names of the C classes, in the order of the posterior.
        sample_rate: Of the waveforms, Hz.
        feature_parameters: Of the feature set, see `ser.features.registry.rebuild_features`.
        parity: Largest difference of a posterior from PyTorch's.
        parity_clips: Clips that it was measured on.
        versions: Libraries that it was made with.
        calibration: Thresholds of conformal sets, if the model was calibrated; ready for
            `ser.metrics.conformal`.
        files: SHA-256 of each other file, by name.
        window: Samples or frames that every clip is padded to; None where any length is read.
    """

    folder: Path
    sha256: str
    format: Format
    precision: Precision
    features: Place
    model_id: str
    classes: tuple[str, ...]
    sample_rate: int
    feature_parameters: Mapping[str, Json]
    parity: float
    parity_clips: int
    versions: Mapping[str, str]
    calibration: Mapping[str, Json] | None
    files: Mapping[str, str]
    window: int | None = None

    @property
    def model_file(self) -> Path:
        """The model's file."""
        return self.folder / FILES[self.format]


def write_bundle(folder: Path, **description: Any) -> Bundle:  # noqa: ANN401
    """Complete a folder in which the model's file and the card lie already; equal ones are equal.

    Args:
        folder: The folder; every file in it becomes part of the bundle.
        description: The fields of `Bundle` but `folder`, `sha256` and `files`.

    Returns:
        The bundle.

    Raises:
        ArtifactError: If the model's file is not there.
    """
    names = sorted(file.name for file in folder.iterdir() if file.name != DESCRIPTION)
    content = {
        "version": VERSION,
        **description,
        "files": {name: _hash(folder / name) for name in names},
    }
    text = json.dumps(content, indent=2, sort_keys=True) + "\n"
    write_whole(folder / DESCRIPTION, text.encode())
    return load_bundle(folder)


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle, and verify the hash of every file before anything is loaded.

    Args:
        folder: The bundle.

    Raises:
        ArtifactError: If it is no bundle, a file is missing or differs from its hash.
    """
    content = _read(folder / DESCRIPTION)
    try:
        bundle = _parse(folder, content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(
            f"`{folder / DESCRIPTION}` must describe a bundle of version {VERSION}, but cannot be "
            f"read as one: {error}; export the model again"
        ) from error
    for name, sha256 in bundle.files.items():
        found = _hash(folder / name)
        if found != sha256:
            raise ArtifactError(
                f"`{folder / name}` must have the SHA-256 {sha256}, but has {found}; it was "
                "changed or damaged after it was exported"
            )
    return bundle


def _parse(folder: Path, content: bytes) -> Bundle:
    said = json.loads(content)
    if said.pop("version") != VERSION:
        raise ValueError("it has another version")
    for name, allowed in (("format", Format), ("precision", Precision), ("features", Place)):
        if said[name] not in get_args(allowed):
            raise ValueError(f"`{name}` is `{said[name]}`")
    bundle = Bundle(
        **{**said, "classes": tuple(said["classes"])},
        folder=folder,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    if missing := {FILES[bundle.format], CARD} - bundle.files.keys():
        raise ValueError(f"`{min(missing)}` is not among its files")
    if strange := [name for name in bundle.files if Path(name).name != name]:
        raise ValueError(f"`{strange[0]}` lies outside it")
    return bundle


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"`{path}` must be a readable file of a bundle, but {error}") from error


def _hash(path: Path) -> str:
    return hashlib.sha256(_read(path)).hexdigest()
