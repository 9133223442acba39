"""Realistic opinions made of invented numbers, for tests and for looking at the page."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

from pipelines.report.opinions.content import (
    ADVICE,
    AgreementStep,
    AnnotatorView,
    ClipView,
    ConfusionView,
    Estimate,
    Fit,
    GroupContent,
    OpinionContent,
    Timeline,
)

SAMPLE_LABELS = ("anger", "neutral", "sadness")


def build_sample_opinions(
    *, groups: int = 1, annotators: int = 12, audio: Sequence[bytes] = ()
) -> OpinionContent:
    """Build the content of plausible votes on synthetic speech.

    Args:
        groups: groups of votes, all alike.
        annotators: named annotators of each; 0 for anonymous counts.
        audio: FLAC files for the first ambiguous clips, in order.

    Returns:
        Content of invented numbers.
    """
    return OpinionContent(
        scope="all corpora",
        groups=tuple(_group(number, annotators, audio) for number in range(groups)),
        snapshot=41,
        code_version="0.1.0+3f9d2c1",
        command="serloop opinions",
    )


def build_annotators(count: int) -> tuple[AnnotatorView, ...]:
    """Build annotators of unlike skill, some of each advice; the last cannot be judged.

    Args:
        count: how many.
    """
    found = []
    for number in range(count):
        skill = 0.3 + 0.5 * ((number * 7) % 20) / 20
        is_judged = number < count - 1
        found.append(
            AnnotatorView(
                annotator=f"listener-{number:03d}",
                votes=20 + 9 * number,
                judged=20 + 9 * number if is_judged else 0,
                skill=Estimate(skill, skill - 0.1, skill + 0.1)
                if is_judged
                else Estimate(nan, nan, nan),
                typical=0.6 if is_judged else nan,
                leaning="anger" if is_judged else None,
                bias=0.12 if is_judged else 0.0,
                advice=ADVICE[3 - min(number, 3)],
                evidence=("`anger` is called `sadness` in 33% of its clips",),
            )
        )
    return tuple(found)


def _group(number: int, annotators: int, audio: Sequence[bytes]) -> GroupContent:
    shares = ((0.7, 0.2, 0.1), (0.05, 0.8, 0.15), (nan, nan, nan))
    return GroupContent(
        taxonomy=f"sample-{number}",
        modality="audio",
        classes=SAMPLE_LABELS,
        corpora=("synthetic",),
        is_synthetic=True,
        has_simulated_votes=True,
        votes=1200,
        anonymous=0 if annotators else 1200,
        clips=240,
        ties=18,
        alpha=Estimate(0.42, 0.38, 0.46),
        ratings=(("arousal", 90, Estimate(0.31, 0.2, 0.4)),),
        fit=Fit(aggregator="hierarchical", iterations=61, converged=True, change=8e-5, undecided=0),
        annotators=build_annotators(annotators),
        confusions=(
            ConfusionView(
                title="all votes",
                caption="What people say.",
                truth="consensus",
                shares=shares,
                behind=(500.2, 699.8, 0.0),
            ),
        ),
        timeline=Timeline(unit="round", steps=tuple(_step(number) for number in range(4))),
        ambiguous=tuple(_clip(number, audio) for number in range(3)),
        unheard=(_clip(9, ()),),
    )


def _step(number: int) -> AgreementStep:
    alpha = 0.3 + 0.05 * number
    return AgreementStep(
        name=f"morning-{number:03d}",
        span=f"round morning-{number:03d}",
        alpha=Estimate(nan, nan, nan) if number == 2 else Estimate(alpha, alpha - 0.1, alpha + 0.1),
        pairs=Estimate(0.5, 0.45, 0.55),
        clips=60,
        votes=300,
    )


def _clip(number: int, audio: Sequence[bytes]) -> ClipView:
    sound = audio[number] if number < len(audio) else None
    return ClipView(
        clip_id=f"synthetic/s{number:02d}-anger",
        votes=(("neutral", 2), ("anger", 2), ("sadness", 1)),
        leading=None if number == 1 else "neutral",
        probability=0.48,
        intended="anger",
        ambiguity=1.02,
        ignorance=0.21,
        gain=0.11,
        duration_s=1.9,
        audio=sound,
        silence="" if sound else "Too long to be played here.",
    )
