"""Load what shall answer: the champion of a line, a model by its id, or a bundle."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import NothingToDoError, PipelineError
from pipelines.models import load_weights, require_model
from pipelines.registry.states import champion_of, read_lines
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

if TYPE_CHECKING:
    from ser.export.bundle import Bundle
    from ser.inference.recogniser import Recogniser
    from ser.metrics.conformal import ConformalThresholds

# What a server takes on its own: a bundle that is proved equal to its model. With features outside
# a stream computes each frame once, not once for every window it is in.
SERVED = {"format": "onnx", "precision": "float32"}
PLACES = ("inside", "outside")


@dataclass(frozen=True, eq=False)
class Loaded:
    """A model in memory that answers, and how sure it may claim to be.

    Args:
        recogniser: Says P(class) of waveforms.
        calibration: Turns posteriors into sets of classes; None where it was not calibrated.
        model_id: The model.
        sha256: Of the file of weights, or of the bundle's `bundle.json`: which bytes answer.
        line: The line whose champion it is; None where it was asked for by name.
    """

    recogniser: "Recogniser"
    calibration: "ConformalThresholds | None"
    model_id: str
    sha256: str
    line: str | None = None


@dataclass(frozen=True)
class Choice:
    """What the warehouse says shall answer; two that are equal answer the same.

    Args:
        model_id: The model.
        sha256: Of its weights, or of the bundle that runs it.
        line: The line whose champion it is.
        calibration_id: Its newest calibration.
        model: The row of `models`, configuration decoded.
        bundle: The row of `bundles` that runs it; None for the weights.
        calibration: The row of `calibrations`.
    """

    model_id: str
    sha256: str
    line: str | None
    calibration_id: str | None
    model: Mapping[str, Any] = field(compare=False, repr=False)
    bundle: Mapping[str, Any] | None = field(compare=False, repr=False)
    calibration: Mapping[str, Any] | None = field(compare=False, repr=False)


def load_recogniser(
    settings: Settings,
    *,
    line: str | None = None,
    model_id: str | None = None,
    bundle: Path | None = None,
) -> Loaded:
    """Load a recogniser: a bundle, or a model, or else the champion of a line.

    Args:
        settings: Where the warehouse and the artifacts are; `serving.line` is the line where
            none of these is given.
        line: The line whose champion to load.
        model_id: The model to load.
        bundle: A folder that `serloop export` wrote. Its hashes are checked; no warehouse is read.

    Raises:
        PipelineError: If more than one of them is given, or the model is unknown.
        NothingToDoError: If there is no champion, or there are several lines and none was named.
        ArtifactError: If a file is missing, or is not the one that was recorded.
        SerError: If a bundle is incomplete or was changed.
    """
    if sum(given is not None for given in (line, model_id, bundle)) > 1:
        raise PipelineError("give one of a line, a model and a bundle, not several")
    if bundle is not None:
        return load_bundle_folder(bundle)
    return load_choice(settings, choose(settings, line=line, model_id=model_id))


def choose(settings: Settings, *, line: str | None = None, model_id: str | None = None) -> Choice:
    """Return what shall answer by what the warehouse says now.

    Args:
        settings: Where the warehouse is, and `serving.line`.
        line: The line whose champion shall.
        model_id: The model that shall, champion or not.

    Raises:
        NothingToDoError: If there is no champion, or there are several lines and none was named.
        PipelineError: If there is no such model.
    """
    with open_store(settings) as store:
        of = None
        if model_id is None:
            of, model_id = find_champion(store, line or settings.serving.line)
        model = require_model(store, model_id)
        bundle = _find_bundle(store, model_id)
        calibrations = queries.select_calibrations(store, model_id=model_id).to_pylist()
        calibration = max(calibrations, key=lambda row: row["snapshot"], default=None)
    return Choice(
        model_id=model_id,
        sha256=(bundle or model)["artifact_sha256"],
        line=of,
        calibration_id=calibration["calibration_id"] if calibration else None,
        model=model,
        bundle=bundle,
        calibration=calibration,
    )


def find_champion(store: Warehouse, line: str | None) -> tuple[str, str]:
    """Return the line to serve and its champion.

    Args:
        store: The warehouse.
        line: The line; None for the only one there is.

    Raises:
        NothingToDoError: If there is no champion, or there are several lines and none was named.
    """
    if line is None:
        lines = [found for found in read_lines(store) if found.champion is not None]
        if len(lines) > 1:
            known = ", ".join(f"`{found.name}`" for found in lines)
            raise NothingToDoError(
                f"several lines have a champion: {known}; name one with --line or "
                "SERLOOP_SERVING__LINE"
            )
        if lines and lines[0].champion is not None:
            return lines[0].name, lines[0].champion
        raise NothingToDoError(
            "no line has a champion; make a model one with `serloop promote MODEL`, or serve a "
            "model with --model"
        )
    champion = champion_of(store, line)
    if champion is None:
        raise NothingToDoError(
            f"line `{line}` has no champion; make a model one with `serloop promote MODEL`, or "
            "serve a model with --model"
        )
    return line, champion


def load_choice(settings: Settings, choice: Choice) -> Loaded:
    """Load what was chosen.

    Args:
        settings: Where the artifacts are.
        choice: What `choose` returned.

    Raises:
        PipelineError: If the model predicts ratings alone.
        ArtifactError: If a file is missing, or is not the one that was recorded.
        SerError: If a bundle is incomplete or was changed.
    """
    if choice.bundle is not None:
        folder = settings.artifacts / choice.bundle["artifact"]
        recogniser = _open_bundle(folder, sha256=choice.sha256).recogniser
    else:
        recogniser = _load_model(settings, dict(choice.model))
    if not recogniser.classes:
        raise PipelineError(f"model `{choice.model_id}` predicts ratings alone: it has no classes")
    calibration = _read_calibration(choice.calibration) if choice.calibration else None
    return Loaded(recogniser, calibration, choice.model_id, choice.sha256, choice.line)


def load_bundle_folder(folder: Path) -> Loaded:
    """Load a bundle from wherever it lies.

    Args:
        folder: What `serloop export` wrote.

    Raises:
        ArtifactError: If it is no bundle, or a file of it was changed.
    """
    from ser.metrics.conformal import ConformalThresholds  # noqa: PLC0415 - loads scipy

    opened = _open_bundle(folder)
    said = opened.bundle.calibration
    calibration = ConformalThresholds.from_document(said) if said is not None else None
    return Loaded(opened.recogniser, calibration, opened.bundle.model_id, opened.bundle.sha256)


@dataclass(frozen=True, eq=False)
class _Opened:
    recogniser: "Recogniser"
    bundle: "Bundle"


def _open_bundle(folder: Path, *, sha256: str | None = None) -> _Opened:
    from ser.export.bundle import load_bundle  # noqa: PLC0415 - loads torch
    from ser.export.runtime import open_recogniser  # noqa: PLC0415 - loads torch

    bundle = load_bundle(folder)
    if sha256 is not None and bundle.sha256 != sha256:
        raise PipelineError(
            f"bundle `{folder}` is not the one that was recorded; export the model again"
        )
    return _Opened(open_recogniser(bundle), bundle)


def _load_model(settings: Settings, model: dict[str, Any]) -> "Recogniser":
    from ser.features.registry import rebuild_features  # noqa: PLC0415 - loads torch
    from ser.inference.recogniser import ModelRecogniser  # noqa: PLC0415 - loads torch

    features = rebuild_features(model["config"]["features"])
    return ModelRecogniser(load_weights(settings, model), features)


def _find_bundle(store: Warehouse, model_id: str) -> Mapping[str, Any] | None:
    """Return the bundle that may run a model in its place, proved equal to it."""
    rows = queries.select_bundles(store, model_id=model_id).to_pylist()
    equal = [row for row in rows if all(row[name] == SERVED[name] for name in SERVED)]
    return max(equal, key=lambda row: PLACES.index(row["features"]), default=None)


def _read_calibration(row: Mapping[str, Any]) -> "ConformalThresholds":
    from ser.metrics.conformal import ConformalThresholds  # noqa: PLC0415 - loads scipy

    return ConformalThresholds.from_document(json.loads(row["thresholds"]))
