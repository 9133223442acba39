"""What pretraining leaves behind, and the file that keeps it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from ser.errors import ArtifactError, ConfigurationError
from ser.files import write_whole
from ser.models.parameters import NetworkParameters
from ser.models.trained import Json

FORMAT = "serloop-pretrained-1"
METADATA_KEY = "serloop"
HEADER_LENGTH_BYTES = 8  # a safetensors file starts with the length of its JSON header


@dataclass(frozen=True)
class PretrainingEpoch:
    """What happened in one epoch.

    Args:
        epoch: Number of the epoch, from 1.
        epochs: Number of epochs planned.
        loss: Mean contrastive loss over the clips.
        supervised_loss: Mean loss over the batches of labelled clips; ``None`` without labels.
        learning_rate: Rate of the last update.
        clips_per_s: Clips in two views each; differs from run to run.
    """

    epoch: int
    epochs: int
    loss: float
    supervised_loss: float | None
    learning_rate: float
    clips_per_s: float


@dataclass(frozen=True, eq=False)
class Pretrained:
    """Hold the weights a training may begin with.

    Args:
        weights: By their names in the ``state_dict`` of the network that `build_network` makes of
            ``parameters``: all but the outputs, the normalisation included.
        parameters: Of that network, as they were given.
        feature_set: Name of the feature set it heard.
        sample_rate: Rate of the audio under the features, Hz.
        training: How it was pretrained, ready for JSON.
        history: One summary per epoch; empty in weights that were loaded.
    """

    weights: Mapping[str, Tensor]
    parameters: NetworkParameters
    feature_set: str
    sample_rate: int
    training: Mapping[str, Json] = field(default_factory=dict)
    history: tuple[PretrainingEpoch, ...] = ()


def save_pretrained(pretrained: Pretrained, path: Path) -> str:
    """Write weights as one safetensors file; equal weights and facts give equal bytes.

    Args:
        pretrained: The weights; their history, which holds measured times, is left out.
        path: The file to write; its folder is created, an older file replaced.

    Returns:
        SHA-256 of the file, hexadecimal.
    """
    facts = {
        "format": FORMAT,
        "parameters": asdict(pretrained.parameters),
        "feature_set": pretrained.feature_set,
        "sample_rate": pretrained.sample_rate,
        "training": dict(pretrained.training),
    }
    weights = {name: tensor.contiguous() for name, tensor in pretrained.weights.items()}
    # One key, because safetensors writes several in an order that differs from run to run.
    content = save(weights, metadata={METADATA_KEY: json.dumps(facts, sort_keys=True)})
    write_whole(path, content)
    return hashlib.sha256(content).hexdigest()


def load_pretrained(path: Path, *, sha256: str | None = None) -> Pretrained:
    """Read weights that `save_pretrained` wrote.

    Args:
        path: The file.
        sha256: Its expected SHA-256, hexadecimal; checked before anything is parsed.

    Raises:
        ArtifactError: If the file is missing, differs from ``sha256``, is damaged, or was not
            written by `save_pretrained`.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"`path` must be a readable file of weights, but {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256:
        raise ArtifactError(
            f"`{path}` must have the SHA-256 {sha256}, but has {found}; it was changed or "
            "damaged after it was stored"
        )
    try:
        return _rebuild(content)
    except (SafetensorError, ConfigurationError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"`{path}` must hold pretrained weights of the format {FORMAT}, but cannot be read as "
            f"such: {error}"
        ) from error


def _rebuild(content: bytes) -> Pretrained:
    size = int.from_bytes(content[:HEADER_LENGTH_BYTES], "little")
    weights = load(content)
    header = json.loads(content[HEADER_LENGTH_BYTES : HEADER_LENGTH_BYTES + size])
    facts: dict[str, Any] = json.loads(header["__metadata__"][METADATA_KEY])
    if facts["format"] != FORMAT:
        raise ConfigurationError(f"`format` is {facts['format']}")
    # JSON knows lists alone.
    parameters: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in facts["parameters"].items()
    }
    return Pretrained(
        weights=weights,
        parameters=NetworkParameters(**parameters),
        feature_set=facts["feature_set"],
        sample_rate=facts["sample_rate"],
        training=facts["training"],
    )
