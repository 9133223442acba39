"""Store a trained fusion in one file, and load it again without running code from it."""

from dataclasses import asdict
from pathlib import Path

from torch import Tensor

from ser.fusion.model import FusedModel
from ser.fusion.network import FusionNetwork
from ser.fusion.parameters import FusionParameters
from ser.models.build import build_network
from ser.models.parameters import NetworkParameters
from ser.weights_file import Facts, read_weights, with_tuples, write_weights

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
    description = {
        "format": FORMAT,
        "parameters": asdict(model.parameters),
        "fusion": asdict(model.fusion),
        "classes": list(model.classes),
        "n_bands": model.network.normalisation.mean.shape[-1],
        "text_size": model.reader.text_size,
        "feature_set": model.feature_set,
        "text_set": model.text_set,
        "sample_rate": model.sample_rate,
        "training": dict(model.training),
        "best_epoch": model.best_epoch,
    }
    return write_weights(model.network.state_dict(), description, path)


def load_fused(path: Path, *, sha256: str | None = None) -> FusedModel:
    """Read a fusion that `save_fused` wrote, in evaluation mode; its history is not kept.

    Args:
        path: The file.
        sha256: Its expected SHA-256, hexadecimal; checked before anything is parsed.

    Raises:
        ArtifactError: If the file is missing, differs from ``sha256``, is damaged, or was not
            written by `save_fused`.
    """
    return read_weights(path, _rebuild, what="fusion", formats=(FORMAT,), sha256=sha256)


def _rebuild(state: dict[str, Tensor], described: Facts) -> FusedModel:
    parameters = NetworkParameters(**with_tuples(described["parameters"]))
    fusion = FusionParameters(**described["fusion"])
    classes = tuple(described["classes"])
    sound = build_network(parameters, n_classes=len(classes), n_bands=described["n_bands"])
    network = FusionNetwork(sound, text_size=described["text_size"], parameters=fusion)
    network.load_state_dict(state)
    return FusedModel(
        network=network.eval(),
        parameters=parameters,
        classes=classes,
        feature_set=described["feature_set"],
        sample_rate=described["sample_rate"],
        training=described["training"],
        best_epoch=described["best_epoch"],
        fusion=fusion,
        text_set=described["text_set"],
    )
