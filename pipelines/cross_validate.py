"""Cross-validate: every speaker of a corpus is judged by a model that never met them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.choices import Recipe
from pipelines.clipset import INTENDED, corpus_clips
from pipelines.errors import PipelineError
from pipelines.evaluate import evaluate
from pipelines.fold_plan import Dealing, Fold, plan_folds
from pipelines.judged import read_judgement, select_judged
from pipelines.judgement import without_nan
from pipelines.labels import Targets
from pipelines.models import require_model
from pipelines.progress import Progress, SilentProgress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.spread import start_jobs
from pipelines.train import train
from pipelines.workspace import open_store
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.metrics.bootstrap import Interval
    from ser.metrics.statistic import FloatArray, SummedStatistic

POOLED = "all"
MEAN = "mean"


@dataclass(frozen=True)
class FoldJob:
    """One fold with one seed, to be trained and judged in a process of its own.

    Args:
        settings: Settings with that seed.
        fold: Who is held out.
        parameters: What else `train` is told.
        truth: The labels it is judged by.
    """

    settings: Settings
    fold: Fold
    parameters: dict[str, Any]
    truth: str

    @property
    def name(self) -> str:
        """What the job is about, for an error to say."""
        return f"fold {self.fold.name}, seed {self.settings.training.seed}"


@dataclass(frozen=True)
class Score:
    """The UAR of one fold, of all folds together, or of the mean over seeds.

    Args:
        fold: Name of the fold; `all` for every clip of all folds together.
        seed: Seed of the models; `mean` for the mean over seeds.
        model_id: The model; None where there are several.
        clips: Clips judged.
        speakers: Their speakers.
        uar: Unweighted average recall.
        uar_low: Lower end of its 95 % interval, speakers resampled.
        uar_high: Upper end.
        war: Weighted average recall, the accuracy.
    """

    fold: str
    seed: str
    model_id: str | None
    clips: int
    speakers: int
    uar: float
    uar_low: float
    uar_high: float
    war: float


@dataclass(frozen=True)
class CrossValidateResult:
    """How well a way of training does on all speakers of a corpus.

    Args:
        corpus: The corpus.
        labels: What the models learned from.
        truth: What they were judged by.
        folds: Number of folds.
        scores: One per fold and seed, then one per seed over all folds, then the mean over seeds.
    """

    corpus: str
    labels: str
    truth: str
    folds: int
    scores: tuple[Score, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per score."""
        return [asdict(score) for score in self.scores]

    def fold_means(self) -> list[float]:
        """Return the mean UAR over folds of each seed, as publications report it."""
        scores = [score for score in self.scores if score.fold != POOLED]
        seeds = dict.fromkeys(score.seed for score in scores)
        return [
            float(np.mean([score.uar for score in scores if score.seed == seed])) for seed in seeds
        ]

    def sentence(self) -> str:
        """Say what to report."""
        means, whole = self.fold_means(), self.scores[-1]
        spread = f" ± {np.std(means, ddof=1):.3f}" if len(means) > 1 else ""
        seeds = f"over {len(means)} seeds, mean ± sd" if spread else "of one seed"
        return (
            f"mean UAR of {self.folds} folds {np.mean(means):.3f}{spread} ({seeds}); all folds "
            f"together {whole.uar:.3f} [{whole.uar_low:.3f}, {whole.uar_high:.3f}] over "
            f"{whole.speakers} speakers and {whole.clips} clips"
        )

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        scores = [without_nan(asdict(score)) for score in self.scores]
        means = self.fold_means()
        spread = float(np.std(means, ddof=1)) if len(means) > 1 else None
        summary = {"mean_uar": float(np.mean(means)), "sd_uar": spread}
        return {**asdict(self), **summary, "scores": scores, "sentence": self.sentence()}


def cross_validate(
    settings: Settings,
    progress: Progress,
    *,
    corpus: str,
    dealing: Dealing | None = None,
    seeds: tuple[int, ...] = (0,),
    labels: str = INTENDED,
    truth: str | None = None,
    taxonomy: str | None = None,
    targets: Targets | None = None,
    recipe: Recipe = "full",
) -> CrossValidateResult:
    """Train a model for each fold and seed, and judge every speaker by one that never met them.

    Folds run side by side, each in a process of its own, and every model is recorded as `train`
    does: a run that was killed goes on where it stopped.

    Args:
        settings: Training settings; its seed gives way to `seeds`.
        progress: Where progress is shown.
        corpus: Corpus to learn from and to test on.
        dealing: How speakers are dealt into folds; None for five folds.
        seeds: Seeds to train every fold with.
        labels: `intended`, or the id of a consensus run.
        truth: What to judge by; None for `labels`.
        taxonomy: Taxonomy to learn, see `train`.
        targets: `hard` or `soft`, see `train`.
        recipe: `full` or `round`, see `train`.

    Returns:
        UAR per fold and over all folds together, with intervals over speakers.

    Raises:
        PipelineError: If a seed is named twice or none, a speaker is unknown, or ratings alone
            are learned.
        LeakageError: If folds part a speaker, a session or audio.
        NothingToDoError: If a fold has nothing to learn from or to test.
    """
    if not seeds or len(set(seeds)) < len(seeds):
        raise PipelineError(f"`seeds` must name each seed once and at least one, got {list(seeds)}")
    if not settings.training.classes:
        raise PipelineError(
            "a cross-validation judges by UAR, but `training.classes` is false; learn ratings "
            "beside classes (`training.ratings`), or train and evaluate one fold at a time"
        )
    with open_store(settings) as store:
        planned = plan_folds(corpus_clips(store, corpus), dealing or Dealing())
    asked = {"labels": labels, "taxonomy": taxonomy, "targets": targets, "recipe": recipe}
    jobs = [
        FoldJob(_with_seed(settings, seed), fold, {"corpus": corpus, **asked}, truth or labels)
        for seed in seeds
        for fold in planned
    ]
    scores = _run(jobs, settings, progress)
    with open_store(settings) as store:
        pooled = _pool(store, scores, truth or labels)
    return CrossValidateResult(
        corpus=corpus,
        labels=labels,
        truth=truth or labels,
        folds=len(planned),
        scores=(*scores, *pooled),
    )


def train_fold(job: FoldJob) -> Score:
    """Train and judge the model of one fold.

    Args:
        job: The fold.

    Raises:
        Exception: Whatever stopped it, with a note that names the fold.
    """
    from ser.threads import use_threads  # noqa: PLC0415 - loads torch

    use_threads(job.settings.compute.threads)
    silent = SilentProgress()
    try:
        model = train(
            job.settings,
            silent,
            test_speakers=job.fold.test_speakers,
            dev_speakers=job.fold.dev_speakers,
            **job.parameters,
        )
        found = evaluate(job.settings, silent, model_id=model.model_id, truth=job.truth)
    except Exception as error:
        error.add_note(f"in {job.name}")
        raise
    uar = found.figure("uar")
    return Score(
        fold=job.fold.name,
        seed=str(job.settings.training.seed),
        model_id=model.model_id,
        clips=uar.clips,
        speakers=uar.speakers,
        uar=uar.value,
        uar_low=uar.low,
        uar_high=uar.high,
        war=found.figure("war").value,
    )


def _with_seed(settings: Settings, seed: int) -> Settings:
    # A worker process may have been started in another folder.
    home = settings.home.resolve()
    training = settings.training.model_copy(update={"seed": seed})
    return settings.model_copy(update={"training": training, "home": home})


def _run(jobs: Sequence[FoldJob], settings: Settings, progress: Progress) -> list[Score]:
    scores = []
    with (
        progress.track(f"train {len(jobs)} models", len(jobs), "models") as advance,
        start_jobs(train_fold, jobs, settings.compute, count=len(jobs)) as outcomes,
    ):
        for score in outcomes:
            scores.append(score)
            advance(note=f"fold {score.fold}, seed {score.seed}: UAR {score.uar:.3f}")
    return scores


def _pool(store: Warehouse, scores: Sequence[Score], truth: str) -> list[Score]:
    """Return the scores of all folds together: of each seed, and the mean of the seeds."""
    from ser.metrics.bootstrap import bootstrap_metrics  # noqa: PLC0415 - keeps help fast

    statistics, pooled = [], []
    speakers: list[str] = []
    for seed, members in groupby(scores, lambda score: score.seed):
        statistic, speakers = _join_folds(store, [str(of.model_id) for of in members], truth)
        statistics.append(statistic)
        pooled.append(_score(seed, bootstrap_metrics(statistic, speakers), speakers))
    if len(statistics) > 1:
        mean = bootstrap_metrics(_mean_of(statistics), speakers)
        pooled.append(_score(MEAN, mean, speakers))
    return pooled


def _join_folds(
    store: Warehouse, model_ids: Sequence[str], truth: str
) -> "tuple[SummedStatistic, list[str]]":
    """Return what the models of all folds say, in clip-id order, and the speaker of each clip."""
    from ser.metrics.classification import classification_statistic  # noqa: PLC0415 - fast help

    said: dict[str, tuple[int, int, str]] = {}
    classes: tuple[str, ...] = ()
    for model_id in model_ids:
        model = require_model(store, model_id)
        judged = select_judged(store, model, truth=truth).decided()
        clips, posterior = read_judgement(store, model, judged)
        predicted = posterior.argmax(axis=1).tolist()
        told = zip(clips.labels.tolist(), predicted, clips.speakers, strict=True)
        said |= dict(zip(clips.clip_ids, told, strict=True))
        classes = clips.classes
    labels, predictions, speakers = zip(*(said[clip] for clip in sorted(said)), strict=True)
    statistic = classification_statistic(np.array(labels), np.array(predictions), classes)
    return statistic, list(speakers)


def _mean_of(statistics: "Sequence[SummedStatistic]") -> "SummedStatistic":
    """Return the mean of the same metrics over seeds, to be resampled on the same speakers."""
    from ser.metrics.statistic import SummedStatistic  # noqa: PLC0415 - keeps help fast

    finish = partial(_finish_mean, statistics=statistics)
    return SummedStatistic(statistics[0].names, np.hstack([of.rows for of in statistics]), finish)


def _finish_mean(sums: "FloatArray", statistics: "Sequence[SummedStatistic]") -> "FloatArray":
    parts = np.split(sums, len(statistics), axis=1)
    metrics = [of.finish(part) for of, part in zip(statistics, parts, strict=True)]
    return np.asarray(np.mean(metrics, axis=0))


def _score(seed: str, found: "dict[str, Interval]", speakers: Sequence[str]) -> Score:
    uar = found["uar"]
    return Score(
        fold=POOLED,
        seed=seed,
        model_id=None,
        clips=len(speakers),
        speakers=len(set(speakers)),
        uar=uar.estimate,
        uar_low=uar.low,
        uar_high=uar.high,
        war=found["war"].estimate,
    )
