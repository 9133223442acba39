"""One replay as a job for a process of its own, kept on disk when it is done."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from annotation.simulate import SimulatedAnnotators
from pipelines.clipset import corpus_clips, read_features
from pipelines.feature_choice import ENCODER_KIND, chosen_features
from pipelines.identity import code_version, digest
from pipelines.settings import Settings
from pipelines.simulation.learners import Learner
from pipelines.simulation.network_learner import NetworkLearner, Recordings
from pipelines.simulation.records import FULL, Replay
from pipelines.simulation.replay import Budget, replay, replay_truth
from pipelines.simulation.ridge_learner import Kernels, RidgeLearner
from pipelines.simulation.strategies import find_strategies
from pipelines.simulation.world import World, build_world
from pipelines.workspace import open_store
from ser.encoders.ridge_model import layer_statistics
from ser.files import write_whole
from ser.threads import use_threads

VOTES_ALONE = "/votes"
"""Behind the name of a strategy: its consensus hears no model."""


@dataclass(frozen=True)
class Scene:
    """All that the replays of a simulation share.

    Args:
        settings: Where the warehouse is, and which features are learned from.
        corpus: Corpus whose labels are known.
        classes: C names.
        folds: Test speakers of each fold.
        annotators: Size of the simulated group.
        skill_spread: Standard deviation of accuracy between annotators.
        budget: How campaigns spend.
        snapshot: What of the warehouse is read.
    """

    settings: Settings
    corpus: str
    classes: tuple[str, ...]
    folds: tuple[tuple[str, ...], ...]
    annotators: int
    skill_spread: float
    budget: Budget
    snapshot: int

    def name(self) -> str:
        """Return a name that follows from all that changes a result."""
        features = chosen_features(self.settings).feature_set
        told = {**asdict(self), "settings": None, "snapshot": None}
        return (
            f"{self.corpus}-{digest(told, features, self.settings.training.seed, code_version())}"
        )


@dataclass(frozen=True)
class ReplayJob:
    """One replay, for a process of its own.

    Args:
        scene: What it shares with others.
        strategy: Name of the strategy; with `/votes`, the consensus hears no model; `full` for
            the model of all true labels.
        seed: Seed of annotators and draws.
        fold: Which speakers are tested.
        path: Where the result is kept.
    """

    scene: Scene
    strategy: str
    seed: int
    fold: int
    path: Path


def run_replay(job: ReplayJob) -> Replay:
    """Replay one campaign, or read it where it was replayed before.

    Args:
        job: The campaign.

    Raises:
        Exception: Whatever stopped it, with a note that names the replay.
    """
    use_threads(job.scene.settings.compute.threads)
    if job.path.exists():
        return Replay.read(json.loads(job.path.read_bytes()))
    try:
        found = _replay(job)
    except Exception as error:
        error.add_note(f"in {job.strategy}, seed {job.seed}, fold {job.fold + 1}")
        raise
    write_whole(job.path, json.dumps(found.document()).encode())
    return found


def _replay(job: ReplayJob) -> Replay:
    scene = job.scene
    world = _world(scene, job.seed, job.fold)
    name = job.strategy.removesuffix(VOTES_ALONE)
    learner = _learner(scene, world, job.fold, listens=name == job.strategy)
    if job.strategy == FULL:
        return replay_truth(world, learner, seed=job.seed, fold=job.fold)
    (strategy,) = find_strategies([name])
    strategy = replace(strategy, name=job.strategy)
    return replay(world, learner, strategy, scene.budget, seed=job.seed, fold=job.fold)


def _world(scene: Scene, seed: int, fold: int) -> World:
    group = SimulatedAnnotators.recruit(
        scene.annotators, scene.classes, seed=seed, skill_spread=scene.skill_spread
    )
    with open_store(scene.settings, snapshot=scene.snapshot) as store:
        clips = corpus_clips(store, scene.corpus)
    held_out = scene.folds[fold]
    return build_world(clips, scene.classes, held_out, group, most_votes=scene.budget.most)


# Jobs come fold by fold, so that a process hardly ever reads the clips of a fold twice.
_kept: dict[tuple[str, int], Kernels | Recordings] = {}


def _learner(scene: Scene, world: World, fold: int, *, listens: bool) -> Learner:
    """Return a learner of the clips of a fold, of which a process keeps the last."""
    key = (scene.name(), fold)
    if key not in _kept:
        clips = _read(scene, world)
        _kept.clear()
        _kept[key] = clips
    kept = _kept[key]
    if isinstance(kept, Kernels):
        return RidgeLearner(world, kept, listens=listens)
    return NetworkLearner(world, kept, listens=listens)


def _read(scene: Scene, world: World) -> Kernels | Recordings:
    kind = chosen_features(scene.settings)
    with open_store(scene.settings, snapshot=scene.snapshot) as store:
        pool, test = (
            read_features(store, kind.feature_set, ids) for ids in (world.clip_ids, world.test_ids)
        )
    if scene.settings.features.kind == ENCODER_KIND:
        return Kernels.of(layer_statistics(pool), layer_statistics(test))
    return Recordings.of(scene.settings, kind, pool, test)
