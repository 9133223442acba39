"""Replays as arrays on a grid of votes: what each strategy's models recognise, of whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.errors import PipelineError
from pipelines.simulation.completeness import find_complete, group_replays, name_speakers
from pipelines.simulation.records import FULL, Checkpoint, Replay

FloatArray = npt.NDArray[np.float64]

MOST_POINTS = 60
"""Points of a grid; replays that trained more models than that are read off at as many places."""

SPENT = ("clips", "seconds", "right")


@dataclass(frozen=True, eq=False)
class Tally:
    """What one strategy had after each number of votes, with S seeds, P speakers, C classes.

    Args:
        strategy: Its name.
        votes: Votes of one campaign, rising, (G,).
        hits: Test clips recognised, of each true class, (S, P, C, G).
        clips: Clips with a vote, mean over the sets of test speakers, (S, G).
        seconds: Time of the annotators, the same, (S, G).
        right: Clips whose consensus is the true class, the same, (S, G).
        class_votes: Votes on clips of each true class, the same, (S, C, G).
    """

    strategy: str
    votes: FloatArray
    hits: FloatArray
    clips: FloatArray
    seconds: FloatArray
    right: FloatArray
    class_votes: FloatArray


@dataclass(frozen=True, eq=False)
class Tallies:
    """All strategies, judged on the same clips.

    Args:
        speakers: Test speakers of the whole corpus, P names.
        seeds: Seeds that every strategy was replayed with to the end, S.
        left_out: Seeds that some strategy lacks sets of speakers of.
        folds: Sets of test speakers of a seed.
        clips: Test clips of each speaker and class, (P, C).
        full: The model of all true labels, on a grid of a single point.
        strategies: The others.
    """

    speakers: tuple[str, ...]
    seeds: tuple[int, ...]
    left_out: tuple[int, ...]
    folds: int
    clips: FloatArray
    full: Tally
    strategies: tuple[Tally, ...]

    def __getitem__(self, strategy: str) -> Tally:
        """Return the tally of a strategy.

        Raises:
            PipelineError: If it was not simulated.
        """
        for tally in self.strategies:
            if tally.strategy == strategy:
                return tally
        names = ", ".join(f"`{tally.strategy}`" for tally in self.strategies)
        raise PipelineError(
            f"strategy `{strategy}` was not simulated; there are {names}: name one of them, or "
            "simulate it too"
        )


def tally_replays(replays: Sequence[Replay], n_classes: int) -> Tallies:
    """Pool the sets of test speakers of each seed, and bring checkpoints onto one grid a strategy.

    A grid reaches from the last of the replays' first checkpoints to the first of their last
    ones, so that no replay is read beyond what it measured; between checkpoints, counts are
    interpolated, which is linear in UAR, for the clips judged stay the same.

    Args:
        replays: Replays of every strategy, and those of `FULL`.
        n_classes: C.

    Returns:
        The counts. Seeds that are incomplete, as of a simulation that still runs, are left out.

    Raises:
        PipelineError: If there is no strategy, no `FULL`, no complete seed, or replays contradict
            each other.
    """
    found = group_replays(replays)
    seeds, left_out = find_complete(found)
    speakers = name_speakers(found, seeds)
    where = {name: at for at, name in enumerate(speakers)}
    tallies, counts = {}, {}
    for strategy, by_seed in found.items():
        kept = [by_seed[seed] for seed in seeds]
        tallies[strategy], counts[strategy] = _tally(strategy, kept, where, n_classes)
    clips = counts[FULL]
    for strategy, judged in counts.items():
        if not np.array_equal(judged, np.broadcast_to(clips[:1], judged.shape)):
            raise PipelineError(
                f"models of `{strategy}` were judged on other clips than those of `{FULL}`; "
                "replay both anew"
            )
    full = tallies.pop(FULL)
    folds = max(len(folds) for folds in found[FULL].values())
    return Tallies(speakers, seeds, left_out, folds, clips[0], full, tuple(tallies.values()))


def weigh_points(votes: FloatArray, grid: FloatArray) -> FloatArray:
    """Return the weights that carry values at K numbers of votes to G others between them, (K, G).

    Example:
        >>> weigh_points(np.array([10.0, 20.0]), np.array([10.0, 15.0])).tolist()
        [[1.0, 0.5], [0.0, 0.5]]
    """
    return np.stack([np.interp(grid, votes, row) for row in np.eye(len(votes))])


def _tally(
    strategy: str, kept: Sequence[Sequence[Replay]], where: Mapping[str, int], n_classes: int
) -> tuple[Tally, FloatArray]:
    """Return a strategy's tally, and the clips of each seed, speaker and class, (S, P, C)."""
    grid = _grid([replay for replays in kept for replay in replays])
    shape = (len(kept), len(where), n_classes)
    hits, judged = np.zeros((*shape, len(grid))), np.zeros(shape)
    spent = np.zeros((len(kept), len(SPENT) + n_classes, len(grid)))
    for at, replays in enumerate(kept):
        for replay in replays:
            rows = [where[name] for name in replay.test_speakers]
            counts = _confusions(replay, n_classes)
            votes = np.array([point.votes for point in replay.checkpoints], float)
            at_grid = weigh_points(votes, grid)
            hits[at, rows] = np.einsum("kpcc,kg->pcg", counts, at_grid)
            judged[at, rows] = counts[0].sum(axis=-1)
            rest = [_spent(point) for point in replay.checkpoints]
            spent[at] += np.array(rest).T @ at_grid / len(replays)
    clips, seconds, right = (spent[:, at] for at in range(len(SPENT)))
    return Tally(strategy, grid, hits, clips, seconds, right, spent[:, len(SPENT) :]), judged


def _grid(replays: Sequence[Replay]) -> FloatArray:
    spans = [(one.checkpoints[0].votes, one.checkpoints[-1].votes) for one in replays]
    start, end = max(first for first, _ in spans), min(last for _, last in spans)
    if start > end:
        raise PipelineError(
            f"replays of `{replays[0].strategy}` share no number of votes: one begins at {start}, "
            f"another ends at {end}"
        )
    votes = {point.votes for replay in replays for point in replay.checkpoints}
    grid = np.array(sorted({start, end} | {one for one in votes if start <= one <= end}), float)
    if len(grid) <= MOST_POINTS:
        return grid
    return np.asarray(grid[np.linspace(0, len(grid) - 1, MOST_POINTS).round().astype(int)])


def _confusions(replay: Replay, n_classes: int) -> FloatArray:
    """Return the confusion counts of K checkpoints, (K, speakers, C, C)."""
    shape = (len(replay.checkpoints), len(replay.test_speakers), n_classes, n_classes)
    try:
        counts = np.array([point.confusions for point in replay.checkpoints], float).reshape(shape)
    except ValueError as error:
        raise PipelineError(
            f"a replay of `{replay.strategy}`, seed {replay.seed}, does not count {n_classes} × "
            f"{n_classes} classes of {len(replay.test_speakers)} speakers: {error}"
        ) from error
    if (counts.sum(axis=-1) != counts[:1].sum(axis=-1)).any():
        raise PipelineError(
            f"checkpoints of `{replay.strategy}`, seed {replay.seed}, were judged on different "
            "clips; replay it anew"
        )
    return counts


def _spent(point: Checkpoint) -> tuple[float, ...]:
    return (*(float(getattr(point, name)) for name in SPENT), *map(float, point.class_votes))
