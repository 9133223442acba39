"""Why a vote is asked for, in words: which of three kinds it is, and what it is worth."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray
from pipelines.arm_votes import Belief
from pipelines.pool import Pool

IntArray = npt.NDArray[np.int64]


def explain_worth(
    pool: Pool,
    belief: Belief,
    worth: FloatArray,
    *,
    given: IntArray,
    chosen: IntArray,
    classes: Sequence[str],
) -> list[str]:
    """Say of each chosen clip which kind of vote it gets, why, and who would best give it.

    Args:
        pool: What the model says.
        belief: What is known.
        worth: Of the next vote on each clip, ``(N,)``.
        given: Further votes of each clip, ``(N,)``.
        chosen: Which clips.
        classes: C names.
    """
    best = belief.crowd.best_for(
        [pool.clip_ids[at] for at in chosen], belief.posterior[chosen], belief.seconds[chosen]
    )
    told = []
    for at, name in zip(chosen, best, strict=True):
        kind = _kind(pool.posterior[at], belief.counts[at], int(given[at]), classes)
        gain = f"{worth[at]:.3f} nats per second in about {belief.seconds[at]:.0f} s"
        told.append(
            f"{kind}; {_leaders(belief.posterior[at], classes)}; {gain}"
            + (f"; best asked: {name}" if name else "")
        )
    return told


def _kind(word: FloatArray, counts: IntArray, given: int, classes: Sequence[str]) -> str:
    """Return which of the three kinds of votes it is, in words."""
    number = "vote" if given == 1 else f"{given} votes"
    if not counts.any():
        return f"first {number} on a new clip"
    heard = ", ".join(f"{name} {n}" for name, n in zip(classes, counts, strict=True) if n)
    leading, likeliest = np.flatnonzero(counts == counts.max()), int(word.argmax())
    if len(leading) == 1 and leading[0] != likeliest:
        label = classes[int(leading[0])]
        more = "" if given == 1 else f", {number}"
        return (
            f"audit of a label that the model contradicts{more}: people heard {heard}, the model "
            f"hears {classes[likeliest]} {word[likeliest]:.2f} and {label} {word[leading[0]]:.2f}"
        )
    more = "one more vote" if given == 1 else f"{given} more votes"
    return f"{more} on a disputed clip: people heard {heard}"


def _leaders(posterior: FloatArray, classes: Sequence[str]) -> str:
    first, second = np.argsort(-posterior, kind="stable")[:2]
    return (
        f"it may be {classes[first]} {posterior[first]:.2f} or {classes[second]} "
        f"{posterior[second]:.2f}"
    )
