"""New clip, or another vote? Both are paid in one currency: nats per second of somebody's time."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from annotation.clips.expected_gain import expected_gain
from annotation.columns import FloatArray, IntArray
from annotation.errors import SamplingError
from annotation.sampling.utilities.checks import check_amounts

REPEAT: Final = 0.3
"""What one more vote on a clip is worth to a model, against one on a clip nobody has heard."""


def worth_of_votes(
    posterior: npt.ArrayLike,
    confusion: FloatArray,
    votes: npt.ArrayLike,
    *,
    seconds: npt.ArrayLike | None = None,
    repeat: float = REPEAT,
) -> FloatArray:
    """Return what the next vote on each clip is worth: its expected fall in log loss per second.

    The posterior holds all that is known of a clip: its votes and the opinion of a model that did
    not learn from them; for a clip without votes, the model's word alone. What the next answer
    tells of the class, in nats, is then comparable between a first vote on a new clip, one more on
    a disputed clip, and the audit of a label that the model contradicts. A model learns most from
    sounds it has no label for, so each vote a clip already has makes the next one worth `repeat`
    of the last; without it, ambiguous clips would be asked about for ever.

    Args:
        posterior: (N, C), rows of probabilities summing to 1.
        confusion: P(answer | class) of the next annotator, (C, C), truth on axis 0.
        votes: Votes each clip has, (N,), at least 0.
        seconds: Time the next answer takes, (N,), above 0; None counts votes instead.
        repeat: In (0, 1].

    Returns:
        (N,) float64, at least 0, higher = ask first.

    Raises:
        SamplingError: Lengths differ, a row is no distribution, or a number leaves its range.
        VoteError: `confusion` is no (C, C) matrix of probabilities.

    Example:
        >>> careful = np.array([[0.9, 0.1], [0.1, 0.9]])
        >>> even = [[0.5, 0.5], [0.5, 0.5], [0.99, 0.01]]
        >>> worth_of_votes(even, careful, [0, 2, 0]).round(2).tolist()
        [0.37, 0.03, 0.02]

    Reference:
        D. V. Lindley (1956). doi:10.1214/aoms/1177728069. Votes against clips: P. Ipeirotis et
        al. (2014). Repeated labeling using multiple noisy labelers. doi:10.1007/s10618-013-0306-1
    """
    gain = expected_gain(np.asarray(posterior, np.float64), confusion)
    had = _check_votes(votes, len(gain))
    _check_repeat(repeat)
    worth = gain * repeat**had
    if seconds is None:
        return worth
    cost = check_amounts(seconds, name="seconds")
    if cost.shape != gain.shape or not (cost > 0).all():
        msg = (
            f"`seconds` must be above 0, one for each of the {len(gain)} clips, but has "
            f"{len(cost)} of which {int((cost <= 0).sum())} are 0; give each clip its time, or None"
        )
        raise SamplingError(msg)
    return np.asarray(worth / cost)


def spend_votes(
    worth: FloatArray,
    votes: npt.ArrayLike,
    budget: int,
    *,
    most: int,
    rng: np.random.Generator,
    repeat: float = REPEAT,
) -> IntArray:
    """Say how many further votes each clip gets, the most valuable votes first.

    The k-th further vote on a clip counts as repeat^(k − 1) of the first, so a batch that is large
    for its pool comes back to the clips that are worth it.

    Args:
        worth: Of the next vote on each clip, (N,), finite and at least 0.
        votes: Votes each clip has, (N,).
        budget: Votes to give, at least 0.
        most: Votes a clip may have in all.
        rng: Decides between equal worths.
        repeat: As in `worth_of_votes`.

    Returns:
        (N,) int64 with the sum min(budget, room), where room is what `most` leaves.

    Raises:
        SamplingError: Lengths differ, `budget` is negative, a worth is negative or not finite, or
            `repeat` leaves its range.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> spend_votes(np.array([1.0, 0.9, 0.1]), [0, 0, 0], 3, most=5, rng=rng).tolist()
        [2, 1, 0]
    """
    value = check_amounts(worth, name="worth")
    had = _check_votes(votes, len(value))
    _check_repeat(repeat)
    if budget < 0:
        msg = f"`budget` must be at least 0 votes, but is {budget}"
        raise SamplingError(msg)
    room = np.clip(most - had, 0, budget)
    candidates = _find_candidates(value, room, budget, rng)
    own = room[candidates]
    clip = np.repeat(candidates, own)
    nth = np.arange(len(clip)) - np.repeat(np.cumsum(own) - own, own)
    order = np.lexsort((rng.permutation(len(clip)), nth, -value[clip] * repeat**nth))
    return np.bincount(clip[order[:budget]], minlength=len(had))


def _find_candidates(
    worth: FloatArray, room: IntArray, budget: int, rng: np.random.Generator
) -> IntArray:
    """Return the clips with room that can get one of the votes: at most `budget` of them."""
    is_open = np.flatnonzero(room)
    if len(is_open) <= budget:
        return is_open
    value = worth[is_open]
    least = np.partition(value, -budget)[-budget]
    above = is_open[value > least]
    tied = rng.choice(is_open[value == least], budget - len(above), replace=False)
    return np.concatenate((above, tied))


def _check_votes(votes: npt.ArrayLike, clips: int) -> IntArray:
    had = check_amounts(votes, name="votes")
    if len(had) != clips:
        msg = f"`votes` must be a count for each of the {clips} clips, but there are {len(had)}"
        raise SamplingError(msg)
    return had.astype(np.int64)


def _check_repeat(repeat: float) -> None:
    if not 0 < repeat <= 1:
        msg = f"`repeat` must be above 0 and at most 1, but is {repeat}; 1 counts all votes alike"
        raise SamplingError(msg)
