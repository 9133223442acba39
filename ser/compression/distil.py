"""Distillation: a small network learns what a large one says of the same clips.

What a teacher says of clips it was trained on is nearly their labels, most of all a head that was
solved for; what it says of strangers is what a student should hear. `judge_by_others` therefore
asks, for each speaker, a teacher of the same kind that never heard them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from ser.audio.augment.record import Augmentation
from ser.compression.choice import Distillation
from ser.encoders.kernel_ridge import LayerStatistics, Matrix
from ser.encoders.ridge import fit_ridge
from ser.errors import ConfigurationError
from ser.metrics.posteriors import Posterior, check_posterior
from ser.models.parameters import CNN_ENSEMBLE, NetworkParameters
from ser.training.folds import speaker_folds
from ser.training.parameters import TrainingParameters

Student = Literal["small", "tiny"]

# With 64 bands and 8 classes `small` has 172k parameters, `tiny` 55k.
STUDENTS: Mapping[Student, NetworkParameters] = MappingProxyType(
    {
        "small": replace(
            CNN_ENSEMBLE, channels=(16, 32, 48, 60), embedding_size=56, members=2, centred=1
        ),
        "tiny": replace(
            CNN_ENSEMBLE, channels=(8, 16, 24, 32), embedding_size=32, members=2, centred=1
        ),
    }
)

# A patient student: blends and other voices, again and again, and no label smoothing, for the
# teacher says how sure to be.
STUDENT_TRAINING = TrainingParameters(
    loss="soft_label",
    epochs=24,
    ema=0.99,
    mixup=0.4,
    label_smoothing=0.0,
    augmentation=Augmentation(speed_factors=(), warp=1.0),
)


def find_student(name: str) -> NetworkParameters:
    """Return the network of a student.

    Args:
        name: A key of `STUDENTS`.

    Raises:
        ConfigurationError: If there is none of that name.

    Example:
        >>> find_student("small").members
        2
    """
    if name not in get_args(Student):
        raise ConfigurationError(
            f"`student` must be one of {', '.join(STUDENTS)}, but got `{name}`"
        )
    return STUDENTS[name]  # type: ignore[index]  # its names are the keys


def soften(posterior: Posterior, temperature: float) -> Matrix:
    """Return posteriors at a temperature, ``p^(1/T)`` scaled to sums of 1, ``(N, C)``.

    Args:
        posterior: ``(N, C)``, rows sum to 1.
        temperature: T > 0; above 1 all classes come closer.

    Example:
        >>> soften(np.array([[0.8, 0.2]]), 2.0).round(3).tolist()
        [[0.667, 0.333]]

    Reference:
        G. Hinton, O. Vinyals and J. Dean, "Distilling the knowledge in a neural network", NIPS
        Deep Learning Workshop 2014. https://arxiv.org/abs/1503.02531
    """
    truth = check_posterior("posterior", posterior)
    powers = truth ** (1 / temperature)
    softened: Matrix = powers / powers.sum(axis=1, keepdims=True)
    return softened


def set_aims(teacher: Posterior, labels: Posterior, settings: Distillation) -> Matrix:
    """Return what a student shall say of clips, ``(N, C)``, rows sum to 1.

    Args:
        teacher: What the teacher says, ``(N, C)``.
        labels: Their labels as posteriors, ``(N, C)``; zeros where a clip has none.
        settings: How far the teacher is trusted, and its temperature.

    Raises:
        ConfigurationError: If the shapes differ, or the teacher's rows are no posteriors.

    Example:
        >>> said, label = np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([[1.0, 0.0], [0.0, 0.0]])
        >>> set_aims(said, label, Distillation(trust=0.5)).tolist()
        [[0.75, 0.25], [0.5, 0.5]]
    """
    if teacher.shape != labels.shape:
        raise ConfigurationError(
            f"`labels` must have the shape of `teacher`, {teacher.shape}, but has {labels.shape}"
        )
    softened = soften(teacher, settings.temperature)
    mass = labels.sum(axis=1, keepdims=True, dtype=np.float64)
    share = np.where(mass > 0, settings.trust, 1.0)
    aims: Matrix = share * softened + (1 - share) * labels / np.where(mass > 0, mass, 1.0)
    return aims


def average_teachers(posteriors: Sequence[Posterior]) -> Matrix:
    """Return what several teachers say together, ``(N, C)``: their geometric mean.

    Args:
        posteriors: What each says, ``(N, C)``.

    Example:
        >>> average_teachers([np.array([[0.9, 0.1]]), np.array([[0.1, 0.9]])]).tolist()
        [[0.5, 0.5]]
    """
    smallest = np.finfo(np.float32).tiny
    logits = [np.log(np.maximum(posterior, smallest, dtype=np.float64)) for posterior in posteriors]
    averaged: Matrix = softmax(np.mean(logits, axis=0), axis=1)
    return averaged


def judge_by_others(
    versions: Sequence[LayerStatistics],
    targets: Posterior,
    speakers: Sequence[str],
    *,
    folds: int,
    seed: int = 0,
) -> list[npt.NDArray[np.float64]]:
    """Return what ridge heads say of training clips and their copies, none having heard them.

    For each fold of speakers a head is solved for on the clips of the others, with penalty and
    temperature chosen among these, and judges every version of the clips of the fold.

    Args:
        versions: The N clips, then copies of them, ``(N, L, 2·D)`` each.
        targets: P(class) of each clip, ``(N, C)``.
        speakers: Speaker of each clip, N names.
        folds: Number of folds, at least 2; fewer where there are fewer speakers.
        seed: Of the folds.

    Returns:
        The posteriors of each version, ``(N, C)``.

    Raises:
        ConfigurationError: If there are fewer than three speakers: a head needs two to choose by.

    Reference:
        T. Dao, G. M. Kamath, V. Syrgkanis and L. Mackey, "Knowledge distillation as
        semiparametric inference", ICLR 2021 (cross-fitting). https://arxiv.org/abs/2104.09732
    """
    people = len(set(speakers))
    if people < 3:
        raise ConfigurationError(
            f"`speakers` must be at least 3 people for teachers that never heard a clip, but are "
            f"{people}; ask the teacher itself with 0 `folds`"
        )
    said = [np.empty(targets.shape) for _ in versions]
    names = np.asarray(speakers)
    for fold in speaker_folds(list(speakers), min(folds, people), seed=seed):
        known = names[fold.train].tolist()
        head = fit_ridge(
            versions[0][fold.train],
            targets[fold.train],
            known,
            n_classes=targets.shape[1],
            n_folds=min(5, len(set(known))),
            seed=seed,
        )
        for posterior, version in zip(said, versions, strict=True):
            posterior[fold.test] = softmax(head.logits(version[fold.test]).astype(float), axis=1)
    return said
