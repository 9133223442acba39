"""Reproduce: train a recorded model again and see whether every figure of it comes back."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from functools import partial
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from pipelines.clipset import INTENDED, ClipSet
from pipelines.compressing.prune import fit_pruned
from pipelines.compressing.student import fit_student
from pipelines.convert import evaluation_rows, metric_rows
from pipelines.errors import PipelineError
from pipelines.evaluate import judge_model
from pipelines.fitting import Plan, fit
from pipelines.fusion_choice import Fusing
from pipelines.identity import code_version
from pipelines.judgement import without_nan
from pipelines.model_record import describe_training, select_recorded_clips
from pipelines.models import describe_environment, require_model, save_weights
from pipelines.predicting import FUSION
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from pipelines.evaluation import EvaluateResult
    from ser.models.trained import TrainedModel

Value = str | int | float | None
Record = TypeVar("Record", bound="DataclassInstance")


@dataclass(frozen=True)
class Check:
    """One thing that was recorded, and what came of it now.

    Args:
        what: What it is, such as `weights` or `uar` of an evaluation.
        recorded: What the warehouse says.
        found: What training again gave.
    """

    what: str
    recorded: Value
    found: Value

    @property
    def is_equal(self) -> bool:
        """Whether both are the same to the last digit; undefined equals undefined."""
        # NaN is the only value that is not itself.
        both_undefined = self.recorded != self.recorded and self.found != self.found
        return both_undefined or self.recorded == self.found


@dataclass(frozen=True)
class ReproduceResult:
    """Whether a model came back.

    Args:
        model_id: The model.
        snapshot: The snapshot its clips were read from.
        evaluations: Names of the evaluations that were repeated.
        checks: Everything that was compared.
        circumstances: What is not as it was when it was trained, and may be why; code, threads,
            libraries and settings.
    """

    model_id: str
    snapshot: int
    evaluations: tuple[str, ...]
    checks: tuple[Check, ...]
    circumstances: tuple[Check, ...]

    @property
    def is_equal(self) -> bool:
        """Whether everything came back to the last digit."""
        return all(check.is_equal for check in self.checks)

    def rows(self) -> Sequence[Row]:
        """Return what differs, one row each; one row that says so where nothing does."""
        differing = [check for check in self.checks if not check.is_equal]
        rows = [
            {"what": check.what, "recorded": check.recorded, "found": check.found}
            for check in (*differing, *(self.circumstances if differing else ()))
        ]
        return rows or [{"model_id": self.model_id, "compared": len(self.checks), "differ": 0}]

    def sentence(self) -> str:
        """Say whether the model came back, and if not, what is not as it was."""
        count = len(self.evaluations)
        plural = "" if count == 1 else "s"
        told = f"{len(self.checks)} values of its training and {count} evaluation{plural}"
        if self.is_equal:
            return (
                f"`{self.model_id}` came back from snapshot {self.snapshot}: its weights and "
                f"all {told} are equal"
            )
        differing = sum(not check.is_equal for check in self.checks)
        changed = ", ".join(f"{of.what} ({of.recorded} → {of.found})" for of in self.circumstances)
        return (
            f"`{self.model_id}` did not come back: {differing} of {told} differ; not as it was: "
            f"{changed or 'nothing that was recorded'}"
        )

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        listed = {
            name: [without_nan(asdict(of)) for of in checks if not of.is_equal]
            for name, checks in (("differ", self.checks), ("circumstances", self.circumstances))
        }
        return {
            "model_id": self.model_id,
            "snapshot": self.snapshot,
            "is_equal": self.is_equal,
            "compared": len(self.checks),
            "evaluations": list(self.evaluations),
            **listed,
        }


def reproduce(settings: Settings, progress: Progress, *, model_id: str) -> ReproduceResult:
    """Train a model again from its snapshot, and compare its weights and every stored metric.

    Nothing is written to the warehouse, and the recorded weights are not touched.

    Args:
        settings: Where the warehouse is, and the number of threads; what is trained with comes
            from the model's configuration.
        progress: Where progress is shown.
        model_id: The model.

    Returns:
        What was compared and what differs.

    Raises:
        PipelineError: If the model is unknown, or its configuration names what this version of
            serloop does not know.
        SnapshotError: If the snapshot it was trained on is gone.
    """
    with open_store(settings) as store:
        model = require_model(store, model_id)
        stored = [
            row
            for row in queries.select_evaluations(store).to_pylist()
            if row["model_id"] == model_id
        ]
        known = {row["evaluation_id"]: _stored_figures(store, row) for row in stored}
        newest = store.snapshot
    settings = settings.model_copy(
        update={"training": settings.training.model_copy(update={"seed": model["seed"]})}
    )
    plan, circumstances = _read_plan(model)
    with open_store(settings, snapshot=model["snapshot"]) as past:
        clips = select_recorded_clips(past, model)
        checks = [_check_clips(model, clips), *_check_data(model, clips)]
        with TemporaryDirectory(prefix="serloop-") as folder:
            trained = _fit_again(past, settings, progress, clips, plan, elsewhere=Path(folder))
            checks += _check_weights(model, trained, Path(folder))
    judge = partial(judge_model, settings=settings, progress=progress, model=model, trained=trained)
    for row in stored:
        snapshot = newest if row["snapshot"] is None else row["snapshot"]
        with open_store(settings, snapshot=snapshot) as past:
            found = _judge_again(past, judge, row)
        checks += _check_figures(row["evaluation_id"], known[row["evaluation_id"]], found)
    return ReproduceResult(
        model_id=model_id,
        snapshot=model["snapshot"],
        evaluations=tuple(row["evaluation_id"] for row in stored),
        checks=tuple(checks),
        circumstances=(*_find_circumstances(model, settings), *circumstances),
    )


def _fit_again(
    past: Warehouse,
    settings: Settings,
    progress: Progress,
    clips: ClipSet,
    plan: Plan,
    *,
    elsewhere: Path,
) -> "TrainedModel":
    """Do what made the model: train it, or have it learn from others, whose weights are at home."""
    if "distil" in plan.config:
        return fit_student(past, settings, progress, clips, plan, keeps_state=False)
    if "prune" in plan.config:
        return fit_pruned(past, settings, progress, clips, plan)
    # What training leaves behind for a resume must not meet the recorded model's.
    return fit(past, settings.model_copy(update={"home": elsewhere}), progress, clips, plan)


def _read_plan(model: Mapping[str, Any]) -> tuple[Plan, list[Check]]:
    """Rebuild what a model was trained with, and tell which settings its record lacks."""
    from ser.audio.augment.record import Augmentation  # noqa: PLC0415 - these load torch
    from ser.features.registry import rebuild_features  # noqa: PLC0415
    from ser.models.parameters import NetworkParameters  # noqa: PLC0415
    from ser.pretraining.parameters import PretrainingParameters  # noqa: PLC0415
    from ser.training.parameters import TrainingParameters  # noqa: PLC0415

    config = model["config"]
    written = dict(config["training"])
    new = [
        *_missing(Augmentation, written["augmentation"]),
        *_missing(NetworkParameters, config["network"]),
        *_missing(TrainingParameters, written),
    ]
    written["augmentation"] = _rebuild(Augmentation, written["augmentation"])
    pretraining = None
    if "pretraining" in config:
        given = {name: of for name, of in config["pretraining"].items() if name != "heard"}
        given["augmentation"] = _rebuild(Augmentation, given["augmentation"])
        pretraining = _rebuild(PretrainingParameters, given)
    plan = Plan(
        model_id=model["model_id"],
        config=config,
        features=rebuild_features(config["features"]),
        network=_rebuild(NetworkParameters, config["network"]),
        training=_rebuild(TrainingParameters, written),
        pretraining=pretraining,
        fusing=_read_fusing(config[FUSION]) if FUSION in config else None,
    )
    return plan, new


def _read_fusing(written: Mapping[str, Any]) -> Fusing:
    """Rebuild how a model reads words."""
    from ser.audio.augment.record import Augmentation  # noqa: PLC0415 - these load torch
    from ser.fusion.parameters import FusionParameters  # noqa: PLC0415
    from ser.training.parameters import TrainingParameters  # noqa: PLC0415

    own = {"words", "text_model", "text_set", "training"}
    training = None
    if written["training"] is not None:
        augmentation = _rebuild(Augmentation, written["training"]["augmentation"])
        told = {**written["training"], "augmentation": augmentation}
        training = _rebuild(TrainingParameters, told)
    return Fusing(
        parameters=_rebuild(
            FusionParameters, {name: of for name, of in written.items() if name not in own}
        ),
        sources=tuple(written["words"]),
        text_model=written["text_model"],
        text_set=written["text_set"],
        training=training,
    )


def _rebuild(record: type[Record], written: Mapping[str, Any]) -> Record:
    """Return a record from what JSON kept of it."""
    unknown = sorted(written.keys() - {field.name for field in fields(record)})
    if unknown:
        raise PipelineError(
            f"the model was trained with the setting `{unknown[0]}`, which this version of "
            f"serloop ({code_version()}) does not know; reproduce it with the version that "
            "trained it"
        )
    return record(**{name: _tuples(value) for name, value in written.items()})


def _missing(record: type[Record], written: Mapping[str, Any]) -> Iterator[Check]:
    """Yield the settings that came later, with the default that is taken for them."""
    for field in fields(record):
        if field.name not in written and field.default is not MISSING:
            yield Check(f"setting {field.name}", None, str(field.default))


def _tuples(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return lists as the tuples they were; JSON knows lists alone."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _check_clips(model: Mapping[str, Any], clips: ClipSet) -> Check:
    found, recorded = clips.ids(clips.train), model["config"]["clips"]
    if found == recorded:
        return Check("training clips", len(recorded), len(found))
    odd = sorted(set(found) ^ set(recorded))
    return Check("training clips", len(recorded), f"{len(found)}, other than {odd[0]}")


def _check_data(model: Mapping[str, Any], clips: ClipSet) -> list[Check]:
    # A model of ratings alone has no classes.
    learned = clips.classes if model["classes"] else ()
    return [
        Check("taxonomy", model["taxonomy"], clips.taxonomy),
        Check("classes", ", ".join(model["classes"]), ", ".join(learned)),
    ]


def _check_weights(model: Mapping[str, Any], trained: "TrainedModel", folder: Path) -> list[Check]:
    recorded = json.loads(model["metrics"])
    sha256 = save_weights(trained, folder / model["artifact"])
    return [
        Check("weights (SHA-256)", model["artifact_sha256"], sha256),
        *(
            Check(f"training {name}", recorded[name], value)
            for name, value in describe_training(trained).items()
            # Older records lack the CCC.
            if name in recorded
        ),
        *_check_history(recorded.get("history", {}), trained),
    ]


def _check_history(
    recorded: Mapping[str, Sequence[float | None]], trained: "TrainedModel"
) -> Iterator[Check]:
    """Yield what each epoch came to, as far as that was recorded."""
    for name, values in recorded.items():
        found = [getattr(epoch, name) for epoch in trained.history]
        for epoch, (then, now) in enumerate(zip_longest(values, found), start=1):
            yield Check(f"{name} of epoch {epoch}", then, now)


def _stored_figures(store: Warehouse, row: Mapping[str, Any]) -> dict[str, float]:
    metrics = queries.select_metrics(store, evaluation_id=row["evaluation_id"])
    return _name_figures(row, metrics)


def _judge_again(
    past: Warehouse, judge: "Callable[..., tuple[EvaluateResult, pa.Table]]", row: Mapping[str, Any]
) -> dict[str, float]:
    truth = row["truth"] or INTENDED
    result, _ = judge(past, truth=truth, corpus=row["corpus"], part=row["part"])
    (found,) = evaluation_rows(result).to_pylist()
    return _name_figures(found, metric_rows(result.evaluation_id, result.judgement.figures))


def _name_figures(row: Mapping[str, Any], metrics: pa.Table) -> dict[str, float]:
    """Return the figures of an evaluation by name; older rows have four and a matrix."""
    figures = {name: row[name] for name in ("clips", "uar", "uar_low", "uar_high", "war")}
    figures |= {f"confusion at {at}": count for at, count in enumerate(row["confusion"])}
    return figures | {
        f"{of['metric']} of {of['group_name']} {of['group_value']}, {end}": of[end]
        for of in metrics.to_pylist()
        for end in ("value", "low", "high")
    }


def _check_figures(
    evaluation_id: str, recorded: Mapping[str, float], found: Mapping[str, float]
) -> list[Check]:
    return [
        Check(f"{evaluation_id}: {name}", value, found.get(name))
        for name, value in recorded.items()
    ]


def _find_circumstances(model: Mapping[str, Any], settings: Settings) -> list[Check]:
    """Return what is not as it was when the model was trained, as far as that was recorded."""
    recorded = json.loads(model["metrics"]).get("environment", {})
    now = describe_environment(settings)
    checks = [Check("code", model["code_version"], code_version())]
    checks += [Check(name, value, now.get(name)) for name, value in recorded.items()]
    return [check for check in checks if not check.is_equal]
