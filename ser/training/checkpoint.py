"""Store a trained model in one file, and load it again without running code from it."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save

from ser.errors import ArtifactError, ConfigurationError
from ser.files import write_whole
from ser.models.build import build_network
from ser.models.parameters import NetworkParameters
from ser.models.trained import TrainedModel

FORMAT = "serloop-network-2"
FIRST_FORMAT = "serloop-crnn-1"  # before networks other than the CRNN; still read
METADATA_KEY = "serloop"
HEADER_LENGTH_BYTES = 8  # a safetensors file starts with the length of its JSON header


def save_model(model: TrainedModel, path: Path) -> str:
    """Write a model as one safetensors file; equal models give equal bytes.

    The header carries everything but the weights as JSON: parameters, classes, feature set,
    sample rate, how it was trained. The history is left out, for it holds measured times.
    The file appears under its name only when it is complete.

    Args:
        model: The model.
        path: The file to write; its folder is created, an older file replaced.

    Returns:
        SHA-256 of the file, hexadecimal.
    """
    state = {name: weights.contiguous() for name, weights in model.network.state_dict().items()}
    # One key, because safetensors writes several in an order that differs from run to run.
    content = save(state, metadata={METADATA_KEY: json.dumps(_describe(model), sort_keys=True)})
    write_whole(path, content)
    return hashlib.sha256(content).hexdigest()


def load_model(path: Path, *, sha256: str | None = None) -> TrainedModel:
    """Read a model that `save_model` wrote, now or in an earlier format, in evaluation mode.

    Args:
        path: The file.
        sha256: Its expected SHA-256, hexadecimal; checked before anything is parsed.

    Raises:
        ArtifactError: If the file is missing, differs from ``sha256``, is damaged, or was not
            written by `save_model`.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"`path` must be a readable model file, but {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256:
        raise ArtifactError(
            f"`{path}` must have the SHA-256 {sha256}, but has {found}; it was changed or "
            "damaged after it was stored"
        )
    try:
        return _rebuild(content)
    except (
        SafetensorError,
        ConfigurationError,
        RuntimeError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:
        raise ArtifactError(
            f"`{path}` must be a model of the format {FORMAT}, but cannot be read as one: {error}"
        ) from error


def _describe(model: TrainedModel) -> dict[str, object]:
    return {
        "format": FORMAT,
        "parameters": asdict(model.parameters),
        "classes": list(model.classes),
        "n_bands": model.network.normalisation.mean.shape[-1],
        "feature_set": model.feature_set,
        "sample_rate": model.sample_rate,
        "training": dict(model.training),
        "best_epoch": model.best_epoch,
    }


def _rebuild(content: bytes) -> TrainedModel:
    size = int.from_bytes(content[:HEADER_LENGTH_BYTES], "little")
    state = load(content)
    header = json.loads(content[HEADER_LENGTH_BYTES : HEADER_LENGTH_BYTES + size])
    description = json.loads(header["__metadata__"][METADATA_KEY])
    parameters = _read_parameters(description)
    classes = tuple(description["classes"])
    network = build_network(parameters, n_classes=len(classes), n_bands=description["n_bands"])
    network.load_state_dict(state)
    return TrainedModel(
        network=network.eval(),
        parameters=parameters,
        classes=classes,
        feature_set=description["feature_set"],
        sample_rate=description["sample_rate"],
        training=description["training"],
        best_epoch=description["best_epoch"],
    )


def _read_parameters(description: dict[str, Any]) -> NetworkParameters:
    written: dict[str, Any] = description["parameters"]
    if description["format"] == FIRST_FORMAT:
        written["recurrent_size"] = written.pop("lstm_size")
    elif description["format"] != FORMAT:
        raise ConfigurationError(f"`format` is {description['format']}")
    # JSON knows lists alone.
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
    }
    return NetworkParameters(**values)
