"""What the confusion matrix shows beyond the common promises."""

import re
from pathlib import Path

import pytest

import pipelines.report.render
from pipelines.report.charts.confusion import FAINTEST, HEAT_TURN, draw_confusion, draw_shares
from pipelines.report.testing import SAMPLE_CLASSES, SAMPLE_CONFUSION

STYLES = Path(pipelines.report.render.__file__).with_name("templates") / "round.css"


def test_cells_tell_their_count_and_share():
    """Hovering a cell reads it as a sentence."""
    text = draw_confusion(SAMPLE_CONFUSION, SAMPLE_CLASSES, key="k", truth="intended")
    assert "<title>fear said to be sadness: 6 of 24 (25\N{NO-BREAK SPACE}%)</title>" in text


def test_class_without_clips_has_no_share():
    """An empty row is marked instead of shaded."""
    text = draw_confusion(((0, 0), (1, 3)), ("a", "b"), key="k", truth="intended")
    assert "<title>a said to be b: 0 of 0</title>" in text
    assert text.count(">–</text>") == 2


def test_flawless_model_is_described():
    """Without errors the description says so."""
    text = draw_confusion(((2, 0), (0, 3)), ("a", "b"), key="k", truth="intended")
    assert "No clip is confused with another class." in text


def test_shares_are_written_and_told():
    """A matrix of probabilities is drawn with its numbers, and the largest confusion described."""
    shares = ((0.75, 0.25), (0.1, 0.9))
    text = draw_shares(shares, ("joy", "calm"), key="k", truth="consensus", title="kim")
    assert ">.75<" in text
    assert "<title>joy said to be calm: 25\N{NO-BREAK SPACE}%</title>" in text
    assert "Largest confusions: joy said to be calm, 25\N{NO-BREAK SPACE}%; calm said" in text


def test_a_class_nothing_is_known_of_has_no_share():
    """A row without votes is marked instead of shaded."""
    nothing = (float("nan"), float("nan"))
    text = draw_shares((nothing, (0.0, 1.0)), ("a", "b"), key="k", truth="x", title="kim")
    assert "<title>a said to be b: not known</title>" in text
    assert text.count(">–</text>") == 2
    assert "No class is confused with another." in text


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, HEAT_TURN - 0.01, HEAT_TURN, 0.85, 1.0])
def test_count_is_legible_on_its_cell(theme, share):
    """Every count has a contrast of 4.5 (WCAG 2 AA) with its cell in both themes."""
    colours = {
        name: re.findall(rf"--{name}: (#\w{{6}})", STYLES.read_text())[theme]
        for name in ("surface", "heat", "on-heat", "off-heat")
    }
    opacity = FAINTEST + (1 - FAINTEST) * share
    cell = [
        opacity * heat + (1 - opacity) * surface
        for heat, surface in zip(_rgb(colours["heat"]), _rgb(colours["surface"]), strict=True)
    ]
    ink = colours["on-heat" if share >= HEAT_TURN else "off-heat"]
    low, high = sorted((_luminance(cell), _luminance(_rgb(ink))))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def _rgb(colour):
    return [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]


def _luminance(rgb):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
