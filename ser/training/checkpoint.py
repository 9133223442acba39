"""Store a trained model in one file, and load it again without running code from it."""

from dataclasses import asdict
from pathlib import Path

from torch import Tensor

from ser.models.build import build_network
from ser.models.parameters import NetworkParameters
from ser.models.trained import TrainedModel
from ser.weights_file import Facts, read_weights, with_tuples, write_weights

FORMAT = "serloop-network-2"
FIRST_FORMAT = "serloop-crnn-1"  # before networks other than the CRNN; still read


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
    return write_weights(model.network.state_dict(), _describe(model), path)


def load_model(path: Path, *, sha256: str | None = None) -> TrainedModel:
    """Read a model that `save_model` wrote, now or in an earlier format, in evaluation mode.

    Args:
        path: The file.
        sha256: Its expected SHA-256, hexadecimal; checked before anything is parsed.

    Raises:
        ArtifactError: If the file is missing, differs from ``sha256``, is damaged, or was not
            written by `save_model`.
    """
    return read_weights(path, _rebuild, what="model", formats=(FORMAT, FIRST_FORMAT), sha256=sha256)


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


def _rebuild(state: dict[str, Tensor], description: Facts) -> TrainedModel:
    written = dict(description["parameters"])
    if description["format"] == FIRST_FORMAT:
        written["recurrent_size"] = written.pop("lstm_size")
    parameters = NetworkParameters(**with_tuples(written))
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
