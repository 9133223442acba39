"""Names in a drawing: cut where they are long, none over another."""

from itertools import pairwise

from pipelines.report.charts.names import shorten, write_names
from pipelines.report.charts.svg import Chart


def test_a_long_name_is_cut():
    """The ellipsis is one of the letters."""
    assert (shorten("abcdef", 6), shorten("abcdefg", 6)) == ("abcdef", "abcde…")


def test_names_of_one_place_stand_in_lines_of_their_own():
    """Points that coincide still have legible names, beside the point nearest to the middle."""
    with Chart("k", width_px=300, height_px=300) as chart:
        axes = chart.add_axes((0, 0, 300, 300))
        write_names(axes, [(0.5, 0.5)] * 4, ["anna", "ben", "cleo", "dan"])
        levels = sorted(text.xy[1] * 300 for text in axes.texts)
    assert all(above - below >= 15 for below, above in pairwise(levels))


def test_a_name_at_the_right_edge_stands_left_of_its_point():
    """A name never leaves the drawing."""
    with Chart("k", width_px=300, height_px=300) as chart:
        axes = chart.add_axes((0, 0, 300, 300))
        write_names(axes, [(0.95, 0.5), (0.05, 0.5)], ["anna", "ben"])
        sides = [text.get_ha() for text in axes.texts]
    assert sides == ["right", "left"]
