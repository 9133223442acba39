"""What the charts of a corpus show, and the promises they share with every chart."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from pipelines.report.quality.charts import draw_balance, draw_durations, draw_levels
from pipelines.report.quality.content import SpeakerRow
from pipelines.report.quality.testing import build_sample_quality

(PROFILE,) = build_sample_quality().profiles
NOTE = "synthetic speech"
SVG = "{http://www.w3.org/2000/svg}"


def _durations(key, profile=PROFILE):
    return draw_durations(profile, key=key, note=NOTE)


def _levels(key, profile=PROFILE):
    return draw_levels(profile, snr_low_db=10.0, key=key, note=NOTE)


def _balance(key, profile=PROFILE):
    return draw_balance(profile, key=key, note=NOTE)


every_chart = pytest.mark.parametrize("draw", [_durations, _levels, _balance])


def _parse(text):
    return ElementTree.fromstring(text)  # noqa: S314 - our own output


@every_chart
def test_has_a_name_a_description_and_the_synthetic_note(draw):
    """A screen reader is told what it is, and that the speech is synthetic."""
    root = _parse(draw("k"))
    assert root.get("aria-label").endswith(NOTE)
    assert root.find(f"{SVG}desc").text.endswith(".")
    words = " ".join(element.text or "" for element in root.iter(f"{SVG}text"))
    assert f"· {NOTE}" in words


@every_chart
def test_ids_are_unique_under_the_key(draw):
    """Charts of several corpora share a page."""
    ids = [element.get("id") for element in _parse(draw("k")).iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert all(name.startswith("k-") for name in ids)


@every_chart
def test_equal_input_gives_equal_bytes(draw):
    """Neither date nor chance."""
    assert draw("k") == draw("k")


@every_chart
def test_colours_come_from_the_page(draw):
    """Every colour is a CSS property, so the chart follows light and dark."""
    styles = " ".join(element.get("style", "") for element in _parse(draw("k")).iter())
    assert all(before.endswith(", ") for before in styles.replace("var(--", "").split("#")[:-1])


def test_bar_tells_its_span_and_clips():
    """Hovering a bar reads it."""
    assert "<title>1.25 to 1.50 s: 3 clips</title>" in _durations("k")


def test_square_tells_level_ratio_and_clips():
    """Clips whose noise could not be measured are told so, not left out."""
    text = _levels("k")
    assert "<title>−28 to −24 dBFS, 32 to 36 dB over noise: 87 clips</title>" in text
    assert "<title>−40 to −36 dBFS, ratio unknown: 12 clips</title>" in text
    assert "1 clip in squares below 10 dB over noise; 12 clips of unknown ratio." in text


def test_levels_without_any_ratio_are_drawn():
    """A corpus without pauses still has loudness."""
    bare = replace(PROFILE, levels=((-40.0, None, 3),))
    assert "ratio unknown: 3 clips" in _levels("k", bare)


def test_cell_tells_speaker_class_and_clips():
    """Hovering a cell reads it, and empty cells are counted."""
    text = _balance("k")
    assert "<title>m0, anger: 9 clips</title>" in text
    assert "7 speakers by 3 classes: 3 cells without a clip." in text


def test_speakers_without_a_gender_are_a_group():
    """What is not stated is said."""
    row = SpeakerRow(speaker="x", gender=None, clips=(1, 0, 0))
    assert "gender not stated" in _balance("k", replace(PROFILE, balance=(row,)))


def test_long_and_hostile_names_stay_in_their_place():
    """A name is cut in the drawing, whole when hovered, and never markup."""
    name = "<b>&" + "x" * 40
    row = SpeakerRow(speaker=name, gender="female", clips=(1, 0, 0))
    root = _parse(_balance("k", replace(PROFILE, balance=(row,))))
    words = [element.text for element in root.iter(f"{SVG}text")]
    assert "<b>&xxxxxxxxx…" in words
    assert f"{name}, anger: 1 clip" in [element.text for element in root.iter(f"{SVG}title")]
