"""What the annotator map shows beyond the common promises."""

from dataclasses import replace

import pytest

from pipelines.report.charts.annotator_map import (
    MOST_ALARMS,
    MOST_POINTS,
    draw_annotator_map,
    split_crowd,
)
from pipelines.report.opinions.testing import build_annotators


def test_point_tells_who_skill_votes_and_advice():
    """Hovering a point reads it."""
    text = draw_annotator_map(build_annotators(5), key="k")
    expected = "listener-002: skill .65 [.55,\N{NO-BREAK SPACE}.75], 38 votes, watch"
    assert f"<title>{expected}</title>" in text


def test_few_annotators_are_named_in_the_drawing():
    """Five people can be told apart without hovering."""
    text = draw_annotator_map(build_annotators(6), key="k")
    assert all(f">listener-{number:03d}<" in text for number in range(5))


def test_of_many_annotators_those_who_alarm_are_named():
    """Names of people to trust would hide the points."""
    text = draw_annotator_map(build_annotators(40), key="k")
    assert ">listener-000<" in text
    assert ">listener-020<" not in text


def test_a_crowd_is_counted_in_squares():
    """Of 2,000 people every one is in a square or has a point of their own."""
    people = build_annotators(2001)
    points, crowd, lost = split_crowd(people)
    text = draw_annotator_map(people, key="k")
    squares = [part.partition(" annotator")[0] for part in text.split("<title>")[1:]]
    counted = sum(int(number.replace(",", "")) for number in squares if number[0].isdigit())
    assert (len(points) + len(crowd), lost) == (2000, 1)
    assert {one.advice for one in points} == {"retrain", "exclude"}
    assert counted == len(crowd)
    assert len(text) < 150_000


def test_alarms_over_a_crowd_are_capped():
    """Where most of a crowd is to be excluded, the drawing does not grow with it."""
    bad = [replace(one, advice="exclude") for one in build_annotators(MOST_POINTS + 50)]
    points, crowd, _ = split_crowd(bad)
    assert (len(points), len(crowd)) == (MOST_ALARMS, MOST_POINTS + 49 - MOST_ALARMS)


def test_equal_votes_give_way_to_leaning():
    """Where all cast as many votes, the votes would put everybody in one column."""
    even = [replace(one, judged=100) for one in build_annotators(5)[:4]]
    assert "leaning: share of votes" in draw_annotator_map(even, key="k")
    assert "votes that can be judged" in draw_annotator_map(build_annotators(5), key="k")


def test_votes_of_unlike_magnitude_have_a_logarithmic_axis():
    """One who cast 3 votes and one who cast 30,000 both have room."""
    people = [replace(one, judged=3 * 100**place) for place, one in enumerate(build_annotators(4))]
    text = draw_annotator_map(people[:3], key="k")
    assert all(f">{tick}<" in text for tick in ("5", "100", "2,000"))


@pytest.mark.parametrize("count", [2, 30, 400])
def test_description_counts_the_advice(count):
    """Who cannot see the drawing is told how many people there are, and what to do."""
    people = build_annotators(count)
    text = draw_annotator_map(people, key="k")
    assert f"{count - 1} annotator{'s' if count > 2 else ''}: " in text
    assert "1 to exclude." in text
