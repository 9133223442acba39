"""Store a trained fusion in one file, and load it again without running code from it."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save

from ser.errors import ArtifactError, ConfigurationError
from ser.files import write_whole
from ser.fusion.model import FusedModel
from ser.fusion.network import FusionNetwork
from ser.fusion.parameters import FusionParameters
from ser.models.build import build_network
from ser.models.parameters import NetworkParameters
from ser.models.trained import TrainedModel
from ser.training.checkpoint import HEADER_LENGTH_BYTES, METADATA_KEY

FORMAT = "serloop-fusion-1"


def save_fused(model: FusedModel, path: Path) -> str:
    """Write a fusion as one safetensors file; equal fusions give equal bytes.

    The header carries everything but the weights as JSON, as `ser.training.checkpoint` does for
    audio networks. The file appears under its name only when it is complete.

    Args:
        model: The fusion.
        path: The file to write; its folder is created, an older file replaced.

    Returns:
        SHA-256 of the file, hexadecimal.
    """
    trained = model.trained
    description = {
        "format": FORMAT,
        "parameters": asdict(trained.parameters),
        "fusion": asdict(model.fusion),
        "classes": list(trained.classes),
        "n_bands": model.network.normalisation.mean.shape[-1],
        "text_size": model.network.text_size,
        "feature_set": trained.feature_set,
        "text_set": model.text_set,
        "sample_rate": trained.sample_rate,
        "training": dict(trained.training),
        "best_epoch": trained.best_epoch,
    }
    state = {name: weights.contiguous() for name, weights in model.network.state_dict().items()}
    content = save(state, metadata={METADATA_KEY: json.dumps(description, sort_keys=True)})
    write_whole(path, content)
    return hashlib.sha256(content).hexdigest()


def load_fused(path: Path, *, sha256: str | None = None) -> FusedModel:
    """Read a fusion that `save_fused` wrote, in evaluation mode; its history is not kept.

    Args:
        path: The file.
        sha256: Its expected SHA-256, hexadecimal; checked before anything is parsed.

    Raises:
        ArtifactError: If the file is missing, differs from ``sha256``, is damaged, or was not
            written by `save_fused`.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"`path` must be a readable fusion file, but {error}") from error
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
            f"`{path}` must be a fusion of the format {FORMAT}, but cannot be read as one: {error}"
        ) from error


def _rebuild(content: bytes) -> FusedModel:
    size = int.from_bytes(content[:HEADER_LENGTH_BYTES], "little")
    state = load(content)
    header = json.loads(content[HEADER_LENGTH_BYTES : HEADER_LENGTH_BYTES + size])
    described: dict[str, Any] = json.loads(header["__metadata__"][METADATA_KEY])
    if described["format"] != FORMAT:
        raise ConfigurationError(f"`format` is {described['format']}")
    # JSON knows lists alone.
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in described["parameters"].items()
    }
    parameters, fusion = NetworkParameters(**values), FusionParameters(**described["fusion"])
    classes = tuple(described["classes"])
    sound = build_network(parameters, n_classes=len(classes), n_bands=described["n_bands"])
    network = FusionNetwork(sound, text_size=described["text_size"], parameters=fusion)
    network.load_state_dict(state)
    trained = TrainedModel(
        network=network.eval(),
        parameters=parameters,
        classes=classes,
        feature_set=described["feature_set"],
        sample_rate=described["sample_rate"],
        training=described["training"],
        best_epoch=described["best_epoch"],
    )
    return FusedModel(trained, fusion, described["text_set"])
