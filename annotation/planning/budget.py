"""How many clips to ask about, and how many people about each, for a budget and a target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from annotation.aggregation.parameters import check_parameter
from annotation.planning.curve import Estimate, LearningCurve, fit_curve
from annotation.planning.errors import PlanningError
from annotation.planning.quality import (
    label_quality,
    label_worth,
    misheard_classes,
    quality_between,
)
from annotation.planning.spending import Budget

MOST_VOTES_PER_CLIP: Final = 10
ENOUGH_CHANCE: Final = 0.8
FAR: Final = 4.0
"""Labels over those of the last point beyond which a forecast is mostly prior."""


@dataclass(frozen=True, slots=True, eq=False)
class WorthCurve:
    """A learning curve over labels of every quality, counted in clean ones.

    Attributes:
        curve: UAR over effective labels, clips × worth of a label.
        explained: Share of the classes' variance that features can explain, s of `label_worth`.
        spent: Effective labels there are already.
    """

    curve: LearningCurve
    explained: float
    spent: float


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One way to spend the budget.

    Attributes:
        votes_per_clip: People asked about each clip.
        clips: Further clips asked about.
        votes: Votes bought.
        hours: Annotator-hours they take.
        cost: Their price; NaN without a rate.
        uar: Expected UAR with all labels, those there were already included.
        chance: Probability that the target is reached; NaN without a target.
        votes_to_target: Votes that reach it with the wanted probability; infinite where no pool
            or no curve does, NaN without a target.
        is_far: Whether the forecast lies far beyond the points it rests on.
        misheard: Classes that a decision by so few votes mostly takes for others; of a plan for
            a learner of decided labels such rows are never recommended.
    """

    votes_per_clip: int
    clips: int
    votes: int
    hours: float
    cost: float
    uar: Estimate
    chance: float
    votes_to_target: float
    is_far: bool
    misheard: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All ways to spend a budget, and the one to choose.

    Attributes:
        rows: By votes per clip, ascending.
        recommended: Position of the one to choose.
        reason: Why, in words.
    """

    rows: tuple[PlanRow, ...]
    recommended: int
    reason: str


def fit_worth(
    clips: npt.ArrayLike,
    votes_per_clip: npt.ArrayLike,
    scores: npt.ArrayLike,
    errors: npt.ArrayLike,
    *,
    confusion: npt.ArrayLike,
    shared: float = 0.0,
) -> WorthCurve:
    """Fit the curve over effective labels, so that it also speaks of other votes per clip.

    The assumption: n clips with k votes each teach as much as n · worth(k) clips with their
    true classes (see `label_worth`), where s, what features can explain, is the chance-corrected
    ceiling of the curve. It holds for learners whose label noise averages out: those that learn
    vote distributions, or labels that a Dawid-Skene posterior decides from three or more votes.
    Single votes taken as hard labels are worse than it says wherever people hear one class as
    another more often than as itself, because such an error does not average out. How people
    disagree on single clips, and that an active arm asks about harder clips, is left out.

    Args:
        clips: Labelled clips behind each of P ≥ 3 points.
        votes_per_clip: Mean votes on a clip at each point, (P,) or one number.
        scores: UAR of each.
        errors: Standard error of each.
        confusion: P(vote | class) of the average annotator, (C, C).
        shared: Correlation of the points' errors.

    Returns:
        The curve; `spent` is the size of its last point.

    Raises:
        PlanningError: There are fewer than three points, or one is no point.

    Reference:
        R. J. Carroll, D. Ruppert, L. A. Stefanski and C. M. Crainiceanu (2006). Measurement
        error in nonlinear models, chapter 15 (error in the response). doi:10.1201/9781420010138
        V. S. Sheng, F. Provost and P. G. Ipeirotis (2008). Get another label? Improving data
        quality and data mining using multiple, noisy labelers. doi:10.1145/1401890.1401965
    """
    quality = quality_between(confusion, votes_per_clip)
    amount = np.asarray(clips, np.float64)
    rough = fit_curve(amount * quality, scores, errors, shared=shared)
    chance = 1 / len(np.asarray(confusion))
    ceiling = float(rough.draws[:, 0] @ rough.weights)
    explained = float(np.clip((ceiling - chance) / (1 - chance), 0, 1))
    sizes = amount * label_worth(quality, explained)
    curve = fit_curve(sizes, scores, errors, shared=shared)
    return WorthCurve(curve, explained, float(curve.sizes[-1]))


def plan_budget(
    worth: WorthCurve,
    budget: Budget,
    *,
    confusion: npt.ArrayLike,
    annotators: int,
    pool: int | None = None,
    target: float | None = None,
    enough_chance: float = ENOUGH_CHANCE,
    spent: float | None = None,
    is_decided: bool = False,
) -> Plan:
    """Say what every number of votes per clip would buy, and which one to choose.

    Args:
        worth: The curve over effective labels.
        budget: What can be spent.
        confusion: P(vote | class) of the average annotator, (C, C).
        annotators: People there are; a clip has at most one vote of each.
        pool: Clips that may still be asked about; None for as many as one likes.
        target: UAR to reach; None for the best the budget buys.
        enough_chance: Probability with which the target is to be reached.
        spent: Effective labels there are already; default: those of `worth`.
        is_decided: Whether models learn decided labels instead of posteriors of the votes.

    Returns:
        The plan. Recommended is the fewest votes that reach the target with enough probability;
        where none does, or without a target, the best expected UAR, and of equals the cheaper.

    Raises:
        PlanningError: The budget does not buy a vote, or no clip is left.
    """
    check_parameter("annotators", annotators, annotators >= 1, "at least 1")
    check_parameter("enough_chance", enough_chance, 0 < enough_chance < 1, "in (0, 1)")
    if budget.votes < 1 or (pool is not None and pool < 1):
        left = "no limit" if pool is None else f"{pool} clips"
        msg = f"nothing to plan: the budget buys {budget.votes} votes, and the pool has {left}"
        raise PlanningError(msg)
    most = min(annotators, MOST_VOTES_PER_CLIP, budget.votes)
    counts = np.arange(1, most + 1)
    quality = [label_quality(confusion, int(k)) for k in counts]
    labels = label_worth(quality, worth.explained)
    known = worth.spent if spent is None else spent
    aim = _Aim(target, enough_chance, math.inf if pool is None else pool, known)
    rows = tuple(
        _plan_row(
            worth.curve,
            budget,
            aim,
            votes_per_clip=int(k),
            each=float(each),
            misheard=tuple(misheard_classes(confusion, int(k))) if is_decided else (),
        )
        for k, each in zip(counts, labels, strict=True)
    )
    return _recommend(rows, target, enough_chance)


@dataclass(frozen=True, slots=True)
class _Aim:
    """What all rows of a plan share."""

    target: float | None
    enough_chance: float
    most_clips: float
    known: float


def _plan_row(
    curve: LearningCurve,
    budget: Budget,
    aim: _Aim,
    *,
    votes_per_clip: int,
    each: float,
    misheard: tuple[int, ...],
) -> PlanRow:
    clips = int(min(budget.votes // votes_per_clip, aim.most_clips))
    votes = votes_per_clip * clips
    size = aim.known + clips * each
    chance, needed = math.nan, math.nan
    if aim.target is not None:
        chance = curve.chance_of(aim.target, size)
        lacking = curve.labels_with_chance(aim.target, aim.enough_chance) - aim.known
        further = max(lacking, 0.0) / each if each else math.inf
        is_possible = math.isfinite(further) and math.ceil(further) <= aim.most_clips
        needed = votes_per_clip * math.ceil(further) if is_possible else math.inf
    return PlanRow(
        votes_per_clip=votes_per_clip,
        clips=clips,
        votes=votes,
        hours=budget.hours(votes),
        cost=budget.cost(votes),
        uar=curve.forecast(size),
        chance=chance,
        votes_to_target=float(needed),
        is_far=size > FAR * float(curve.sizes[-1]),
        misheard=misheard,
    )


def _recommend(rows: Sequence[PlanRow], target: float | None, enough_chance: float) -> Plan:
    sound = [at for at, row in enumerate(rows) if not row.misheard] or list(range(len(rows)))
    best = max(sound, key=lambda at: (round(rows[at].uar.value, 4), -rows[at].votes))
    if target is None:
        return Plan(tuple(rows), best, "the best expected UAR that the budget buys")
    reach = [at for at in sound if rows[at].votes_to_target <= rows[at].votes]
    if reach:
        cheapest = min(reach, key=lambda at: rows[at].votes_to_target)
        row = rows[cheapest]
        reason = (
            f"{row.votes_to_target:,.0f} votes reach UAR {target:g} with a chance of "
            f"{enough_chance:.0%}, the fewest of all"
        )
        return Plan(tuple(rows), cheapest, reason)
    reason = (
        f"no plan within the budget reaches UAR {target:g} with a chance of {enough_chance:.0%}; "
        f"the best expected UAR comes with a chance of {rows[best].chance:.0%}"
    )
    return Plan(tuple(rows), best, reason)
