"""Export: a recorded model as bundles that run elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pipelines.errors import PipelineError
from pipelines.exporting.card import find_encoder
from pipelines.exporting.make import EXACT, Made, Making, make_bundle
from pipelines.exporting.tflite import plan_tflite
from pipelines.judged import require_classes
from pipelines.models import load_weights, require_model
from pipelines.predicting import refuse_fusion
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store

if TYPE_CHECKING:
    from ser.export.bundle import Format, Place
    from ser.features.record import FeatureSet
    from ser.models.trained import TrainedModel


@dataclass(frozen=True)
class ExportResult:
    """What was exported.

    Args:
        model_id: The model.
        made: Its bundles, one per format.
        encoder: Frozen encoder whose statistics the files read and which none of them holds.
    """

    model_id: str
    made: tuple[Made, ...]
    encoder: str | None = None

    def rows(self) -> Sequence[Row]:
        """Return one row per bundle."""
        shown = ("format", "precision", "features", "bytes", "parity", "parity_clips")
        return [
            {
                "bundle_id": of.row["bundle_id"],
                # As text: three decimals would show every difference as none.
                **{name: of.row[name] for name in shown},
                "parity": f"{of.row['parity']:.1e}",
                "is_new": "yes" if of.is_new else "no",
                "folder": str(of.folder),
            }
            for of in self.made
        ]

    def sentence(self) -> str:
        """Say what lies where."""
        listed = ", ".join(f"`{of.folder}`" for of in self.made)
        lacks = (
            f"; the encoder `{self.encoder}` is not within, and the files read its statistics"
            if self.encoder
            else ""
        )
        return f"`{self.model_id}` as {listed}{lacks}"


def export(
    settings: Settings,
    progress: Progress,
    *,
    model_id: str,
    formats: Sequence[str] = ("onnx",),
    features: str | None = None,
) -> ExportResult:
    """Write a model as bundles, each proved equal to PyTorch on real clips.

    What was exported before with the same versions is left as it is.

    Args:
        settings: Where artifacts are kept; whether features are computed inside by default.
        progress: Where progress is shown.
        model_id: The model.
        formats: What shall read the files: `onnx`, `torch_export`, `torchscript`, `tflite`.
        features: `inside` for files that hear waveforms, `outside` for files that read features;
            default: what the settings say.

    Returns:
        The bundles.

    Raises:
        PipelineError: If the model is unknown or predicts ratings alone, a format is unknown, or a
            file says something else than PyTorch does.
        ConfigurationError: If the model cannot be exported like this.
    """
    from ser.features.registry import rebuild_features  # noqa: PLC0415 - keeps help fast

    wanted, place = _check(formats, features or settings.export.features)
    with open_store(settings) as store:
        model = require_model(store, model_id)
        require_classes(model)
        refuse_fusion(model, "be exported")
        trained = load_weights(settings, model)
        read = rebuild_features(model["config"]["features"])
        made = []
        with progress.track(f"export {model_id}", len(wanted), "formats") as advance:
            for name in wanted:
                making = _plan(settings, progress, name, place, trained=trained, read=read)
                made.append(make_bundle(settings, store, model, trained, read, making))
                advance(note=name)
    encoder = find_encoder(model)
    return ExportResult(model_id=model_id, made=tuple(made), encoder=encoder)


def _check(formats: Sequence[str], features: str) -> "tuple[list[Format], Place]":
    from ser.export.bundle import Format, Place  # noqa: PLC0415 - keeps help fast

    known: dict[str, Format] = {name: name for name in get_args(Format)}
    unknown = [name for name in formats if name not in known]
    if unknown or not formats:
        raise PipelineError(
            f"a model can be exported to {', '.join(f'`{name}`' for name in known)}, but not to "
            f"`{unknown[0] if unknown else ''}`"
        )
    places: dict[str, Place] = {name: name for name in get_args(Place)}
    if features not in places:
        raise PipelineError(f"features lie `inside` or `outside`, but got `{features}`")
    return [known[name] for name in dict.fromkeys(formats)], places[features]


def _plan(
    settings: Settings,
    progress: Progress,
    name: "Format",
    place: "Place",
    *,
    trained: "TrainedModel",
    read: "FeatureSet",
) -> Making:
    if name == "tflite":
        return plan_tflite(settings, progress, place, trained, read)
    inside = read if place == "inside" else None
    write: Callable[[Path], None] = partial(_writers()[name], trained, inside)
    return Making(format=name, precision=EXACT, features=place, write=write, how={})


def _writers() -> dict[str, Callable[..., Any]]:
    from ser.export.onnx_file import export_onnx  # noqa: PLC0415 - these load torch
    from ser.export.torch_files import export_program, export_torchscript  # noqa: PLC0415

    return {"onnx": export_onnx, "torch_export": export_program, "torchscript": export_torchscript}
