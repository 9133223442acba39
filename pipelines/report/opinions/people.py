"""From profiles to what the page shows of each annotator, and whose confusion is worth a look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from annotation.aggregation import Consensus
from annotation.annotators import AnnotatorProfile, Judgements, build_judgements, profile_annotators
from annotation.clips import average_confusion
from annotation.columns import FloatArray, IntArray
from pipelines.annotators import GRAVEST_FIRST
from pipelines.opinions import Opinions
from pipelines.report.opinions.content import AnnotatorView, ConfusionView, Estimate
from pipelines.report.wording import format_quantity, format_score

LOWEST_SHOWN: Final = 2
FEWEST_VOTES: Final = 20
"""Judged votes below which a confusion matrix is mostly the average annotator's."""

_LEAST_BEHIND: Final = 0.5
"""Expected votes on a class below which a row of a matrix tells nothing."""


def describe_people(
    opinions: Opinions, consensus: Consensus
) -> tuple[tuple[AnnotatorView, ...], tuple[ConfusionView, ...]]:
    """Profile everybody who put a name to a vote, as `serloop annotators` does.

    Args:
        opinions: labelled votes.
        consensus: made of these very votes.

    Returns:
        Everybody, gravest advice first; and the confusion of the few it says most about. Both
        are empty where all votes are anonymous counts.
    """
    if not len(opinions.votes["annotator"].drop_null()):
        return (), ()
    judgements = build_judgements(opinions.votes, consensus)
    profiles = profile_annotators(judgements)
    profiles.sort(key=lambda one: (GRAVEST_FIRST.index(one.recommendation), one.annotator))
    views = tuple(_describe(profile, judgements.classes) for profile in profiles)
    return views, tuple(_show_confusions(profiles, judgements))


def pool_confusion(
    consensus: Consensus, counts: IntArray, intended: IntArray
) -> tuple[ConfusionView, ...]:
    """Pool the confusion of all votes, against the consensus and against what was intended.

    Args:
        consensus: with a confusion per annotator.
        counts: votes per clip and class, (N, C).
        intended: intended class per clip, (N,); -1 for none.

    Returns:
        One or two maps; the second where some clip has an intended class.
    """
    behind = consensus.posterior.T @ counts.sum(axis=1)
    maps = [
        _view(
            "all votes",
            "What people say of clips that are, by the consensus, of each class. The consensus "
            "is made of these votes, so it flatters them a little.",
            "consensus",
            average_confusion(consensus),
            behind,
        )
    ]
    if (intended >= 0).any():
        met = np.zeros((len(consensus.classes), len(consensus.classes)))
        has_intention = intended >= 0
        np.add.at(met, intended[has_intention], counts[has_intention])
        total = met.sum(axis=1)
        shares = np.divide(met, total[:, None], out=np.zeros_like(met), where=total[:, None] > 0)
        caption = "What people say of clips that were meant to be of each class."
        maps.append(_view("all votes, by intention", caption, "intended", shares, total))
    return tuple(maps)


def _describe(profile: AnnotatorProfile, classes: Sequence[str]) -> AnnotatorView:
    leaning = int(np.abs(profile.bias).argmax()) if profile.judged else None
    return AnnotatorView(
        annotator=profile.annotator,
        votes=profile.votes,
        judged=profile.judged,
        skill=Estimate(profile.skill, profile.skill_low, profile.skill_high),
        typical=profile.typical_skill,
        leaning=None if leaning is None else classes[leaning],
        bias=0.0 if leaning is None else float(profile.bias[leaning]),
        advice=profile.recommendation,
        evidence=profile.reasons,
    )


def _show_confusions(
    profiles: Sequence[AnnotatorProfile], judgements: Judgements
) -> Iterator[ConfusionView]:
    known = [profile for profile in profiles if profile.judged >= FEWEST_VOTES]
    by_gap = sorted(known, key=lambda one: (one.skill - one.typical_skill, one.annotator))
    lowest = [one for one in by_gap if one.skill < one.typical_skill][:LOWEST_SHOWN]
    for profile in lowest:
        reason = (
            f"Furthest below others on the same clips: skill {format_score(profile.skill)}, where "
            f"they reach {format_score(profile.typical_skill)}"
        )
        yield _view_of(profile, judgements, reason)
    taken = {profile.annotator for profile in lowest}
    leaning = [one for one in known if one.annotator not in taken]
    if leaning:
        profile = max(leaning, key=lambda one: float(np.abs(one.bias).max()))
        index = int(np.abs(profile.bias).argmax())
        bias = format_score(float(profile.bias[index]), signed=True)
        yield _view_of(
            profile,
            judgements,
            f"Leans most: {bias} of the votes {'to' if profile.bias[index] > 0 else 'from'} "
            f"{judgements.classes[index]}, beyond what the clips are",
        )


def _view_of(profile: AnnotatorProfile, judgements: Judgements, reason: str) -> ConfusionView:
    own = judgements.annotator_index == judgements.annotators.index(profile.annotator)
    behind = np.nansum(judgements.reference[own], axis=0)
    votes = format_quantity(profile.judged, "vote")
    caption = f"{reason} ({votes}; advice: {profile.recommendation})."
    return _view(profile.annotator, caption, "consensus", profile.confusion, behind)


def _view(
    title: str, caption: str, truth: str, shares: FloatArray, behind: FloatArray
) -> ConfusionView:
    known = np.where(behind[:, None] >= _LEAST_BEHIND, shares, np.nan)
    return ConfusionView(
        title=title,
        caption=caption,
        truth=truth,
        shares=tuple(tuple(row) for row in known.tolist()),
        behind=tuple(behind.tolist()),
    )
