"""Teachers: which models a student may learn from, and what they say of clips and their copies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clipset import ClipSet, corpus_clips
from pipelines.compressing.copies import read_copies
from pipelines.duplicates import read_audio_groups
from pipelines.errors import PipelineError
from pipelines.feature_choice import ENCODER_KINDS
from pipelines.judged import require_classes, require_same_classes, require_unheard
from pipelines.models import load_weights
from pipelines.predicting import refuse_fusion
from pipelines.progress import Progress
from pipelines.settings import Settings
from ser.compression.choice import Distillation
from ser.training.folds import Split, check_audio_together
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.features.ragged import RaggedFeatures
    from ser.features.record import FeatureSet
    from ser.models.trained import TrainedModel

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a student is taught with, once for the labelled clips and once for the others.

    Args:
        clip_ids: N ascending ids.
        labels: P(class), float64 ``(N, C)``; zeros for clips without a label.
        speakers: Speaker of each clip; empty where it does not matter.
    """

    clip_ids: tuple[str, ...]
    labels: Matrix
    speakers: tuple[str, ...] = ()


def copies_folder(settings: Settings) -> Path:
    """Return where what encoders say of copies is kept; it may be removed at any time."""
    return settings.home / "cache" / "copies"


def require_strangers(
    store: Warehouse, teacher: Mapping[str, Any], corpus: str, clips: ClipSet
) -> None:
    """Refuse a teacher that predicts something else, or has heard who shall test the student.

    Args:
        store: The warehouse.
        teacher: A row from `pipelines.models.require_model`.
        corpus: Corpus of the clips.
        clips: What the student learns from, and who is held out.

    Raises:
        PipelineError: If its classes differ, or it has none.
        LeakageError: If it learned from a clip, the speaker or the audio of a clip held out.
    """
    require_classes(teacher)
    refuse_fusion(teacher, "be a teacher")
    is_own = teacher["config"]["corpus"] == corpus
    require_same_classes(teacher, clips, is_mapped_alike=is_own)
    everything = corpus_clips(store, corpus)
    for part, speakers in (("test", clips.test_speakers), ("dev", clips.dev_speakers)):
        held_out = everything.filter(
            pc.is_in(everything["speaker"], pa.array(speakers, pa.string()))
        )
        if held_out.num_rows:
            require_unheard(store, teacher, held_out, "test" if part == "test" else "dev")


def list_unlabelled(
    store: Warehouse, corpora: Sequence[str], corpus: str, clips: ClipSet
) -> list[str]:
    """Return the clips of other corpora that the student may hear, in order of their ids.

    Args:
        store: The warehouse.
        corpora: Their names; the empty list for none.
        corpus: Corpus of `clips`.
        clips: What it learns from besides, and who is held out.

    Raises:
        PipelineError: If one is the student's own corpus, whose other clips are held out.
        LeakageError: If they share audio with a clip that is held out.
        NothingToDoError: If a corpus was not ingested.
    """
    if corpus in corpora:
        raise PipelineError(
            f"`unlabelled` names `{corpus}`, the corpus the student is taught and tested on; name "
            "other corpora"
        )
    tables = [corpus_clips(store, name) for name in dict.fromkeys(corpora)]
    found = sorted(clip for table in tables for clip in table["clip_id"].to_pylist())
    held_out = clips.ids(np.concatenate([clips.test, clips.dev]))
    ids = [*found, *held_out]
    split = Split(
        train=np.arange(len(found)), dev=np.empty(0, np.int64), test=np.arange(len(found), len(ids))
    )
    check_audio_together(ids, [None] * len(ids), read_audio_groups(store, ids), split)
    return found


class Hearing:
    """Features of clips and their copies, computed once for all who read the same.

    Args:
        store: The warehouse.
        progress: Where progress is shown.
        folder: Where what encoders say of copies is kept, see `copies_folder`.
    """

    def __init__(self, store: Warehouse, progress: Progress, folder: Path) -> None:
        self._store = store
        self._progress = progress
        self._folder = folder
        self._heard: dict[tuple[str, tuple[str, ...], float], RaggedFeatures] = {}

    def hear(
        self, features: "FeatureSet", clip_ids: tuple[str, ...], speeds: Sequence[float]
    ) -> "list[RaggedFeatures]":
        """Return features of clips as they are, then of their copies at each speed.

        Args:
            features: The feature set.
            clip_ids: Ascending ids.
            speeds: Of the copies.
        """
        return [self._once(features, clip_ids, speed) for speed in (1.0, *speeds)]

    def _once(
        self, features: "FeatureSet", clip_ids: tuple[str, ...], speed: float
    ) -> "RaggedFeatures":
        name = (features.feature_set, clip_ids, speed)
        if name not in self._heard:
            self._heard[name] = read_copies(
                self._store, self._progress, features, clip_ids, speed=speed, folder=self._folder
            )
        return self._heard[name]


def ask_teachers(
    hearing: Hearing,
    settings: Settings,
    teachers: Sequence[Mapping[str, Any]],
    lessons: Sequence[Lesson],
    *,
    choice: Distillation,
) -> list[list[Matrix]]:
    """Return what teachers say together of each lesson's clips, and of their copies.

    Args:
        hearing: Where features come from.
        settings: Where weights lie, and the seed.
        teachers: Rows from `require_model`.
        lessons: The labelled clips first, then those without labels, if any.
        choice: Copies and folds.

    Returns:
        For each lesson the posteriors ``(N, C)`` of the clips, then of their copies at each speed,
        or those of the clips alone where copies are not judged.
    """
    from ser.compression.distil import average_teachers  # noqa: PLC0415 - these load torch

    said = [_ask(hearing, settings, row, lessons, choice=choice) for row in teachers]
    return [
        [average_teachers(posteriors) for posteriors in zip(*of_lesson, strict=True)]
        for of_lesson in zip(*said, strict=True)
    ]


def _ask(
    hearing: Hearing,
    settings: Settings,
    teacher: Mapping[str, Any],
    lessons: Sequence[Lesson],
    *,
    choice: Distillation,
) -> list[list[Matrix]]:
    from ser.compression.distil import judge_by_others  # noqa: PLC0415 - these load torch
    from ser.encoders.ridge_model import layer_statistics  # noqa: PLC0415
    from ser.features.registry import rebuild_features  # noqa: PLC0415
    from ser.inference.predictor import predict  # noqa: PLC0415

    features = rebuild_features(teacher["config"]["features"])
    model = load_weights(settings, dict(teacher))
    is_solved = teacher["config"].get("solver") == "ridge" and choice.folds > 0
    speeds = choice.speeds if choice.judges_copies else ()
    found = []
    for lesson in lessons:
        versions = hearing.hear(features, lesson.clip_ids, speeds)
        if is_solved and lesson.speakers:
            statistics = [layer_statistics(version) for version in versions]
            labels, speakers, seed = lesson.labels, lesson.speakers, settings.training.seed
            found.append(
                judge_by_others(statistics, labels, speakers, folds=choice.folds, seed=seed)
            )
        else:
            found.append([predict(model, of).posterior.astype(np.float64) for of in versions])
    return found


def count_teacher(settings: Settings, teacher: Mapping[str, Any]) -> int:
    """Return the parameters that it takes to use a teacher, those of its frozen encoder too.

    Args:
        settings: Where weights lie.
        teacher: A row from `require_model`.
    """
    from ser.models.build import count_parameters  # noqa: PLC0415 - these load torch

    model: TrainedModel = load_weights(settings, dict(teacher))
    own = count_parameters(model.network)
    parameters = teacher["config"]["features"]
    if parameters["kind"] not in ENCODER_KINDS:
        return own
    from ser.encoders.pretrained import load_encoder  # noqa: PLC0415 - takes seconds

    encoder = load_encoder(parameters["model"]).network
    return own + sum(weights.numel() for weights in encoder.parameters())
