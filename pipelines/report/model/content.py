"""Everything a model's page shows, as frozen records that know nothing of the warehouse."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.report.content import ConfusionRows, Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingHistory:
    """How a training went.

    Args:
        loss: mean training loss of each epoch, at least one.
        dev_uar: UAR on the development speakers after each epoch; None without any.
        best_epoch: the epoch whose weights were kept, from 1.
        dev_ccc: mean CCC of ratings on them after each epoch; None where nothing was rated, empty
            where an older version recorded none.
        is_solved: True when its weights were solved for at once, which counts as an epoch.
    """

    loss: tuple[float, ...]
    dev_uar: tuple[float | None, ...]
    best_epoch: int
    dev_ccc: tuple[float | None, ...] = ()
    is_solved: bool = False

    @property
    def is_judged(self) -> bool:
        """Whether development speakers judged the epochs."""
        return any(score is not None for score in (*self.dev_uar, *self.dev_ccc))


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingView:
    """How close the ratings of one dimension come to people's.

    Args:
        dimension: such as `arousal`.
        clips: clips that people rated.
        ccc: concordance correlation, in [-1, 1]; NaN if undefined.
        ccc_low: lower end of its interval; NaN if undefined.
        ccc_high: upper end of its interval; NaN if undefined.
        pearson: Pearson's correlation; NaN if undefined.
        rmse: root mean square error, in the unit of the ratings.
        mae: mean absolute error, in the same unit.
    """

    dimension: str
    clips: int
    ccc: float
    ccc_low: float
    ccc_high: float
    pearson: float
    rmse: float
    mae: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationView:
    """What one evaluation found.

    Args:
        title: what it was judged on, in words.
        clips: clips judged.
        speakers: their speakers.
        uar: unweighted average recall, in [0, 1]; NaN for ratings alone.
        uar_low: lower end of its interval; NaN if undefined.
        uar_high: upper end of its interval; NaN if undefined.
        war: weighted average recall.
        classes: C class names; none for ratings alone.
        confusion: (C, C) counts, rows = truth.
        ratings: its rated dimensions; none for classes alone.
    """

    title: str
    clips: int
    speakers: int
    uar: float
    uar_low: float
    uar_high: float
    war: float
    classes: tuple[str, ...]
    confusion: ConfusionRows
    ratings: tuple[RatingView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectiveView:
    """How right a model is about some share of the clips, those it is surest of.

    Args:
        answered: share of the clips, in (0, 1].
        accuracy: share of those that are right.
        low: lower end of its interval; NaN if undefined.
        high: upper end of its interval; NaN if undefined.
    """

    answered: float
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseView:
    """What a calibration promised, and what became of it on the test speakers.

    Args:
        name: what thresholds differ by and how they were chosen, in words.
        group: the speakers; `all` for every one.
        promised: share of sets that shall hold the right class.
        coverage: share that does, each speaker counted alike.
        low: lower end of its interval; NaN if undefined.
        high: upper end of its interval; NaN if undefined.
        set_size: mean number of classes in a set.
        answered: share of sets of exactly one class.
    """

    name: str
    group: str
    promised: float
    coverage: float
    low: float
    high: float
    set_size: float
    answered: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtView:
    """What a model is worth when it may say that it is not sure.

    Args:
        clips: test clips.
        speakers: their speakers.
        curve: by share answered, ascending, at least two.
        aurc: area under the curve of risk over the share answered, 0 at best.
        aurc_low: lower end of its interval; NaN if undefined.
        aurc_high: upper end of its interval; NaN if undefined.
        excess: what it is above that of the same answers in the best order.
        promises: its calibrations, those of groups after all.
    """

    clips: int
    speakers: int
    curve: tuple[SelectiveView, ...]
    aurc: float
    aurc_low: float
    aurc_high: float
    excess: float
    promises: tuple[PromiseView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelContent:
    """Everything the page of a model shows.

    Args:
        generated_from: the model, its snapshot, seed, code and configuration.
        corpus_title: what it learned from, in words.
        is_synthetic: True when the speech was generated by code.
        labels: where its labels came from.
        taxonomy: name of the class list.
        train_clips: clips it learned from.
        test_speakers: speakers it was kept from.
        history: its training; None where an older version recorded none.
        evaluations: what it is worth; empty before the first evaluation.
        parameters: names and values of its network and training, in order.
        doubt: what it is worth when it may be unsure; None before its test speakers were judged.
        unlabelled_clips: clips it heard without their labels.
        unlabelled_title: what these are of, in words; empty without any.
    """

    generated_from: Provenance
    corpus_title: str
    is_synthetic: bool
    labels: str
    taxonomy: str
    train_clips: int
    test_speakers: int
    history: TrainingHistory | None
    evaluations: tuple[EvaluationView, ...]
    parameters: tuple[tuple[str, str], ...]
    doubt: DoubtView | None = None
    unlabelled_clips: int = 0
    unlabelled_title: str = ""

    @property
    def has_ratings(self) -> bool:
        """Whether an evaluation judges ratings."""
        return any(view.ratings for view in self.evaluations)
