"""The headline says what the numbers support and nothing more."""

import math
from dataclasses import replace

import pytest

from pipelines.report.content import CurvePoint, HeldOut, PairedDifference
from pipelines.report.headline import write_headline
from pipelines.report.testing import build_sample_content


def point(arm, uar, half=0.06, votes=240):
    """Build the last point of an arm, with an interval of `half` either side."""
    return CurvePoint(
        round=4,
        arm=arm,
        clips=80,
        votes=votes,
        uar=uar,
        uar_low=uar - half,
        uar_high=uar + half,
        war=uar,
        model_id=f"model-{arm}",
    )


def content_of(*curve, **changes):
    """Build a content about real speech and real votes with this curve."""
    return replace(
        build_sample_content(),
        is_synthetic=False,
        has_simulated_votes=False,
        held_out=HeldOut(speakers=4, clips=144),
        curve=curve,
        confusion=None,
        **changes,
    )


def test_overlapping_intervals_have_no_winner():
    """The sentence holds both scores, both intervals, the votes and the speakers."""
    headline = write_headline(content_of(point("active", 0.61), point("random", 0.57)))
    assert headline.verdict == "No winner yet"
    assert headline.sentence.replace("\N{NO-BREAK SPACE}", " ") == (
        "After 240 votes the active arm reaches UAR .61 [.55, .67], the random arm "
        ".57 [.51, .63] on 4 held-out speakers; the intervals overlap: no winner yet."
    )


@pytest.mark.parametrize(
    ("active", "random", "verdict", "reason"),
    [
        pytest.param(
            point("active", 0.7), point("random", 0.5), "Active ahead", "intervals are apart",
            id="active",
        ),
        pytest.param(
            point("active", 0.5), point("random", 0.7), "Random ahead", "intervals are apart",
            id="random",
        ),
        pytest.param(
            point("active", 0.7, votes=300), point("random", 0.5), "No winner yet",
            "but the active arm has spent more votes", id="bought-with-votes",
        ),
        pytest.param(
            point("active", 0.7, votes=200), point("random", 0.5), "Active ahead",
            "after 240 votes the random arm reaches", id="ahead-with-fewer-votes",
        ),
        pytest.param(
            point("active", 0.7, half=math.nan), point("random", 0.5), "No winner yet",
            "no interval to judge by", id="no-interval",
        ),
        pytest.param(
            point("active", math.nan), point("random", 0.5), "No result",
            "a score is undefined", id="undefined",
        ),
    ],
)  # fmt: skip
def test_verdict(active, random, verdict, reason):
    """An arm is ahead only with intervals apart and no more votes than the other."""
    headline = write_headline(content_of(active, random))
    assert headline.verdict == verdict
    assert reason in headline.sentence


@pytest.mark.parametrize(
    ("low", "high", "verdict", "reason"),
    [
        (0.01, 0.07, "Active ahead", "+.04 [.01, .07] excludes 0: the active arm is ahead"),
        (-0.01, 0.09, "No winner yet", "+.04 [−.01, .09] includes 0: no winner yet"),
        (-0.09, -0.01, "Random ahead", "excludes 0: the random arm is ahead"),
        (math.nan, math.nan, "No winner yet", "the paired difference has no interval"),
    ],
    ids=["above", "across", "below", "undefined"],
)
def test_paired_difference_decides_when_given(low, high, verdict, reason):
    """The paired interval is sharper than two overlapping ones and goes first."""
    difference = PairedDifference(uar=0.04, low=low, high=high)
    content = content_of(point("active", 0.61), point("random", 0.57), difference=difference)
    headline = write_headline(content)
    assert headline.verdict == verdict
    assert reason in headline.sentence.replace("\N{NO-BREAK SPACE}", " ")


def test_arms_sharing_a_model_are_not_compared():
    """The seed round is a starting point, not a draw."""
    shared = replace(point("random", 0.61), model_id="model-active")
    headline = write_headline(content_of(point("active", 0.61), shared))
    assert headline.verdict == "Starting point"
    assert "both arms stand at UAR .61" in headline.sentence


def test_one_arm_alone_is_not_compared():
    """Without a control the score stands alone and says so."""
    headline = write_headline(content_of(point("active", 0.61)))
    assert headline.verdict == "No comparison"
    assert "there is no random arm to compare it with" in headline.sentence


def test_nothing_evaluated():
    """Before the first model there is no number to show."""
    headline = write_headline(content_of())
    assert headline.sentence == "No model has been evaluated on 4 held-out speakers yet."


def test_interval_reaching_chance_is_said():
    """A score that guessing could reach carries a warning."""
    headline = write_headline(content_of(point("active", 0.2), point("random", 0.2)))
    assert "The active arm is not clearly above chance (.17)." in headline.sentence


def test_synthetic_speech_and_simulated_votes_are_said():
    """The sentence stays true when copied away from the page's labels."""
    sentence = write_headline(build_sample_content()).sentence
    assert "simulated votes" in sentence
    assert "4 held-out speakers of synthetic speech" in sentence
