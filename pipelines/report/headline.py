"""The one sentence the page opens with, and the verdict it supports."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pipelines.report.content import CurvePoint, PairedDifference, ReportContent
from pipelines.report.wording import format_interval, format_quantity, format_score

Verdict = Literal[
    "Active ahead", "Random ahead", "No winner yet", "Starting point", "No comparison", "No result"
]


@dataclass(frozen=True, slots=True)
class Headline:
    """A verdict of a few words and the sentence that gives its evidence."""

    verdict: Verdict
    sentence: str


def write_headline(content: ReportContent) -> Headline:
    """State the result of the round, with its uncertainty and nothing more.

    An arm is called ahead only if the paired interval excludes 0 (or, without one, the two
    intervals are apart) and the arm has not spent more votes than the other.

    Args:
        content: the records of the page.

    Returns:
        The verdict and its sentence.
    """
    active, random = content.arm_points("active"), content.arm_points("random")
    if active and random:
        return _compare_arms(content, active[-1], random[-1])
    if active or random:
        return _report_one_arm(content, (active or random)[-1])
    return Headline("No result", f"No model has been evaluated on {_test_part(content)} yet.")


def chance_level(n_classes: int) -> float:
    """Return the UAR of guessing among C classes.

    Args:
        n_classes: C, at least 1.

    Returns:
        1 / C, whatever the guesser's class preference.

    Example:
        >>> chance_level(8)
        0.125
    """
    return 1 / n_classes


def _compare_arms(content: ReportContent, active: CurvePoint, random: CurvePoint) -> Headline:
    verdict, reason = _judge(active, random, content.difference)
    if verdict == "Starting point":
        opening = f"{_after(content, active)} both arms stand at UAR {_score(active)}"
    elif active.votes == random.votes:
        opening = (
            f"{_after(content, active)} the active arm reaches UAR {_score(active)}, "
            f"the random arm {_score(random)}"
        )
    else:
        opening = (
            f"{_after(content, active)} the active arm reaches UAR {_score(active)}; "
            f"{_after(content, random).lower()} the random arm reaches {_score(random)}"
        )
    return Headline(
        verdict,
        f"{opening} on {_test_part(content)}; {reason}.{_chance_warning(content, active)}",
    )


def _report_one_arm(content: ReportContent, point: CurvePoint) -> Headline:
    missing = "random" if point.arm == "active" else "active"
    return Headline(
        "No comparison",
        f"{_after(content, point)} the {point.arm} arm reaches UAR {_score(point)} on "
        f"{_test_part(content)}; there is no {missing} arm to compare it with."
        f"{_chance_warning(content, point)}",
    )


def _judge(
    active: CurvePoint, random: CurvePoint, difference: PairedDifference | None
) -> tuple[Verdict, str]:
    if active.model_id == random.model_id:
        return "Starting point", "they share this model and part from here"
    if math.isnan(active.uar) or math.isnan(random.uar):
        return "No result", "a score is undefined, so there is nothing to compare"
    sign, evidence = (
        _judge_intervals(active, random) if difference is None else _judge_difference(difference)
    )
    if sign == 0:
        return "No winner yet", f"{evidence}: no winner yet"
    ahead, behind = (active, random) if sign > 0 else (random, active)
    if ahead.votes > behind.votes:
        return "No winner yet", f"{evidence}, but the {ahead.arm} arm has spent more votes"
    verdict: Verdict = "Active ahead" if sign > 0 else "Random ahead"
    return verdict, f"{evidence}: the {ahead.arm} arm is ahead"


def _judge_intervals(active: CurvePoint, random: CurvePoint) -> tuple[int, str]:
    bounds = (active.uar_low, active.uar_high, random.uar_low, random.uar_high)
    if any(math.isnan(bound) for bound in bounds):
        return 0, "there is no interval to judge by"
    if active.uar_low > random.uar_high:
        return 1, "the intervals are apart"
    if random.uar_low > active.uar_high:
        return -1, "the intervals are apart"
    return 0, "the intervals overlap"


def _judge_difference(difference: PairedDifference) -> tuple[int, str]:
    shown = (
        f"{format_score(difference.uar, signed=True)} "
        f"{format_interval(difference.low, difference.high)}"
    )
    if math.isnan(difference.low) or math.isnan(difference.high):
        return 0, "the paired difference has no interval"
    if difference.low > 0 or difference.high < 0:
        return (1 if difference.low > 0 else -1), f"the paired difference {shown} excludes 0"
    return 0, f"the paired difference {shown} includes 0"


def _chance_warning(content: ReportContent, point: CurvePoint) -> str:
    chance = chance_level(len(content.classes))
    if point.uar_low <= chance:
        return f" The {point.arm} arm is not clearly above chance ({format_score(chance)})."
    return ""


def _after(content: ReportContent, point: CurvePoint) -> str:
    noun = "simulated vote" if content.has_simulated_votes else "vote"
    return f"After {format_quantity(point.votes, noun)}"


def _score(point: CurvePoint) -> str:
    return f"{format_score(point.uar)} {format_interval(point.uar_low, point.uar_high)}"


def _test_part(content: ReportContent) -> str:
    speakers = format_quantity(content.held_out.speakers, "held-out speaker")
    return f"{speakers} of synthetic speech" if content.is_synthetic else speakers
