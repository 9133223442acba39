"""A study: all that the trials of a search share, and which of them come next."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.choices import Recipe
from pipelines.clipset import ClipSet
from pipelines.convert import to_table
from pipelines.errors import PipelineError
from pipelines.fitting import Plan, make_plan
from pipelines.identity import code_version, digest
from pipelines.proposals import propose
from pipelines.search_space import Space, Value, apply_values, describe_space
from pipelines.settings import Settings
from pipelines.trials import Trial, TrialJob, median_means
from ser.training.folds import Split
from warehouse import Warehouse, queries

# Trials of one generation learn from all generations before it and not from one another, so that
# what is proposed depends neither on how many processes work nor on which is done first.
GENERATION = 4


@dataclass(frozen=True, eq=False)
class Study:
    """All that the trials of a search share.

    Args:
        name: A function of the other fields, the labels and the code.
        settings: Settings to start from.
        space: What varies.
        clips: Labelled clips of the corpus, in parts.
        folds: Inner folds over the training speakers.
        recipe: Network and training to start from.
        origin: See `pipelines.fitting.make_plan`.
        prunes: Whether trials below the median are given up.
        snapshot: Snapshot that trials read.
        config: What is recorded of it.
        current: Values that the settings have now, as far as they lie in the space.
    """

    name: str
    settings: Settings
    space: Space
    clips: ClipSet
    folds: tuple[Split, ...]
    recipe: Recipe
    origin: Mapping[str, str | None]
    prunes: bool
    snapshot: int
    config: Mapping[str, Any]
    current: Mapping[str, Value]

    def generation(
        self, done: Mapping[int, Trial], start: int, count: int, deadline: float | None
    ) -> Iterator[TrialJob]:
        """Propose the trials of a generation that are not done.

        Args:
            done: Trials by number; all of earlier generations are there.
            start: First number of the generation.
            count: Trials of the whole search.
            deadline: Unix time after which no trial is begun.
        """
        earlier = [done[number] for number in sorted(done) if number < start]
        medians = median_means(earlier, len(self.folds)) if self.prunes else ()
        for number in range(start, min(start + GENERATION, count)):
            if number in done:
                continue
            values = propose(self.space, earlier, study=self.name, number=number)
            if number == 0:
                # What is set already is tried first, so that the best can be no worse.
                values |= self.current
            yield TrialJob(
                number=number,
                parameters=values,
                settings=apply_values(self.settings, values),
                clips=self.clips,
                folds=self.folds,
                recipe=self.recipe,
                origin=self.origin,
                snapshot=self.snapshot,
                medians=medians,
                deadline=deadline,
            )


def plan_study(
    store: Warehouse,
    settings: Settings,
    *,
    space: Space,
    clips: ClipSet,
    folds: tuple[Split, ...],
    recipe: Recipe,
    origin: dict[str, str | None],
    prunes: bool,
) -> Study:
    """Name a search by its content.

    Args:
        store: The warehouse.
        settings: Settings to start from.
        space: What varies.
        clips: Labelled clips, in parts.
        folds: Inner folds over the training speakers.
        recipe: Network and training to start from.
        origin: See `pipelines.fitting.make_plan`.
        prunes: Whether trials below the median are given up.

    Raises:
        PipelineError: If nobody is held out for testing, there are no classes to judge by, or
            the settings contradict each other.
    """
    if not clips.test_speakers:
        raise PipelineError(
            "a search needs speakers whom no trial meets, or nothing could judge its best "
            "setting; name some with --test-speakers"
        )
    if not settings.training.classes:
        raise PipelineError(
            "a search judges by UAR, but `training.classes` is false; search with classes"
        )
    # A worker may have been started in another folder; a trial leaves no state and no log.
    quiet = settings.training.model_copy(update={"resume": False, "log_to": "none"})
    settings = settings.model_copy(update={"home": settings.home.resolve(), "training": quiet})
    plan = make_plan(settings, clips, recipe, origin, store)
    dev = [sorted(set(clips.speakers[fold.dev].tolist())) for fold in folds]
    own = {"space": describe_space(space), "inner_folds": dev, "prunes": prunes}
    shared = {name: value for name, value in plan.config.items() if name != "clips"}
    return Study(
        name=f"{origin['corpus']}-search-{digest(plan.model_id, own)}",
        settings=settings,
        space=space,
        clips=clips,
        folds=folds,
        recipe=recipe,
        origin=origin,
        prunes=prunes,
        snapshot=store.snapshot,
        config={**shared, **own},
        current=_current(settings, plan, space),
    )


def read_trials(store: Warehouse, study: Study) -> dict[int, Trial]:
    """Return the stored trials of a study by number.

    Args:
        store: The warehouse.
        study: The study.
    """
    return {
        row["number"]: Trial(
            number=row["number"],
            state=row["state"],
            parameters=json.loads(row["parameters"]),
            fold_values=tuple(row["fold_values"]),
            reason=row["reason"],
            seconds=row["seconds"],
        )
        for row in queries.select_trials(store, study=study.name).to_pylist()
    }


def store_trial(store: Warehouse, study: Study, trial: Trial) -> None:
    """Store a trial; one that another run of the same search has stored is kept as it is.

    Args:
        store: The warehouse.
        study: Its study.
        trial: The trial.
    """
    row = {
        "trial_id": f"{study.name}/{trial.number}",
        "study": study.name,
        "number": trial.number,
        "corpus": study.origin["corpus"],
        "state": trial.state,
        "parameters": json.dumps(trial.parameters, sort_keys=True),
        "objective": trial.objective,
        "fold_values": list(trial.fold_values),
        "reason": trial.reason,
        "seconds": trial.seconds,
        "seed": study.settings.training.seed,
        "snapshot": study.snapshot,
        "code_version": code_version(),
        "config": json.dumps(study.config, sort_keys=True),
    }
    store.commit({"trials": to_table("trials", [row])}, message=f"trial {row['trial_id']}")


def _current(settings: Settings, plan: Plan, space: Space) -> dict[str, Value]:
    """Return the values in force now of those that vary, as far as the space holds them."""
    records: dict[str, object] = {
        "training": plan.training,
        "network": plan.network,
        "augmentation": plan.training.augmentation,
    }
    found: dict[str, Value] = {}
    for name, domain in space.items():
        section, key = name.split(".")
        value = getattr(getattr(settings, section), key)
        if value is None:
            value = getattr(records[section], key, None)
        if isinstance(value, tuple):
            value = ",".join(map(str, value))
        if domain.holds(value):
            found[name] = value
    return found
