"""Replays whose learning curves are known, and a small world to replay in."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from annotation.simulate import SimulatedAnnotators
from pipelines.simulation.records import FULL, Checkpoint, Replay
from pipelines.simulation.ridge_learner import Kernels
from pipelines.simulation.world import build_world

CLASSES = ("anger", "fear", "joy")
SECONDS = 7.2
CONFUSION = np.full((3, 3), 0.2) + 0.4 * np.eye(3)


def make_replays(
    curves,
    *,
    full=0.8,
    votes=(100, 200, 300, 400),
    seeds=3,
    folds=((1, 2), (3,)),
    clips=1000,
    rng=None,
):
    """Make replays of strategies whose models recognise a known share of each class.

    Args:
        curves: By strategy, UAR at each number of votes, or a pair of votes and UAR.
        full: UAR with all true labels.
        votes: Votes of the checkpoints, where a curve has none of its own.
        seeds: Seeds.
        folds: Numbers of the speakers tested together.
        clips: Test clips of each speaker and class.
        rng: Draws what is recognised; None for exactly the share.

    Returns:
        The replays, with a vote per clip, all of them right, and `SECONDS` per vote.
    """
    found = []
    for seed in range(seeds):
        for fold, numbers in enumerate(folds):
            names = tuple(f"speaker-{number}" for number in numbers)
            for strategy, curve in {**curves, FULL: ((0,), (full,))}.items():
                places, scores = curve if len(np.shape(curve)) == 2 else (votes, curve)
                points = tuple(
                    make_checkpoint(place, score, len(numbers), clips, rng)
                    for place, score in zip(places, scores, strict=True)
                )
                found.append(Replay(strategy, seed, fold, names, points))
    return found


def make_checkpoint(votes, score, speakers, clips, rng=None):
    """Make a checkpoint; errors go to the class after the true one."""
    size = len(CLASSES)
    if rng is None:
        right = np.full((speakers, size), round(score * clips))
    else:
        right = rng.binomial(clips, score, (speakers, size))
    counts = np.zeros((speakers, size, size), int)
    rows = np.arange(size)
    counts[:, rows, rows] = right
    counts[:, rows, (rows + 1) % size] = clips - right
    return Checkpoint(
        votes=votes,
        clips=votes,
        seconds=SECONDS * votes,
        right=votes,
        class_votes=(votes // 2, votes - votes // 2, 0),
        confusions=tuple(tuple(row) for row in counts.reshape(speakers, -1).tolist()),
    )


def make_world(*, clips=120, votes=5, seed=0, noise=0.5, numbers=24):
    """Make a world of three classes and six speakers, two of them tested, and its kernels.

    Args:
        clips: Clips in all.
        votes: Votes a clip can have.
        seed: Of the annotators and the features.
        noise: Standard deviation of features within a class, where classes lie 1 apart.
        numbers: Numbers per clip.
    """
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.arange(clips) % len(CLASSES))
    table = pa.table(
        {
            "clip_id": [f"toy/{number:04d}" for number in range(clips)],
            "corpus": ["toy"] * clips,
            "intended": [CLASSES[index] for index in truth],
            "speaker": [f"speaker-{number % 6}" for number in range(clips)],
            "duration_s": rng.uniform(1, 4, clips),
        }
    )
    group = SimulatedAnnotators.recruit(12, CLASSES, seed=seed, base=CONFUSION)
    held_out = ("speaker-0", "speaker-1")
    world = build_world(table, CLASSES, held_out, group, most_votes=votes)
    centres = rng.normal(size=(len(CLASSES), 1, numbers)) / np.sqrt(numbers) * 2
    features = centres[truth] + rng.normal(size=(clips, 1, numbers)) * noise
    is_test = np.isin(table["speaker"].to_pylist(), held_out)
    kernels = Kernels.of(*(features[part].astype(np.float32) for part in (~is_test, is_test)))
    return world, kernels
