"""Simulate: what a strategy would save, before a euro is spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.clipset import corpus_classes, corpus_clips
from pipelines.errors import PipelineError
from pipelines.feature_choice import ENCODER_KIND, chosen_features
from pipelines.fold_plan import Dealing, plan_folds
from pipelines.progress import Progress
from pipelines.settings import Settings
from pipelines.simulation.records import FULL, Conditions
from pipelines.spread import start_jobs
from pipelines.training_choice import chosen_preset
from pipelines.workspace import open_store

if TYPE_CHECKING:
    from pipelines.simulation.jobs import ReplayJob, Scene
    from pipelines.simulation.records import Replay
    from pipelines.simulation.replay import Budget
    from pipelines.simulation.summary import SimulationSummary

FOLDER = "simulations"
STRATEGIES = ("worth", "random-1", "random-3", "random-3/votes", "margin-1")


def simulate(
    settings: Settings,
    progress: Progress,
    *,
    corpus: str,
    strategies: Sequence[str] = STRATEGIES,
    reference: str = "random-3",
    seeds: tuple[int, ...] = (0, 1, 2),
    conditions: Conditions | None = None,
    out: Path | None = None,
) -> SimulationSummary:
    """Replay strategies over a corpus whose labels are known, with annotators who err as people do.

    Each replay is kept when it is done, so a simulation that was killed goes on where it stopped,
    and one with more strategies or seeds adds to it. All strategies of a seed meet the same
    annotators, who give the same answers. With an encoder's features a head is solved for, which
    takes a fraction of a second; other features train the network of a round each time, which
    takes hours for a curve.

    Args:
        settings: Features, and how many processes replay at once.
        progress: Where progress is shown.
        corpus: A corpus with intended emotions and speakers.
        strategies: Names, see `pipelines.simulation.strategies.find_strategies`; with `/votes`
            behind it, the consensus is made of votes alone.
        reference: The strategy that others are compared with, one of them.
        seeds: Seeds of annotators and draws.
        conditions: Annotators, test speakers and budget; default: those of `Conditions`.
        out: Folder of the page and the tables; default: beside the replays.

    Returns:
        Curves, votes needed, and comparisons.

    Raises:
        PipelineError: If a strategy is unknown or named twice, or the reference is none of them.
        NothingToDoError: If clips have no intended emotion, no speaker or no features.
    """
    from pipelines.simulation.jobs import VOTES_ALONE, ReplayJob  # noqa: PLC0415 - loads torch
    from pipelines.simulation.strategies import find_strategies  # noqa: PLC0415
    from pipelines.simulation.summary import summarise, write_simulation  # noqa: PLC0415

    if len(set(strategies)) < len(strategies):
        raise PipelineError(f"name each strategy once, got {list(strategies)}")
    find_strategies(list(dict.fromkeys(name.removesuffix(VOTES_ALONE) for name in strategies)))
    if reference not in strategies:
        raise PipelineError(
            f"`reference` must be one of the strategies {list(strategies)}, but is `{reference}`"
        )
    scene = plan_scene(settings, corpus, conditions or Conditions())
    folder = settings.home / FOLDER / scene.name()
    jobs = [
        ReplayJob(scene, strategy, seed, fold, folder / f"{_file(strategy)}-{seed}-{fold}.json")
        for fold in range(len(scene.folds))
        for seed in seeds
        for strategy in (*([FULL] if seed == seeds[0] else []), *strategies)
    ]
    called = _call(strategies)
    replays = [
        replace(found, strategy=called.get(found.strategy, found.strategy))
        for found in _repeat_truth(_run(jobs, settings, progress), seeds)
    ]
    summary = summarise(
        replays,
        classes=scene.classes,
        corpus=corpus,
        learner=_name_learner(settings),
        reference=called[reference],
        focus=called[strategies[0]],
        facts=_tell(scene),
    )
    write_simulation(summary, out or folder)
    return summary


def plan_scene(settings: Settings, corpus: str, conditions: Conditions) -> Scene:
    """Read what a simulation is about.

    Raises:
        NothingToDoError: If the corpus was not ingested.
        PipelineError: If the settings ask for words.
    """
    from pipelines.simulation.jobs import Scene  # noqa: PLC0415 - loads torch

    if settings.fusion.kind != "none":
        raise PipelineError(
            f"a simulation learns from sound alone, but `fusion.kind` is `{settings.fusion.kind}`; "
            "set it to `none`"
        )
    with open_store(settings) as store:
        clips = corpus_clips(store, corpus)
        _, classes = corpus_classes(store, corpus)
        snapshot = store.snapshot
    count = round(len(set(clips["speaker"].to_pylist())) / conditions.speakers_per_fold)
    planned = plan_folds(clips, Dealing(max(count, 2), dev_share=0))
    pool = clips.num_rows - clips.num_rows // len(planned)
    return Scene(
        # A worker process may have been started in another folder.
        settings=settings.model_copy(update={"home": settings.home.resolve()}),
        corpus=corpus,
        classes=classes,
        folds=tuple(fold.test_speakers for fold in planned),
        annotators=conditions.annotators,
        skill_spread=conditions.skill_spread,
        budget=_plan_budget(pool, conditions),
        snapshot=snapshot,
    )


def _plan_budget(pool: int, conditions: Conditions) -> Budget:
    from pipelines.simulation.replay import Budget  # noqa: PLC0415 - keeps help fast

    # By default a whole number of 2 and of 3 votes, so that strategies meet at the same counts.
    step = conditions.batch or max(6, round(pool / 10 / 6) * 6)
    total = conditions.votes or 3 * pool
    return Budget(start=step, batch=step, total=total, most=conditions.most)


def _call(strategies: Sequence[str]) -> dict[str, str]:
    """Return a short name for each strategy: its own, without the module, where that is enough."""
    short = {name: name.rpartition(":")[2] for name in strategies}
    taken = list(short.values())
    return {name: own if taken.count(own) == 1 else name for name, own in short.items()}


def _name_learner(settings: Settings) -> str:
    features = chosen_features(settings)
    if settings.features.kind == ENCODER_KIND:
        return f"ridge on {features.feature_set}"
    return f"{chosen_preset(settings, features, 'round')} network on {features.feature_set}"


def _tell(scene: Scene) -> dict[str, str]:
    spent = scene.budget
    return {
        "Annotators": f"{scene.annotators}, whose accuracies spread by {scene.skill_spread:g}",
        "Budget": f"{spent.total} votes, at most {spent.most} a clip; {spent.start} on a random "
        f"start, then a model after every {spent.batch}",
        "Consensus": "listens to the model, out of sample; of votes alone where a strategy ends "
        "in `/votes`",
        "Expected lead time": "1.5 times the clip plus 3 s, log-normal",
    }


def _file(strategy: str) -> str:
    return strategy.replace("/", "+").replace(":", "+")


def _run(jobs: Sequence[ReplayJob], settings: Settings, progress: Progress) -> list[Replay]:
    from pipelines.simulation.jobs import run_replay  # noqa: PLC0415 - loads torch

    replays = []
    with (
        progress.track(f"replay {len(jobs)} campaigns", len(jobs), "campaigns") as advance,
        start_jobs(run_replay, jobs, settings.compute, count=len(jobs)) as outcomes,
    ):
        for found in outcomes:
            replays.append(found)
            advance(note=f"{found.strategy}, seed {found.seed}, fold {found.fold + 1}")
    return replays


def _repeat_truth(replays: Sequence[Replay], seeds: Sequence[int]) -> list[Replay]:
    """Return the replays, that of all true labels once per seed: annotators do not matter to it."""
    return [
        replace(found, seed=seed)
        for found in replays
        for seed in (seeds if found.strategy == FULL else (found.seed,))
    ]
