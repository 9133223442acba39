"""What the learning curve shows beyond the common promises."""

import math
from dataclasses import replace

import pytest

from pipelines.report.charts.learning_curve import draw_learning_curve
from pipelines.report.testing import build_sample_content

POINTS = build_sample_content().curve


def test_every_point_has_a_tooltip_with_its_numbers():
    """Hovering a point tells round, arm, votes and interval."""
    text = draw_learning_curve(POINTS, n_classes=6, key="k")
    assert text.count("<title>") == len(POINTS)
    assert "<title>Round 0, active arm, 120 votes: UAR .31 [.23,\N{NO-BREAK SPACE}.38]" in text


def test_lines_end_in_their_names():
    """The arms are named at their ends, beside the chance line."""
    text = draw_learning_curve(POINTS, n_classes=6, key="k")
    assert all(f">{label}</text>" in text for label in ("active .62", "random .57", "chance .17"))


def test_labels_of_close_arms_keep_apart():
    """Two arms with one score still have two readable labels."""
    text = draw_learning_curve(build_sample_content(rounds=1).curve, n_classes=6, key="k")
    heights = [float(_attribute_before(text, f">{arm} .62<", "y")) for arm in ("active", "random")]
    assert abs(heights[0] - heights[1]) >= 15.9


@pytest.mark.parametrize("arm", ["active", "random"])
def test_one_arm_alone_is_drawn(arm):
    """A missing arm leaves the other one's curve."""
    points = [point for point in POINTS if point.arm == arm]
    text = draw_learning_curve(points, n_classes=6, key="k")
    assert text.count("<title>") == len(points)


def test_undefined_scores_leave_gaps():
    """A NaN score has no marker, and no number is invented for it."""
    points = [replace(p, uar=math.nan, uar_low=math.nan, uar_high=math.nan) for p in POINTS]
    assert "<title>" not in draw_learning_curve(points, n_classes=6, key="k")


def _attribute_before(text, marker, name):
    tag = text[: text.index(marker)].rpartition("<text")[2]
    return tag.partition(f'{name}="')[2].partition('"')[0]
