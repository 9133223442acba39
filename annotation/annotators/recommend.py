"""From measures to plain advice: trust, watch, retrain or exclude, with the evidence in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from scipy.special import ndtri

from annotation.annotators.gold import GoldScores
from annotation.annotators.lead_times import OUTLIER_Z, LeadTimes
from annotation.annotators.runs import Runs
from annotation.annotators.skill import Skills
from annotation.annotators.spam import SpamScores, spammer_score
from annotation.annotators.trends import Trends

Recommendation = Literal["trust", "watch", "retrain", "exclude"]

_SEVERITY: Final[tuple[Recommendation, ...]] = ("trust", "watch", "retrain", "exclude")
MOST_SPAM: Final = 0.9
"""P(spammer) above which an annotator who also is hardly informative is excluded."""

LEAST_INFORMATIVE: Final = 0.25
"""Share of the average annotator's informativeness below which answers hardly depend on clips."""

HONEST_SPREAD: Final = 0.1
"""Standard deviation between honest people of P(one answer | one truth)."""

OUTLYING_CONFUSION: Final = 3.0
"""Deviations beyond which a wrong answer is given too often to be one of people's differences."""

_LEAST_LOSS: Final = 0.1
"""Skill that must be missing before anyone is retrained: a real but tiny gap is no reason."""


class Finding(NamedTuple):
    """One thing that speaks against an annotator, and what it alone would call for."""

    advice: Recommendation
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Everything that is known of the annotators; see the modules of each part."""

    classes: tuple[str, ...]
    skills: Skills
    spam: SpamScores
    runs: Runs
    trends: Trends
    lead_times: LeadTimes
    gold: GoldScores


def recommend(
    evidence: Evidence, index: int, *, alarm: float = 0.005, fewest_votes: int = 20
) -> tuple[Recommendation, tuple[str, ...]]:
    """Advise on one annotator.

    The advice is the gravest of these findings; all that apply are told, gravest first.

    - **exclude**: guessing explains the votes better than listening (P(spammer) above 0.9) and
      answers hardly depend on the clips (informativeness below a quarter of the average); or the
      gold score is below half of the group's even at the upper end of its interval.
    - **retrain**: skill at least 0.1 below what others reach on the same clips, with either the
      gap far outside the range of people or one confusion far outside it; or a gold score
      significantly below the group's by as much. They listen, but hear or use the classes
      otherwise; the most telling confusion is named.
    - **watch**: a run of equal answers, a decline over the history or within sittings, times far
      below the group's; or too few votes to judge.
    - **trust**: none of these.

    Times that are absurd, missing votes and lone voters never speak against anyone.

    Args:
        evidence: The measures of all annotators.
        index: Which of them.
        alarm: p-value below which a test speaks. Only declines speak, so each of the four tests
            names about half of this share of honest annotators for no reason.
        fewest_votes: Judged votes below which skill, guessing and confusion stay silent.

    Returns:
        The advice and its reasons in words.
    """
    findings = [
        *_on_guessing(evidence, index, fewest_votes),
        *_on_gold(evidence.gold, index, alarm),
        *_on_skill(evidence, index, alarm, fewest_votes),
        *_on_behaviour(evidence, index, alarm),
    ]
    findings.sort(key=lambda finding: -_SEVERITY.index(finding.advice))
    if findings:
        return findings[0].advice, tuple(finding.words for finding in findings)
    skills = evidence.skills
    words = (
        f"right in {skills.skill[index]:.0%} of {skills.judged[index]:.0f} votes, where others "
        f"are in {skills.typical[index]:.0%} of the same clips"
    )
    return "trust", (words,)


def _on_guessing(evidence: Evidence, index: int, fewest_votes: int) -> Iterator[Finding]:
    spam, skills = evidence.spam, evidence.skills
    judged = skills.judged[index]
    if judged < fewest_votes:
        yield Finding("watch", f"votes that can be judged: {judged:.0f}, fewer than {fewest_votes}")
        return
    least = LEAST_INFORMATIVE * spammer_score(skills.pooled[None])[0]
    if spam.probability[index] > MOST_SPAM and spam.informativeness[index] < least:
        yield Finding(
            "exclude",
            f"the {judged:.0f} votes do not depend on the clips: guessing with probability "
            f"{spam.probability[index]:.3f}, right in {skills.skill[index]:.0%} where others are "
            f"in {skills.typical[index]:.0%}",
        )


def _on_gold(gold: GoldScores, index: int, alarm: float) -> Iterator[Finding]:
    if not gold.votes[index]:
        return
    words = (
        f"{gold.right[index]} of {gold.votes[index]} gold clips right, where the group has "
        f"{gold.group:.0%}"
    )
    expected, votes = gold.group, gold.votes[index]
    error = np.sqrt(max(expected * (1 - expected), 0.25 / votes) / votes)
    if gold.high[index] < gold.group / 2:
        yield Finding("exclude", words)
    elif (gold.share[index] - expected) / error < ndtri(alarm) and (
        gold.share[index] < expected - _LEAST_LOSS
    ):
        yield Finding("retrain", words)


def _on_skill(evidence: Evidence, index: int, alarm: float, fewest_votes: int) -> Iterator[Finding]:
    skills = evidence.skills
    loss = skills.typical[index] - skills.skill[index]
    if skills.judged[index] < fewest_votes or loss < _LEAST_LOSS:
        return
    swaps = _largest_confusion(skills, index) > OUTLYING_CONFUSION
    if skills.gap_z[index] < ndtri(alarm) or (swaps and skills.own_ways[index] > -np.log(alarm)):
        yield Finding(
            "retrain",
            f"right in {skills.skill[index]:.0%} of {skills.judged[index]:.0f} votes "
            f"({skills.low[index]:.0%}-{skills.high[index]:.0%}), where others are in "
            f"{skills.typical[index]:.0%} of the same clips; {_worst_confusion(evidence, index)}",
        )


def _largest_confusion(skills: Skills, index: int) -> float:
    """Return how far the most unusual wrong answer lies outside what honest people do."""
    met = skills.counts[index].sum(axis=1, keepdims=True)
    pooled = skills.pooled
    error = np.sqrt(met * pooled * (1 - pooled) + (HONEST_SPREAD * met) ** 2)
    excess = (skills.counts[index] - met * pooled) / np.maximum(error, 1e-12)
    np.fill_diagonal(excess, 0.0)
    return float(excess.max())


def _worst_confusion(evidence: Evidence, index: int) -> str:
    """Name the answer that costs the annotator the most votes against the average."""
    skills, classes = evidence.skills, evidence.classes
    met = skills.counts[index].sum(axis=1, keepdims=True)
    excess = skills.counts[index] - met * skills.pooled
    np.fill_diagonal(excess, -np.inf)
    truth, answer = np.unravel_index(int(excess.argmax()), excess.shape)
    own = skills.confusion[index, truth, answer]
    return (
        f"`{classes[truth]}` is called `{classes[answer]}` in {own:.0%} of its clips, by others "
        f"in {skills.pooled[truth, answer]:.0%}"
    )


def _on_behaviour(evidence: Evidence, index: int, alarm: float) -> Iterator[Finding]:
    runs, trends, times = evidence.runs, evidence.trends, evidence.lead_times
    if runs.p_value[index] < alarm:
        yield Finding(
            "watch",
            f"{runs.suspicious[index]} times `{evidence.classes[runs.label[index]]}` in a row, "
            f"which listening explains with probability {runs.p_value[index]:.0e} at most",
        )
    if trends.drift[index] < 0 and trends.drift_p[index] < alarm:
        yield Finding(
            "watch",
            f"skill changed by {trends.drift[index]:+.2f} over {trends.sittings[index]} sittings "
            f"(p = {trends.drift_p[index]:.0e})",
        )
    if trends.fatigue[index] < 0 and trends.fatigue_p[index] < alarm:
        yield Finding(
            "watch",
            f"skill changes by {trends.fatigue[index]:+.2f} from the start to the end of a sitting "
            f"(p = {trends.fatigue_p[index]:.0e})",
        )
    if times.group_z[index] < -OUTLIER_Z:
        yield Finding(
            "watch",
            f"takes {times.median_s[index]:.1f} s per vote, {-times.group_z[index]:.1f} robust "
            "deviations below the group",
        )
