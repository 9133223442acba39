"""Students: how one is planned from its teachers, and trained on what they say."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines.clipset import ClipSet, read_features
from pipelines.compressing.teachers import (
    Hearing,
    Lesson,
    ask_teachers,
    copies_folder,
    list_unlabelled,
)
from pipelines.errors import PipelineError
from pipelines.feature_choice import chosen_features
from pipelines.fitting import Plan
from pipelines.identity import code_version, digest
from pipelines.models import require_model
from pipelines.progress import Progress
from pipelines.settings import Settings
from pipelines.training_choice import AUGMENTATION_SETTINGS, SOFT_LOSS, TRAINER_SETTINGS
from ser.compression.choice import Distillation
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.features.ragged import RaggedFeatures
    from ser.models.parameters import NetworkParameters
    from ser.models.trained import EpochSummary, TrainedModel
    from ser.training.parameters import TrainingParameters

STUDENT_FEATURES = "log_mel"
# What was asked of the teacher's labels is asked of the student's.
LABEL_OPTIONS = ("taxonomy", "mapping", "rules", "targets")


def plan_student(
    store: Warehouse,
    settings: Settings,
    clips: ClipSet,
    teachers: Sequence[dict[str, Any]],
    *,
    student: str,
    choice: Distillation | None,
    unlabelled: Sequence[str],
) -> Plan:
    """Name a distillation by its content.

    Args:
        store: The warehouse.
        settings: Training and feature settings, and how large a student may be.
        clips: What it learns from.
        teachers: Rows from `require_model`.
        student: Name of its network.
        choice: Temperature, trust, copies and folds; None for the defaults.
        unlabelled: Other corpora to hear.
    """
    from ser.compression.distil import find_student  # noqa: PLC0415 - loads torch

    features = chosen_features(settings, STUDENT_FEATURES)
    network, training = find_student(student), chosen_student_training(settings)
    _require_small(settings, network, len(clips.classes), features.bands)
    first = teachers[0]["config"]
    config = {
        "corpus": first["corpus"],
        "labels": first["labels"],
        "round_id": None,
        "arm": None,
        **{name: first[name] for name in LABEL_OPTIONS if name in first},
        "distil": {
            "teachers": {row["model_id"]: row["artifact_sha256"] for row in teachers},
            **asdict(choice or Distillation()),
            "clips": list_unlabelled(store, unlabelled, first["corpus"], clips),
        },
        "test_speakers": list(clips.test_speakers),
        "dev_speakers": list(clips.dev_speakers),
        "features": features.parameters,
        "network": asdict(network),
        "training": asdict(training),
        "seed": settings.training.seed,
        "clips": clips.ids(clips.train),
    }
    # The clips' labels are part of the name, as they are of any model's.
    name = digest(config, clips.targets[clips.train].tolist(), code_version())
    return Plan(f"{first['corpus']}-{name}", config, features, network, training)


def chosen_student_training(settings: Settings) -> "TrainingParameters":
    """Return how a student is trained: as `STUDENT_TRAINING`, where settings say nothing else.

    Args:
        settings: Settings of training and augmentation.

    Raises:
        PipelineError: If another loss is set than the one that learns posteriors.
    """
    from ser.compression.distil import STUDENT_TRAINING  # noqa: PLC0415 - these load torch
    from ser.devices import choose_device  # noqa: PLC0415

    if settings.training.loss not in {None, SOFT_LOSS}:
        raise PipelineError(
            f"`training.loss` is `{settings.training.loss}`, but a student learns posteriors, "
            f"which takes `{SOFT_LOSS}`; leave it unset"
        )
    given = settings.training.overrides(*TRAINER_SETTINGS)
    if settings.training.device is not None:
        given["device"] = choose_device(settings.training.device)
    drawn = settings.augmentation.overrides(*AUGMENTATION_SETTINGS)
    augmentation = replace(STUDENT_TRAINING.augmentation, **drawn)
    return replace(STUDENT_TRAINING, augmentation=augmentation, **given)


def fit_student(
    store: Warehouse,
    settings: Settings,
    progress: Progress,
    clips: ClipSet,
    plan: Plan,
    *,
    keeps_state: bool = True,
) -> "TrainedModel":
    """Ask the teachers, and train the student on what they say.

    Args:
        store: The warehouse.
        settings: Where the teachers' weights are, and where an unfinished training is kept.
        progress: Where progress is shown.
        clips: What it learns from.
        plan: From `plan_student`, or as a model's row tells it.
        keeps_state: Whether a training that is killed can go on, if settings let it.

    Raises:
        PipelineError: If a teacher is gone.
        ArtifactError: If its weights are not those that taught the first time.
    """
    from ser.compression.distil import set_aims  # noqa: PLC0415 - these load torch
    from ser.features.ragged import RaggedFeatures  # noqa: PLC0415
    from ser.threads import use_threads  # noqa: PLC0415

    use_threads(settings.compute.threads)
    told = plan.config["distil"]
    choice = Distillation(
        temperature=told["temperature"],
        trust=told["trust"],
        speeds=tuple(told["speeds"]),
        judges_copies=told["judges_copies"],
        folds=told["folds"],
    )
    teachers = [
        {**require_model(store, name), "artifact_sha256": sha256}
        for name, sha256 in told["teachers"].items()
    ]
    lessons = _read_lessons(clips, told["clips"])
    hearing = Hearing(store, progress, copies_folder(settings))
    said = ask_teachers(hearing, settings, teachers, lessons, choice=choice)
    sounds, aims = [], []
    for lesson, posteriors in zip(lessons, said, strict=True):
        heard = hearing.hear(plan.features, lesson.clip_ids, choice.speeds)
        told_of = posteriors if choice.judges_copies else posteriors * len(heard)
        for version, posterior in zip(heard, told_of, strict=True):
            sounds += list(version)
            aims.append(set_aims(posterior, lesson.labels, choice))
    features = RaggedFeatures.from_list(sounds)
    if not keeps_state:
        kept = settings.training.model_copy(update={"resume": False})
        settings = settings.model_copy(update={"training": kept})
    return _train(
        store, settings, progress, clips, plan, features=features, aims=np.concatenate(aims)
    )


def _train(
    store: Warehouse,
    settings: Settings,
    progress: Progress,
    clips: ClipSet,
    plan: Plan,
    *,
    features: "RaggedFeatures",
    aims: npt.NDArray[np.float64],
) -> "TrainedModel":
    from ser.features.spectral import LogMel  # noqa: PLC0415 - these load torch
    from ser.training.dataset import DevClips  # noqa: PLC0415
    from ser.training.loop import train_classifier  # noqa: PLC0415

    judged = clips.decided(clips.dev)
    dev = None
    if judged.size:
        heard = read_features(store, plan.features.feature_set, clips.ids(judged))
        dev = DevClips(heard, clips.targets[judged].argmax(axis=1))
    epochs = plan.training.count_epochs(len(features))
    tracked = progress.track(f"train on {len(features)} clips and copies", epochs, "epochs")
    with tracked as advance:

        def tell(epoch: "EpochSummary") -> None:
            advance(note=f"loss {epoch.loss:.3f}, {epoch.clips_per_s:.0f} clips/s")

        return train_classifier(
            features,
            aims,
            classes=clips.classes,
            feature_set=plan.features.feature_set,
            sample_rate=plan.features.sample_rate,
            log_mel=plan.features if isinstance(plan.features, LogMel) else None,
            dev=dev,
            model=plan.network,
            training=plan.training,
            seed=settings.training.seed,
            state=plan.state(settings) if settings.training.resume else None,
            on_epoch=tell,
        )


def _read_lessons(clips: ClipSet, unlabelled: Sequence[str]) -> list[Lesson]:
    """Return the labelled clips as a lesson, and those without a label as another."""
    targets = clips.targets[clips.train].astype(np.float64)
    labels = targets / targets.sum(axis=1, keepdims=True)
    speakers = tuple(clips.speakers[clips.train].tolist())
    lessons = [Lesson(tuple(clips.ids(clips.train)), labels, speakers)]
    if unlabelled:
        nothing = np.zeros((len(unlabelled), len(clips.classes)))
        lessons.append(Lesson(tuple(unlabelled), nothing))
    return lessons


def _require_small(
    settings: Settings, network: "NetworkParameters", classes: int, bands: int
) -> None:
    from ser.models.build import build_network, count_parameters  # noqa: PLC0415 - loads torch

    found = count_parameters(build_network(network, n_classes=classes, n_bands=bands))
    if found > settings.compression.student_parameters:
        raise PipelineError(
            f"the student has {found} parameters, but `compression.student_parameters` allows "
            f"{settings.compression.student_parameters}; choose a smaller one, or allow more"
        )
