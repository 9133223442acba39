"""The curves of a simulation, and the promises they share with every chart."""

import math
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from pipelines.report.simulation.charts import _choose_styles, _spread, draw_strategies
from pipelines.simulation.curves import Curve, CurvePoint
from pipelines.simulation.resampling import Estimate

SVG = "{http://www.w3.org/2000/svg}"


def _curve(name, *scores):
    points = tuple(
        CurvePoint(
            votes=100.0 * at,
            clips=100.0 * at,
            votes_per_clip=1.0,
            hours=0.2 * at,
            right=0.6,
            uar=Estimate(score, score - 0.02, score + 0.02),
            share=Estimate(score / 0.8, 0.5, 0.9),
        )
        for at, score in enumerate(scores, start=1)
    )
    return Curve(name, points)


CURVES = (_curve("a<b & $x$", 0.5, 0.7), _curve("random-3", 0.4, 0.6), _curve("margin-1", 0.5, 0.6))


def _draw(key="k", *, cost="votes", curves=CURVES, compact=False):
    return draw_strategies(
        curves,
        cost=cost,
        focus="a<b & $x$",
        reference="random-3",
        full=0.8,
        levels=(0.9, 0.95),
        key=key,
        compact=compact,
        note="simulated votes",
    )


def _parse(text):
    return ElementTree.fromstring(text)  # noqa: S314 - our own output


def _words(text):
    return [element.text or "" for element in _parse(text).iter(f"{SVG}text")]


every_chart = pytest.mark.parametrize(
    ("cost", "compact"), [("votes", False), ("hours", False), ("votes", True), ("hours", True)]
)


@every_chart
def test_has_a_name_a_description_and_the_note(cost, compact):
    """A screen reader is told what it is, and that votes are simulated."""
    root = _parse(_draw(cost=cost, compact=compact))
    assert root.get("aria-label").endswith("simulated votes")
    described = root.find(f"{SVG}desc").text.replace("\N{NO-BREAK SPACE}", " ")
    assert "a<b & $x$, 200 votes, 0.4 h: UAR .70 [.68, .72]" in described


@every_chart
def test_colours_come_from_the_page(cost, compact):
    """Every colour is a CSS property, so the chart follows light and dark."""
    root = _parse(_draw(cost=cost, compact=compact))
    styles = " ".join(element.get("style", "") for element in root.iter())
    assert all(before.endswith(", ") for before in styles.replace("var(--", "").split("#")[:-1])


def test_equal_input_gives_equal_bytes_and_ids_under_the_key():
    """Charts share a page."""
    assert _draw() == _draw()
    ids = [element.get("id") for element in _parse(_draw("k")).iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert all(name.startswith("k-") for name in ids)


def test_lines_and_levels_are_named():
    """Strategies at their ends, and the shares of the full-label UAR at the other side."""
    words = [word.replace("\N{NO-BREAK SPACE}", " ") for word in _words(_draw())]
    assert {"a<b & $x$ .70", "random-3 .60", "margin-1 .60"} <= set(words)
    assert {"90 %", "95 %", "all true labels"} <= set(words)


def test_every_line_can_be_read_by_hovering():
    """The end of each curve, and points of those that matter."""
    titles = [one.text for one in _parse(_draw()).iter(f"{SVG}title")]
    assert len(titles) == 3 + 2 * 2
    assert any(title.startswith("At the end, margin-1, 200 votes") for title in titles)


def test_strategies_look_different():
    """Colour and dash together tell up to 18 strategies apart."""
    curves = [_curve(f"s{number}", 0.5) for number in range(18)]
    styles = _choose_styles(curves, "s0", "s1")
    assert len(set(styles)) == len(styles)


def test_names_do_not_cover_each_other():
    """Strategies that end alike are named one above the other, inside the drawing."""
    places = sorted(_spread([100.0, 100.0, 101.0, 250.0], 110.0))
    assert max(places) <= 110
    assert min(b - a for a, b in pairwise(places)) >= 15


def test_single_points_without_interval_are_drawn():
    """Curves of one point, of one seed and one speaker."""
    nan = math.nan
    point = CurvePoint(
        100.0, 100.0, 1.0, 0.2, 0.6, Estimate(0.5, nan, nan), Estimate(0.6, nan, nan)
    )
    assert "random-3 .50" in _words(_draw(curves=(Curve("random-3", (point,)),)))
