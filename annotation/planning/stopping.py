"""When to stop asking: criteria that each say yes, no or not yet, and an advice from them.

Nothing is ever stopped by them. Each looks at something else (the forecast of the curve, what
the models say, people's time), so that one that errs is outvoted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from annotation.planning.curve import LearningCurve
from annotation.planning.errors import PlanningError

FEWEST_MODELS: Final = 3
PREDICTED_CHANGE: Final = 0.01
AGREEMENT: Final = 0.99
GAIN_PER_HOUR: Final = 0.005
_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Criterion:
    """What one criterion says.

    Attributes:
        name: What it looks at, in words.
        value: What it found; NaN where it cannot be known yet.
        threshold: What it compares it with.
        says_stop: Its answer; None where it has none yet.
        words: The finding in a sentence.
    """

    name: str
    value: float
    threshold: float
    says_stop: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What the criteria say together.

    Attributes:
        criteria: Each of them.
        stops: How many say stop.
        known: How many say anything.
        words: The advice in words.
    """

    criteria: tuple[Criterion, ...]
    stops: int
    known: int
    words: str


def predicted_change(
    curve: LearningCurve | None,
    *,
    votes: int,
    next_votes: int,
    threshold: float = PREDICTED_CHANGE,
) -> Criterion:
    """Say stop when the next round is expected to raise UAR by less than a threshold.

    Args:
        curve: The curve over votes; None while there are too few rounds.
        votes: Votes so far.
        next_votes: Votes that the next round would add.
        threshold: UAR below which a round is not worth asking.

    Reference:
        M. Altschuler and M. Bloodgood (2019). Stopping active learning based on predicted change
        of F measure for text classification. arXiv:1901.09118. They bound the change by the
        models' agreement; here it is read off the fitted curve.
    """
    name = "predicted change"
    if curve is None or next_votes < 1:
        return _not_yet(name, threshold, _why_no_forecast(curve))
    gain = curve.gain(votes, votes + next_votes)
    words = (
        f"The next {next_votes:,} votes are expected to change UAR by {gain.value:+.3f} "
        f"[{gain.low:+.3f}, {gain.high:+.3f}]."
    )
    return Criterion(name, gain.value, threshold, gain.value < threshold, words)


def stabilising_predictions(
    agreements: Sequence[float], *, clips: int, threshold: float = AGREEMENT
) -> Criterion:
    """Say stop when the last three models say nearly the same of clips nobody labelled for them.

    Args:
        agreements: Cohen's kappa of each pair of consecutive models, the earliest first (see
            `agreement_of`); NaN where it is not defined.
        clips: Clips that the last pairs were compared on. A kappa of .99 needs hundreds: the
            authors' stop sets have thousands.
        threshold: Mean kappa of the last two pairs from which the models count as stable.

    Reference:
        M. Bloodgood and K. Vijay-Shanker (2009). A method for stopping active learning based on
        stabilizing predictions and the need for user-adjustable stopping. arXiv:1409.5165
    """
    name = "stabilising predictions"
    pairs = FEWEST_MODELS - 1
    last = [value for value in agreements[-pairs:] if not math.isnan(value)]
    if len(last) < pairs or not clips:
        return _not_yet(name, threshold, f"Not yet: needs {FEWEST_MODELS} rounds' models.")
    value = float(np.mean(last))
    words = (
        f"The last {FEWEST_MODELS} models agree with kappa {value:.3f}, on {clips:,} clips that "
        "none of them learned from."
    )
    return Criterion(name, value, threshold, value >= threshold, words)


def gain_per_hour(
    curve: LearningCurve | None,
    *,
    votes: int,
    next_votes: int,
    seconds_per_vote: float,
    threshold: float = GAIN_PER_HOUR,
) -> Criterion:
    """Say stop when an hour of people's time is expected to bring less UAR than a threshold.

    Args:
        curve: The curve over votes; None while there are too few rounds.
        votes: Votes so far.
        next_votes: Votes that the next round would add.
        seconds_per_vote: Of an annotator's time; NaN where it was not recorded.
        threshold: UAR per annotator-hour.
    """
    name = "gain per hour"
    if curve is None or next_votes < 1:
        return _not_yet(name, threshold, _why_no_forecast(curve))
    if not seconds_per_vote > 0:
        return _not_yet(name, threshold, "Not known: the votes do not say how long they took.")
    hours = next_votes * seconds_per_vote / _SECONDS
    value = curve.gain(votes, votes + next_votes).value / hours
    words = (
        f"An hour of annotators' time ({_SECONDS / seconds_per_vote:,.0f} votes at "
        f"{seconds_per_vote:.1f} s) is expected to change UAR by {value:+.4f}."
    )
    return Criterion(name, value, threshold, value < threshold, words)


def advise(criteria: Sequence[Criterion]) -> Advice:
    """Count who says stop, and put it in words.

    Example:
        >>> stop = Criterion("a", .001, .01, True, ""), Criterion("b", .999, .99, True, "")
        >>> advise([*stop, Criterion("c", .02, .01, False, "")]).words
        'Consider stopping: 2 of 3 criteria say that more votes would change little.'
    """
    told = [one.says_stop for one in criteria if one.says_stop is not None]
    stops, known = sum(told), len(told)
    if not known:
        words = f"Not yet: a forecast needs {FEWEST_MODELS} rounds."
    elif stops == 0:
        words = f"Go on: none of {known} criteria says stop."
    elif 2 * stops <= known:
        words = f"Go on, and look again after the next round: {stops} of {known} say stop."
    else:
        words = (
            f"Consider stopping: {stops} of {known} criteria say that more votes would change "
            "little."
        )
    return Advice(tuple(criteria), stops, known, words)


def agreement_of(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Return Cohen's kappa of two models' predictions on the same clips.

    Args:
        first: Class of each of N clips by one model, (N,) integers.
        second: By the other, (N,).

    Returns:
        Kappa in [-1, 1]; NaN without clips; 1 where both give every clip one and the same class:
        models that do not change are stable.

    Raises:
        PlanningError: They are not about as many clips.

    Example:
        >>> agreement_of([0, 0, 1, 1], [0, 0, 1, 0])
        0.5

    Reference:
        J. Cohen (1960). A coefficient of agreement for nominal scales.
        doi:10.1177/001316446002000104
    """
    one, other = np.asarray(first, np.int64), np.asarray(second, np.int64)
    if one.shape != other.shape:
        msg = f"both models must judge the same clips, but judge {one.shape} and {other.shape}"
        raise PlanningError(msg)
    if not one.size:
        return math.nan
    observed = float((one == other).mean())
    classes = int(max(one.max(), other.max())) + 1
    uses = [np.bincount(values, minlength=classes) / one.size for values in (one, other)]
    expected = float(uses[0] @ uses[1])
    return 1.0 if expected == 1 else (observed - expected) / (1 - expected)


def _not_yet(name: str, threshold: float, words: str) -> Criterion:
    return Criterion(name, math.nan, threshold, None, words)


def _why_no_forecast(curve: LearningCurve | None) -> str:
    if curve is None:
        return f"Not yet: needs {FEWEST_MODELS} rounds."
    return "Not known: no further round can be asked."
