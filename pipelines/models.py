"""Find recorded models and load their weights."""

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import PipelineError
from pipelines.settings import Settings
from warehouse import Warehouse, queries

if TYPE_CHECKING:
    from ser.models.trained import TrainedModel

# What arithmetic is done with; a sum in another order is another sum.
LIBRARIES = ("numpy", "scipy", "torch", "torchaudio")
# Beside the weights of models: trainings that are not finished, and weights that some began with.
TRAINING_SUFFIX = ".training"
PRETRAINED_SUFFIX = ".pretrained"


def find_model(store: Warehouse, model_id: str) -> dict[str, Any] | None:
    """Return the row of a model, or None when it is unknown."""
    for row in queries.select_models(store).to_pylist():
        if row["model_id"] == model_id:
            found: dict[str, Any] = row
            return found
    return None


def require_model(store: Warehouse, model_id: str) -> dict[str, Any]:
    """Return the row of a model with its configuration decoded.

    Args:
        store: The warehouse.
        model_id: A model's id.

    Raises:
        PipelineError: If there is no such model; the message lists the latest ones.
    """
    found = find_model(store, model_id)
    if found is None:
        known = queries.select_models(store)["model_id"].to_pylist()
        listed = ", ".join(f"`{name}`" for name in known[-5:]) or "none"
        raise PipelineError(
            f"no model `{model_id}` in the warehouse; there are: {listed}; train one with "
            "`serloop train`"
        )
    return {**found, "config": json.loads(found["config"])}


def load_weights(settings: Settings, model: dict[str, Any]) -> "TrainedModel":
    """Load the weights of a recorded model, verified against its hash.

    Args:
        settings: Where artifacts are kept.
        model: A row from `require_model`.

    Raises:
        ArtifactError: If the file is missing, or is not the one that was recorded.
    """
    from ser.fusion.checkpoint import load_fused  # noqa: PLC0415 - these load torch
    from ser.training.checkpoint import load_model  # noqa: PLC0415

    artifact: Path = settings.artifacts / model["artifact"]
    load = load_fused if "fusion" in model["config"] else load_model
    return load(artifact, sha256=model["artifact_sha256"])


def save_weights(model: "TrainedModel", path: Path) -> str:
    """Write a model, one that reads words included, and return the SHA-256 of the file.

    Args:
        model: The model.
        path: The file.
    """
    from ser.fusion.checkpoint import save_fused  # noqa: PLC0415 - these load torch
    from ser.fusion.model import FusedModel  # noqa: PLC0415
    from ser.training.checkpoint import save_model  # noqa: PLC0415

    return save_fused(model, path) if isinstance(model, FusedModel) else save_model(model, path)


def describe_environment(settings: Settings) -> dict[str, str | int]:
    """Return what weights depend on besides data, configuration and code.

    Args:
        settings: Threads of linear algebra.

    Example:
        >>> sorted(describe_environment(Settings()))
        ['machine', 'numpy', 'python', 'scipy', 'threads', 'torch', 'torchaudio']
    """
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "threads": settings.compute.threads,
        **{name: version(name) for name in LIBRARIES},
    }
