"""Search: try settings on inner folds of the training speakers, and keep the best."""

import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.choices import Recipe
from pipelines.clipset import INTENDED, corpus_clips, select_clip_set
from pipelines.errors import NothingToDoError
from pipelines.feature_choice import chosen_features
from pipelines.labels import Targets
from pipelines.progress import Progress
from pipelines.runner import Cell, Row
from pipelines.search_space import read_space, write_toml
from pipelines.settings import Settings
from pipelines.spread import start_jobs
from pipelines.study import GENERATION, Study, plan_study, read_trials, store_trial
from pipelines.training_choice import chosen_preset
from pipelines.trials import FAILED, Trial, deal_inner_folds, run_trial
from pipelines.workspace import open_store
from warehouse import Warehouse


@dataclass(frozen=True)
class SearchResult:
    """What was tried, and what did best.

    Args:
        study: Name of the study.
        corpus: The corpus.
        folds: Number of inner folds.
        test_speakers: Speakers that no trial met.
        trials: All trials of the study, by number.
        best: The best of them; the first of equals.
        baseline: Objective of the settings as they were, if they were tried.
        command: Command line that trains the best setting on all training speakers.
    """

    study: str
    corpus: str
    folds: int
    test_speakers: tuple[str, ...]
    trials: tuple[Trial, ...]
    best: Trial
    baseline: float | None
    command: str

    def rows(self) -> Sequence[Row]:
        """Return one row per trial, the best first."""
        order = sorted(self.trials, key=lambda trial: (-(trial.objective or -1.0), trial.number))
        return [_row(trial) for trial in order]

    def toml(self) -> str:
        """Return the best setting as a part of `serloop.toml`."""
        return write_toml(self.best.parameters)

    def advice(self) -> str:
        """Say which setting is best, how sure that is, and what to do with it."""
        before = "" if self.baseline is None else f" (settings as they were: {self.baseline:.3f})"
        return (
            f"Study {self.study}: trial {self.best.number} is the best of {len(self.trials)}, mean "
            f"UAR {self.best.objective:.3f} over {self.folds} inner folds{before}.\nThe best of "
            "many is flattered: only speakers who were held out from the search can judge it.\n\n"
            f"In serloop.toml:\n\n{self.toml()}\n\nThen:\n\n{self.command}"
        )

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        tried = [{**asdict(trial), "objective": trial.objective} for trial in self.trials]
        best = {**asdict(self.best), "objective": self.best.objective}
        return {**asdict(self), "trials": tried, "best": best, "toml": self.toml()}


def search(  # noqa: PLR0913 - flat: each is a choice of its own
    settings: Settings,
    progress: Progress,
    *,
    corpus: str,
    trials: int = 20,
    seconds: float | None = None,
    space: Path | None = None,
    labels: str = INTENDED,
    test_speakers: tuple[str, ...] = (),
    folds: int = 3,
    recipe: Recipe = "full",
    taxonomy: str | None = None,
    targets: Targets | None = None,
    prune: bool = False,
) -> SearchResult:
    """Search for settings that do well on training speakers whom a training has not met.

    Every trial is stored when it is done, so a search that was killed goes on where it stopped,
    with the proposals it would have made: a proposal is a function of the trials of earlier
    generations and its own number. More trials continue the same study.

    Args:
        settings: Settings to start from, and how many processes try at once.
        progress: Where progress is shown.
        corpus: Corpus to learn from.
        trials: Trials of the study, those that are stored included.
        seconds: Time after which no trial is begun; None for no limit.
        space: TOML file of what may vary, see `pipelines.search_space.read_space`.
        labels: `intended`, or the id of a consensus run.
        test_speakers: Speakers whom no trial meets; empty for the default fifth.
        folds: Inner folds over the training speakers; each trial trains once for each.
        recipe: `full` or `round`, see `pipelines.train.train`.
        taxonomy: Taxonomy to learn, see `train`.
        targets: `hard` or `soft`, see `train`.
        prune: Give trials up that are below the median of earlier ones after an inner fold.

    Returns:
        The trials, the best setting, and how to train with it.

    Raises:
        PipelineError: If no speakers are held out, Optuna is missing, or the space cannot be
            searched.
        NothingToDoError: If there are too few speakers or labels, or no trial was completed.
    """
    deadline = None if seconds is None else time.time() + seconds
    is_head = chosen_preset(settings, chosen_features(settings), recipe) == "layers"
    wanted = read_space(space, is_head=is_head)
    with open_store(settings) as store:
        clips = select_clip_set(
            store,
            corpus=corpus,
            labels=labels,
            test_speakers=test_speakers,
            taxonomy=taxonomy,
            kind=targets,
        )
        study = plan_study(
            store,
            settings,
            space=wanted,
            clips=clips,
            folds=deal_inner_folds(clips, corpus_clips(store, corpus), folds),
            recipe=recipe,
            origin={"corpus": corpus, "labels": labels, "round_id": None, "arm": None},
            prunes=prune,
        )
        done = _run(store, study, progress, trials, deadline)
    chosen = {"labels": labels, "taxonomy": taxonomy, "targets": targets, "recipe": recipe}
    return conclude(study, done, chosen)


def conclude(
    study: Study, done: Mapping[int, Trial], chosen: Mapping[str, str | None]
) -> SearchResult:
    """Choose the best of the trials.

    Args:
        study: The study.
        done: Its trials by number.
        chosen: Options of `serloop train` that the search was given.

    Raises:
        NothingToDoError: If no trial is complete, with the reason of the first that failed.
    """
    trials = tuple(done[number] for number in sorted(done))
    best = max(
        (trial for trial in trials if trial.objective is not None),
        key=lambda trial: (trial.objective, -trial.number),
        default=None,
    )
    if best is None:
        reasons = [f": {trial.reason}" for trial in trials if trial.state == FAILED]
        raise NothingToDoError(
            f"none of the {len(trials)} trials of `{study.name}` was completed"
            + (reasons[0] if reasons else "; give it more seconds")
        )
    is_baseline = 0 in done and done[0].parameters == study.current
    return SearchResult(
        study=study.name,
        corpus=str(study.origin["corpus"]),
        folds=len(study.folds),
        test_speakers=study.clips.test_speakers,
        trials=trials,
        best=best,
        baseline=done[0].objective if is_baseline else None,
        command=_command(study, chosen),
    )


def _run(
    store: Warehouse, study: Study, progress: Progress, count: int, deadline: float | None
) -> dict[int, Trial]:
    """Run the trials that are not stored, generation by generation, and store each."""
    done = read_trials(store, study)
    with progress.track(f"search {study.name}", count, "trials") as advance:
        advance(sum(number < count for number in done))
        for start in range(0, count, GENERATION):
            jobs = list(study.generation(done, start, count, deadline))
            if not jobs:
                continue
            with start_jobs(run_trial, jobs, study.settings.compute, count=len(jobs)) as outcomes:
                for trial in outcomes:
                    if trial is None:
                        continue
                    store_trial(store, study, trial)
                    done[trial.number] = trial
                    advance(note=_describe(done))
            if deadline is not None and time.time() >= deadline:
                break
    return done


def _describe(done: Mapping[int, Trial]) -> str:
    known = [trial.objective for trial in done.values() if trial.objective is not None]
    return f"best UAR {max(known):.3f}" if known else ""


def _row(trial: Trial) -> dict[str, Cell]:
    values = {
        name.rpartition(".")[2]: f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in trial.parameters.items()
    }
    head = {"trial": trial.number, "state": trial.state, "uar": trial.objective}
    return {**head, **values, "seconds": round(trial.seconds, 1)}


def _command(study: Study, chosen: Mapping[str, str | None]) -> str:
    defaults = {"labels": INTENDED, "recipe": "full", "seed": "0"}
    words = ["serloop", "train", str(study.origin["corpus"])]
    words += ["--test-speakers", ",".join(study.clips.test_speakers)]
    for name, value in {**chosen, "seed": str(study.settings.training.seed)}.items():
        if value is not None and value != defaults.get(name):
            words += [f"--{name}", value]
    return shlex.join(words)
