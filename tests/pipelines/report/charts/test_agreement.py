"""What the chart of agreement over time shows beyond the common promises."""

from dataclasses import replace
from math import nan

from pipelines.report.charts.agreement import draw_agreement
from pipelines.report.opinions.content import Estimate
from pipelines.report.opinions.testing import build_sample_opinions

STEPS = build_sample_opinions().groups[0].timeline.steps
OVERALL = Estimate(0.42, 0.38, 0.46)


def test_step_tells_its_round_alpha_and_clips():
    """Hovering a point reads it, and the line of all votes is labelled."""
    text = draw_agreement(STEPS, OVERALL, key="k")
    expected = "round morning-001: α .35 [.25,\N{NO-BREAK SPACE}.45] on 60 clips"
    assert f"<title>{expected}</title>" in text
    assert ">all .42<" in text


def test_step_without_alpha_has_no_point():
    """What is undefined is told in the description and not drawn."""
    text = draw_agreement(STEPS, OVERALL, key="k")
    assert "round morning-002: α n/a [n/a]" in text
    assert text.count("<title>") == len(STEPS) - 1


def test_a_single_step_without_interval_is_drawn():
    """The first round of a campaign has a point."""
    lone = replace(STEPS[0], alpha=Estimate(0.3, nan, nan))
    assert draw_agreement([lone], Estimate(nan, nan, nan), key="k").count("<title>") == 1


def test_names_of_many_steps_are_thinned():
    """On a phone every other name is left out, and all points stay."""
    steps = [replace(STEPS[0], name=f"r{number}") for number in range(12)]
    text = draw_agreement(steps, OVERALL, key="k", compact=True)
    assert ">r0<" in text
    assert ">r1<" not in text
    assert text.count("<title>") == 12
