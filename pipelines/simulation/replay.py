"""Replay: one strategy leads one campaign, from a random start to the end of its budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotation.sampling.pace import Pace
from pipelines.simulation.learners import Belief, Learner
from pipelines.simulation.records import FULL, Checkpoint, Replay
from pipelines.simulation.strategies import AskState, Strategy
from pipelines.simulation.world import IntArray, World


@dataclass(frozen=True)
class Budget:
    """How a campaign spends.

    Args:
        start: Votes on a random start, before there is any model.
        batch: Votes asked for between one training and the next.
        total: Votes in all; fewer where every clip has all it can have.
        most: Votes a clip can have.
    """

    start: int = 120
    batch: int = 60
    total: int = 3600
    most: int = 5


def replay(
    world: World, learner: Learner, strategy: Strategy, budget: Budget, *, seed: int, fold: int
) -> Replay:
    """Lead one campaign.

    The random start is the same for all strategies of a seed as far as their votes per clip allow:
    they draw clips in one order.

    Args:
        world: Clips and what people would say.
        learner: Learns from scratch; not used for another campaign.
        strategy: Chooses what is asked.
        budget: How much, and how often a model is trained.
        seed: Of the draws.
        fold: Number of the test speakers, kept with the result.
    """
    rng = np.random.default_rng([seed, fold])
    votes: IntArray = np.zeros(len(world.clip_ids), np.int64)
    votes[rng.permutation(len(votes))[: budget.start // strategy.first]] = strategy.first
    # A campaign learns the pace of its people from their answers; here it is known.
    seconds = Pace().expect(world.duration_s)
    checkpoints = []
    while True:
        voted = np.flatnonzero(votes)
        labels = world.votes(votes)
        belief = learner.learn(labels, voted)
        checkpoints.append(_measure(world, votes, belief))
        left = min(budget.batch, budget.total - int(votes.sum()))
        state = AskState(
            posterior=belief.posterior,
            model=belief.model,
            votes=votes,
            labels=labels,
            voted=voted,
            embeddings=learner.embeddings,
            confusion=belief.confusion,
            seconds=seconds,
            most=budget.most,
        )
        given = strategy.ask(state, left, rng) if left > 0 else np.zeros_like(votes)
        if not given.any():
            return Replay(strategy.name, seed, fold, world.test_speakers, tuple(checkpoints))
        votes = votes + given


def replay_truth(world: World, learner: Learner, *, seed: int, fold: int) -> Replay:
    """Return the model that learned every true label, as a replay of one checkpoint."""
    point = Checkpoint(
        votes=0,
        clips=len(world.clip_ids),
        seconds=0.0,
        right=len(world.clip_ids),
        class_votes=(0,) * len(world.classes),
        confusions=world.confusions(learner.learn_truth()),
    )
    return Replay(FULL, seed, fold, world.test_speakers, (point,))


def _measure(world: World, votes: IntArray, belief: Belief) -> Checkpoint:
    spent = np.bincount(world.truth, weights=votes, minlength=len(world.classes))
    return Checkpoint(
        votes=int(votes.sum()),
        clips=int(np.count_nonzero(votes)),
        seconds=world.seconds(votes),
        right=belief.right,
        class_votes=tuple(int(count) for count in spent),
        confusions=world.confusions(belief.predicted),
    )
