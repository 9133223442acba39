"""Learning rates over a training."""

import json
import math

import pytest
import torch
from torch import nn

from ser.errors import ConfigurationError
from ser.training.schedule import LearningRate, build_optimiser


@pytest.fixture
def optimiser() -> torch.optim.Optimizer:
    """Return AdamW with a peak rate of 1."""
    return build_optimiser(nn.Linear(3, 2), learning_rate=1.0, weight_decay=0.1)


def rates(schedule: LearningRate, updates: int) -> list[float]:
    """Return the rate of each update."""
    found = []
    for update in range(updates):
        schedule.before_update(update)
        found.append(schedule.rate)
    return found


def test_cosine_rises_linearly_and_falls_to_almost_nothing(optimiser):
    """The bare formula."""
    found = rates(LearningRate(optimiser, schedule="cosine", updates=100, warmup=0.1), 100)
    assert found[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    falling = [0.5 * (1 + math.cos(math.pi * i / 90)) for i in range(90)]
    assert found[10:] == pytest.approx(falling)


def test_the_optimiser_receives_the_rate(optimiser):
    """Every group of weights follows."""
    LearningRate(optimiser, schedule="cosine", updates=10, warmup=0.5).before_update(0)
    assert [group["lr"] for group in optimiser.param_groups] == [0.2, 0.2]


def test_plateau_halves_after_the_patience_is_over(optimiser):
    """A better score resets the waiting."""
    schedule = LearningRate(optimiser, schedule="plateau", updates=99, warmup=0.0, patience=1)
    found = []
    for epoch, score in enumerate([0.1, 0.2, 0.2, math.nan, 0.3, 0.3, 0.3]):
        found += rates(schedule, 1)
        schedule.after_epoch(score)
        assert epoch == len(found) - 1
    assert [*found, *rates(schedule, 1)] == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25]


def test_cosine_ignores_scores(optimiser):
    """Only the plateau reacts to them."""
    schedule = LearningRate(optimiser, schedule="cosine", updates=9, warmup=0.0)
    for _ in range(9):
        schedule.after_epoch(0.0)
    assert rates(schedule, 1) == [1.0]


def test_biases_and_scales_do_not_decay():
    """Only matrices are pulled towards zero."""
    network = nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2))
    decaying, free = build_optimiser(network, learning_rate=1, weight_decay=0.1).param_groups
    assert [w.ndim for w in decaying["params"]] == [2]
    assert [w.ndim for w in free["params"]] == [1, 1, 1]
    assert (decaying["weight_decay"], free["weight_decay"]) == (0.1, 0.0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"schedule": "linear"}, r"one of .*one_cycle.*, but got `linear`"),
        ({"updates": 0}, "`updates` must be ≥ 1"),
        ({"warmup": 1.0}, "`warmup` in"),
        ({"factor": 1.0}, "`factor` in"),
    ],
)
def test_impossible_schedules_are_refused(optimiser, wrong, message):
    """The message names the parameter."""
    with pytest.raises(ConfigurationError, match=message):
        LearningRate(optimiser, **({"schedule": "cosine", "updates": 5, "warmup": 0.0} | wrong))


@pytest.mark.parametrize("updates", [10, 47, 1000])
def test_one_cycle_is_that_of_torch(optimiser, updates):
    """Rise and fall agree at every update."""
    found = rates(
        LearningRate(optimiser, schedule="one_cycle", updates=updates, warmup=0.1), updates
    )
    reference = build_optimiser(nn.Linear(3, 2), learning_rate=1.0, weight_decay=0.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        reference, max_lr=1.0, total_steps=updates, cycle_momentum=False
    )
    expected = []
    for update in range(updates):
        expected.append(theirs.get_last_lr()[0])
        reference.step()
        if update + 1 < updates:
            theirs.step()
    assert found == pytest.approx(expected, rel=1e-9)


def test_constant_stays_after_the_warm_up(optimiser):
    """Nothing but the warm-up moves it."""
    schedule = LearningRate(optimiser, schedule="constant", updates=4, warmup=0.5)
    assert rates(schedule, 4) == [0.5, 1.0, 1.0, 1.0]


def test_a_restored_plateau_remembers_its_waiting(optimiser):
    """Peak, best score and patience are those of the interrupted schedule."""
    first = LearningRate(optimiser, schedule="plateau", updates=99, warmup=0.0, patience=1)
    for score in [0.5, 0.4, 0.4, 0.4]:
        first.after_epoch(score)
    again = LearningRate(optimiser, schedule="plateau", updates=99, warmup=0.0, patience=1)
    again.restore(json.loads(json.dumps(first.state())))
    for schedule in (first, again):
        schedule.after_epoch(0.45)
    assert rates(again, 1) == rates(first, 1) == [0.25]


def test_the_loss_module_is_trained_too():
    """The weights of several modules go to one optimiser."""
    modules = [nn.Linear(3, 2), nn.Linear(2, 2)]
    groups = build_optimiser(*modules, learning_rate=1.0, weight_decay=0.1).param_groups
    assert [len(group["params"]) for group in groups] == [2, 2]
