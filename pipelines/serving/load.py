"""Load what shall answer: the champion of a line, a model by its id, or a bundle."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines.baselines.find import Told, read_told
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.models import require_model
from pipelines.predicting import say_unread
from pipelines.registry.states import champion_of, read_lines
from pipelines.serving.voices import Voices
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

if TYPE_CHECKING:
    from ser.export.bundle import Bundle
    from ser.inference.recogniser import Recogniser
    from ser.metrics.conformal import ConformalThresholds

logger = logging.getLogger(__name__)

# What a server takes on its own: a bundle that is proved equal to its model. With features outside
# a stream computes each frame once, not once for every window it is in.
SERVED = {"format": "onnx", "precision": "float32"}
PLACES = ("inside", "outside")
EVERYONE = "all"
OFF = "off"


@dataclass(frozen=True, eq=False)
class Loaded:
    """A model in memory that answers, and how sure it may claim to be.

    Args:
        recogniser: Says P(class) of waveforms.
        calibration: Turns posteriors into sets of classes; None where it was not calibrated.
        model_id: The model.
        sha256: Of the file of weights, or of the bundle's `bundle.json`: which bytes answer.
        line: The line whose champion it is; None where it was asked for by name.
        voices: The model and what it was told of speakers; None for a bundle in a folder.
        baseline: Id of what it was told of the one speaker it judges; `off` where that does not
            help and is left out; None where it judges anybody.
        group: Whose thresholds make the sets.
    """

    recogniser: "Recogniser"
    calibration: "ConformalThresholds | None"
    model_id: str
    sha256: str
    line: str | None = None
    voices: Voices | None = None
    baseline: str | None = None
    group: str = EVERYONE

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups with thresholds of their own, behind `all`; none without calibration."""
        if self.calibration is None:
            return ()
        return (EVERYONE, *sorted(set(self.calibration.thresholds) - {EVERYONE}))

    def for_group(self, group: str | None) -> "Loaded":
        """Return what judges clips of a group, such as `female`; None is everyone.

        Raises:
            NothingToDoError: If it was not calibrated for that group.
        """
        group = EVERYONE if group is None else group
        if group not in {EVERYONE, *self.groups}:
            listed = ", ".join(f"`{name}`" for name in self.groups) or "nobody"
            raise NothingToDoError(
                f"model `{self.model_id}` is not calibrated for `{group[:100]}` by itself (but for "
                f"{listed}); name one of these or none, or calibrate it with `serloop calibrate "
                f"{self.model_id} --group gender`"
            )
        return replace(self, group=group)

    def for_speaker(self, speaker: str | None) -> "Loaded":
        """Return what judges a speaker, with what helps of what was told of them.

        What it then says was not calibrated: it makes no sets.

        Args:
            speaker: As `serloop baseline` calls them; None for anybody.

        Raises:
            PipelineError: If it is a bundle in a folder, which can be told nothing.
            NothingToDoError: If the model was told nothing of the speaker.
            ArtifactError: If a file is missing, or is not the one that was recorded.
        """
        if speaker is None:
            return self
        if self.voices is None:
            raise PipelineError(
                f"a bundle cannot be told of `{speaker[:100]}`, for its parts are sealed; name the "
                "model itself with --model"
            )
        row = self.voices.told.find(speaker)
        if row is None:
            return replace(self, baseline=OFF)
        return replace(
            self,
            recogniser=self.voices.hear(row),
            calibration=None,
            sha256=row["artifact_sha256"],
            baseline=row["baseline_id"],
        )

    def name_set(self, posterior: npt.NDArray[np.float32]) -> list[str] | None:
        """Return the classes that may be right; None without calibration.

        Args:
            posterior: P(class) of one clip, ``(C,)``.
        """
        if self.calibration is None:
            return None
        held = self.calibration.predict_sets(posterior[None].astype(np.float64), [self.group])[0]
        return [name for name, is_in in zip(self.recogniser.classes, held, strict=True) if is_in]


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
        told: What the model was told of speakers, which may grow while it answers.
    """

    model_id: str
    sha256: str
    line: str | None
    calibration_id: str | None
    model: Mapping[str, Any] = field(compare=False, repr=False)
    bundle: Mapping[str, Any] | None = field(compare=False, repr=False)
    calibration: Mapping[str, Any] | None = field(compare=False, repr=False)
    told: Told = field(compare=False, repr=False)


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
        told = read_told(store, model_id)
    return Choice(
        model_id=model_id,
        sha256=(bundle or model)["artifact_sha256"],
        line=of,
        calibration_id=calibration["calibration_id"] if calibration else None,
        model=model,
        bundle=bundle,
        calibration=calibration,
        told=told,
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

    A model that reads words hears a sound without them here, which is logged; it makes no sets,
    for its thresholds were chosen on what it says with words.

    Args:
        settings: Where the artifacts are.
        choice: What `choose` returned.

    Raises:
        PipelineError: If the model predicts ratings alone.
        ArtifactError: If a file is missing, or is not the one that was recorded.
        SerError: If a bundle is incomplete or was changed.
    """
    voices = Voices(settings, choice.model, choice.told)
    if choice.bundle is not None:
        folder = settings.artifacts / choice.bundle["artifact"]
        recogniser = _open_bundle(folder, sha256=choice.sha256).recogniser
    else:
        recogniser = _load_model(voices)
    if not recogniser.classes:
        raise PipelineError(f"model `{choice.model_id}` predicts ratings alone: it has no classes")
    unread = say_unread(choice.model)
    if unread is not None:
        logger.warning("%s", unread)
    is_calibrated = choice.calibration is not None and unread is None
    calibration = _read_calibration(choice.calibration or {}) if is_calibrated else None
    return Loaded(recogniser, calibration, choice.model_id, choice.sha256, choice.line, voices)


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


def _load_model(voices: Voices) -> "Recogniser":
    from ser.inference.recogniser import ModelRecogniser  # noqa: PLC0415 - loads torch

    return ModelRecogniser(*voices.read_parts())


def _find_bundle(store: Warehouse, model_id: str) -> Mapping[str, Any] | None:
    """Return the bundle that may run a model in its place, proved equal to it."""
    rows = queries.select_bundles(store, model_id=model_id).to_pylist()
    equal = [row for row in rows if all(row[name] == SERVED[name] for name in SERVED)]
    return max(equal, key=lambda row: PLACES.index(row["features"]), default=None)


def _read_calibration(row: Mapping[str, Any]) -> "ConformalThresholds":
    from ser.metrics.conformal import ConformalThresholds  # noqa: PLC0415 - loads scipy

    return ConformalThresholds.from_document(json.loads(row["thresholds"]))
