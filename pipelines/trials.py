"""One trial of a search: train with a setting on inner folds, and judge on those left out."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa

from pipelines.choices import Recipe
from pipelines.clipset import FOLD_SEED, ClipSet
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.fitting import fit, make_plan
from pipelines.predicting import predict_clips
from pipelines.progress import SilentProgress
from pipelines.search_space import Value
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.errors import ConfigurationError
from ser.training.folds import Split, join_groups, speaker_folds
from warehouse import Warehouse

State = Literal["complete", "pruned", "failed"]
COMPLETE: State = "complete"
PRUNED: State = "pruned"
FAILED: State = "failed"
FEWEST_FOR_MEDIAN = 4


@dataclass(frozen=True)
class Trial:
    """One setting that was tried.

    Args:
        number: Its number in the study.
        state: `complete`, `pruned` for one that was given up early, or `failed`.
        parameters: Values by dotted name of the setting.
        fold_values: UAR on the dev speakers of each inner fold, as far as it got.
        reason: Why it was pruned or failed.
        seconds: How long it took.
    """

    number: int
    state: State
    parameters: Mapping[str, Value]
    fold_values: tuple[float, ...]
    reason: str | None
    seconds: float

    @property
    def objective(self) -> float | None:
        """The mean UAR over the inner folds; None unless complete."""
        return float(np.mean(self.fold_values)) if self.state == COMPLETE else None


@dataclass(frozen=True, eq=False)
class TrialJob:
    """A setting to try, and all that it takes, for a process of its own.

    Args:
        number: Number of the trial.
        parameters: Values by dotted name.
        settings: Settings with these values.
        clips: Clips of the corpus.
        folds: Inner folds over its training speakers; the dev part of each is judged.
        recipe: Network and training to start from.
        origin: See `pipelines.fitting.make_plan`.
        snapshot: Snapshot to read features from.
        medians: Median of the running mean after each fold over earlier trials, below which a
            trial is given up; empty for never.
        deadline: Unix time after which no trial is begun.
    """

    number: int
    parameters: Mapping[str, Value]
    settings: Settings
    clips: ClipSet
    folds: tuple[Split, ...]
    recipe: Recipe
    origin: Mapping[str, str | None]
    snapshot: int
    medians: tuple[float, ...]
    deadline: float | None

    @property
    def name(self) -> str:
        """What the job is about, for an error to say."""
        return f"trial {self.number}"


def deal_inner_folds(clips: ClipSet, corpus: pa.Table, count: int) -> tuple[Split, ...]:
    """Deal the training speakers into folds, always the same.

    Speakers who share a session or audio are never parted, and genders are spread evenly.

    Args:
        clips: Labelled clips, of which only the training part is dealt.
        corpus: Clips of the corpus, as `pipelines.clipset.corpus_clips` returns them.
        count: Number of folds; fewer speakers make fewer.

    Returns:
        Folds over the positions of `clips`, with a dev part in place of a test part.

    Raises:
        NothingToDoError: If there are fewer than two speakers, or a fold has no clip with a
            leading class.
    """
    row_of = {clip_id: row for row, clip_id in enumerate(corpus["clip_id"].to_pylist())}
    facts = corpus.take([row_of[clip_id] for clip_id in clips.ids(clips.train)])
    together = (facts["session"].to_pylist(), facts["audio"].to_pylist())
    speakers = clips.speakers[clips.train].tolist()
    apart = len(set(join_groups(speakers, *together).tolist())) if speakers else 0
    if apart < 2:
        raise NothingToDoError(
            f"a search needs two training speakers who share neither session nor audio, but "
            f"{apart} are left; hold fewer speakers out"
        )
    genders = facts["gender"].to_pylist()
    dealt = speaker_folds(
        speakers, min(count, apart), seed=FOLD_SEED, together=together, balance=genders
    )
    nobody = np.empty(0, dtype=np.int64)
    folds = tuple(Split(clips.train[of.train], clips.train[of.test], nobody) for of in dealt)
    for fold in folds:
        if not clips.decided(fold.dev).size:
            names = sorted(set(clips.speakers[fold.dev].tolist()))
            raise NothingToDoError(
                f"no clip of the speakers {names} has a leading class to be judged by; label "
                "more clips, or deal fewer folds"
            )
    return folds


def run_trial(job: TrialJob) -> Trial | None:
    """Train and judge on each inner fold in turn, as `serloop train` would without dev speakers.

    Nothing is chosen on the speakers judged: the weights are those of the last epoch.

    Args:
        job: What to try.

    Returns:
        The trial; None if it is too late to begin it.
    """
    if job.deadline is not None and time.time() >= job.deadline:
        return None
    started = time.monotonic()
    values: list[float] = []
    state, reason = COMPLETE, None
    with open_store(job.settings, snapshot=job.snapshot) as store:
        for fold in job.folds:
            try:
                values.append(judge_fold(store, job, fold))
            except NothingToDoError:
                raise
            except (ConfigurationError, PipelineError) as error:
                # A training that diverges, or values that contradict each other.
                state, reason = FAILED, str(error)
                break
            reason = find_hopeless(values, job.medians)
            if reason is not None:
                state = PRUNED
                break
    seconds = time.monotonic() - started
    return Trial(job.number, state, job.parameters, tuple(values), reason, seconds)


def judge_fold(store: Warehouse, job: TrialJob, fold: Split) -> float:
    """Return the UAR on the speakers that a fold leaves out.

    Args:
        store: The warehouse.
        job: What to try.
        fold: Positions to learn from and to judge.

    Raises:
        ConfigurationError: If the training diverges.
        PipelineError: If the values contradict each other.
        NothingToDoError: If a clip has no features.
    """
    from ser.metrics.classification import unweighted_average_recall  # noqa: PLC0415 - fast help

    nobody = np.empty(0, dtype=np.int64)
    clips = replace(job.clips, train=fold.train, dev=nobody, test=nobody)
    plan = make_plan(job.settings, clips, job.recipe, dict(job.origin), store)
    model = fit(store, job.settings, SilentProgress(), clips, plan)
    judged = clips.decided(fold.dev)
    said = predict_clips(store, plan.config, model, clips.ids(judged))
    truth = clips.targets[judged].argmax(axis=1)
    return unweighted_average_recall(truth, said.labels, len(clips.classes))


def running_means(values: Sequence[float]) -> list[float]:
    """Return the mean of the first, of the first two, and so on.

    Example:
        >>> running_means([0.5, 0.25])
        [0.5, 0.375]
    """
    return [float(np.mean(values[: done + 1])) for done in range(len(values))]


def find_hopeless(values: Sequence[float], medians: Sequence[float]) -> str | None:
    """Say why a trial is not worth going on with, if it is not.

    Args:
        values: UAR of its folds so far.
        medians: Median running mean of earlier trials after each fold but the last.

    Example:
        >>> find_hopeless([0.2], [0.3])
        'mean UAR 0.200 after 1 folds, below the median 0.300 of earlier trials'
        >>> find_hopeless([0.4], [0.3]), find_hopeless([0.2], [])
        (None, None)
    """
    done = len(values)
    if done > len(medians):
        return None
    mean, median = running_means(values)[-1], medians[done - 1]
    if mean >= median:
        return None
    return (
        f"mean UAR {mean:.3f} after {done} folds, below the median {median:.3f} of earlier trials"
    )


def median_means(trials: Sequence[Trial], folds: int) -> tuple[float, ...]:
    """Return the median running mean after each fold but the last, over complete trials.

    Args:
        trials: Earlier trials.
        folds: Number of inner folds.

    Returns:
        ``folds - 1`` medians; none as long as fewer than four trials are complete.
    """
    complete = [running_means(trial.fold_values) for trial in trials if trial.state == COMPLETE]
    if len(complete) < FEWEST_FOR_MEDIAN:
        return ()
    medians: list[float] = np.median([means[: folds - 1] for means in complete], axis=0).tolist()
    return tuple(medians)
