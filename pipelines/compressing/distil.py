"""Distil: a small model learns what larger ones say, of clips that have labels and that have none.

The student is a model like any other, whose `parent` is its teacher: it is evaluated, compared,
gated and made again as all are.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.compressing.student import fit_student, plan_student
from pipelines.compressing.teachers import count_teacher, require_strangers
from pipelines.model_record import record_model, select_recorded_clips
from pipelines.models import find_model, require_model
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.compression.choice import Distillation


@dataclass(frozen=True)
class DistilResult:
    """A student.

    Args:
        model_id: Names it in the warehouse.
        teachers: Models it learned from; the first is its parent.
        clips: Clips with a label that it learned from.
        unlabelled: Clips without one.
        copies: Copies of each that it heard besides.
        test_speakers: Speakers that neither it nor its teachers ever met.
        teacher_parameters: Parameters of all teachers, frozen encoders included.
        parameters: Its own.
        epochs: Passes over clips and copies.
        dev_uar: Best UAR on development speakers, if there were any.
        artifact: File of the weights.
        is_new: False when the same model was there already.
        seconds: Wall time.
    """

    model_id: str
    teachers: tuple[str, ...]
    clips: int
    unlabelled: int
    copies: int
    test_speakers: tuple[str, ...]
    teacher_parameters: int
    parameters: int
    epochs: int
    dev_uar: float | None
    artifact: str
    is_new: bool
    seconds: float

    def rows(self) -> Sequence[Row]:
        """Return one row per student."""
        return [
            {
                "model_id": self.model_id,
                "teacher": ", ".join(self.teachers),
                "clips": self.clips,
                "unlabelled": self.unlabelled,
                "copies": self.copies,
                "held_out": len(self.test_speakers),
                "parameters": self.parameters,
                "times_smaller": round(self.teacher_parameters / self.parameters, 1),
                "epochs": self.epochs,
                "dev_uar": self.dev_uar,
                "new": "yes" if self.is_new else "no",
                "seconds": round(self.seconds, 1),
            }
        ]


def distil(
    settings: Settings,
    progress: Progress,
    *,
    teachers: tuple[str, ...],
    student: str = "small",
    choice: Distillation | None = None,
    unlabelled: tuple[str, ...] = (),
) -> DistilResult:
    """Train a small network on what teachers say of clips, their copies and unlabelled clips.

    It learns from the training clips of the first teacher, whose test and dev speakers it is
    kept from too. The same data, settings, seed and code give the same student.

    Args:
        settings: Training settings, which override those of students; features of the student.
        progress: Where progress is shown.
        teachers: Ids of one model or of several that judge together, in the same classes.
        student: Name of its network, see `ser.compression.distil.STUDENTS`.
        choice: Temperature, trust, copies and folds; None for the defaults.
        unlabelled: Other corpora, whose clips it learns from the teachers alone.

    Returns:
        The student's id and size.

    Raises:
        PipelineError: If a model is unknown, teachers predict other classes, the student is
            larger than `compression.student_parameters`, or settings contradict each other.
        LeakageError: If a teacher, or the student by an unlabelled clip, would have heard who is
            held out.
        NothingToDoError: If a clip has no features that a teacher or the student reads.
        ConfigurationError: If there is no such student, or a number is out of range.
    """
    started = time.monotonic()
    with open_store(settings) as store:
        rows = [require_model(store, teacher) for teacher in dict.fromkeys(teachers)]
        clips = select_recorded_clips(store, rows[0])
        for row in rows:
            require_strangers(store, row, rows[0]["config"]["corpus"], clips)
        plan = plan_student(
            store,
            settings,
            clips,
            rows,
            student=student,
            choice=choice,
            unlabelled=unlabelled,
        )
        known = find_model(store, plan.model_id)
        is_new = known is None or not plan.artifact(settings).is_file()
        if known is None or is_new:
            snapshot = store.snapshot
            model = fit_student(store, settings, progress, clips, plan)
            known = record_model(
                store,
                settings,
                clips,
                plan,
                model,
                snapshot=snapshot,
                verb="distil",
                parent=rows[0]["model_id"],
            )
    metrics = json.loads(known["metrics"])
    return DistilResult(
        model_id=plan.model_id,
        teachers=tuple(row["model_id"] for row in rows),
        clips=len(clips.train),
        unlabelled=len(plan.config["distil"]["clips"]),
        copies=len(plan.config["distil"]["speeds"]),
        test_speakers=clips.test_speakers,
        teacher_parameters=sum(count_teacher(settings, row) for row in rows),
        parameters=metrics["parameters"],
        epochs=metrics["epochs"],
        dev_uar=metrics["dev_uar"],
        artifact=str(plan.artifact(settings)),
        is_new=is_new,
        seconds=time.monotonic() - started,
    )
