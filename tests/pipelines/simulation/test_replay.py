"""Replays: campaigns led by a strategy from a random start to the end of their budget."""

import json

import numpy as np
import pytest

from pipelines.simulation.records import FULL, Replay
from pipelines.simulation.replay import Budget, replay, replay_truth
from pipelines.simulation.ridge_learner import RidgeLearner
from pipelines.simulation.strategies import find_strategies
from tests.pipelines.simulation.testing import make_world

SPENT = Budget(start=24, batch=24, total=120, most=3)


def lead(name: str, *, seed: int = 0, listens: bool = True, budget: Budget = SPENT) -> Replay:
    """Replay a strategy in a small world."""
    world, kernels = make_world(seed=seed)
    (strategy,) = find_strategies([name])
    learner = RidgeLearner(world, kernels, listens=listens)
    return replay(world, learner, strategy, budget, seed=seed, fold=0)


def uar(counts) -> float:
    """Return the UAR of confusion counts, speakers taken together."""
    matrix = np.sum(counts, axis=0).reshape(3, 3)
    return float(np.mean(np.diag(matrix) / matrix.sum(axis=1)))


@pytest.mark.parametrize("name", ["worth", "random-3", "margin-1"])
def test_a_campaign_spends_its_budget_and_no_more(name: str) -> None:
    """Votes rise by a batch until the budget or the pool ends; clips never have too many."""
    found = lead(name)
    votes = [point.votes for point in found.checkpoints]
    assert votes[0] == 24
    assert np.diff(votes).max() <= 24
    assert votes[-1] == (80 if name == "margin-1" else 120)
    assert all(point.votes <= 3 * point.clips for point in found.checkpoints)
    assert all(sum(point.class_votes) == point.votes for point in found.checkpoints)
    assert all(np.sum(point.confusions) == 40 for point in found.checkpoints)
    assert all(np.diff([point.seconds for point in found.checkpoints]) > 0)


def test_equal_seeds_give_equal_replays_and_other_seeds_others() -> None:
    """Everything drawn follows from the seed."""
    assert lead("worth") == lead("worth")
    assert lead("worth") != lead("worth", seed=1)


def test_strategies_begin_alike() -> None:
    """With one vote a clip, the random start is the same whatever follows it."""
    assert lead("worth").checkpoints[0] == lead("margin-1").checkpoints[0]


def test_a_consensus_that_listens_to_the_model_is_right_more_often() -> None:
    """With a single vote of people who are right in 60 %, the model corrects many of them."""
    budget = Budget(start=80, batch=80, total=80, most=1)
    rights = {
        listens: [
            lead("random-1", seed=seed, listens=listens, budget=budget).checkpoints[-1].right
            for seed in range(5)
        ]
        for listens in (True, False)
    }
    assert np.mean(rights[True]) > np.mean(rights[False]) + 8


def test_models_learn_towards_that_of_all_true_labels() -> None:
    """The curve rises to near the model that was told everything."""
    world, kernels = make_world()
    full = replay_truth(world, RidgeLearner(world, kernels), seed=0, fold=0)
    (truth,) = full.checkpoints
    assert (full.strategy, truth.votes, truth.right) == (FULL, 0, 80)
    ends = [lead("worth", seed=seed).checkpoints for seed in range(3)]
    assert uar(truth.confusions) > 0.8
    assert np.mean([uar(points[-1].confusions) for points in ends]) > 0.75
    assert np.mean([uar(points[-1].confusions) for points in ends]) > np.mean(
        [uar(points[0].confusions) for points in ends]
    )


def test_a_replay_survives_json() -> None:
    """What was written is read as it was."""
    found = lead("worth")
    assert Replay.read(json.loads(json.dumps(found.document()))) == found
