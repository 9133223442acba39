"""What pretraining leaves behind, and the file that keeps it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from torch import Tensor

from ser.models.parameters import NetworkParameters
from ser.models.trained import Json
from ser.weights_file import Facts, read_weights, with_tuples, write_weights

FORMAT = "serloop-pretrained-1"


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
    return write_weights(pretrained.weights, facts, path)


def load_pretrained(path: Path, *, sha256: str | None = None) -> Pretrained:
    """Read weights that `save_pretrained` wrote.

    Args:
        path: The file.
        sha256: Its expected SHA-256, hexadecimal; checked before anything is parsed.

    Raises:
        ArtifactError: If the file is missing, differs from ``sha256``, is damaged, or was not
            written by `save_pretrained`.
    """
    return read_weights(path, _rebuild, what="pretrained network", formats=(FORMAT,), sha256=sha256)


def _rebuild(weights: dict[str, Tensor], facts: Facts) -> Pretrained:
    return Pretrained(
        weights=weights,
        parameters=NetworkParameters(**with_tuples(facts["parameters"])),
        feature_set=facts["feature_set"],
        sample_rate=facts["sample_rate"],
        training=facts["training"],
    )
