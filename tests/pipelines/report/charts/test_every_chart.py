"""Promises every chart of the page keeps."""

import subprocess
import sys
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from pipelines.report.charts import (
    draw_agreement,
    draw_annotator_map,
    draw_confusion,
    draw_entropy,
    draw_forecast,
    draw_learning_curve,
    draw_recalls,
    draw_selective,
    draw_shares,
    draw_training_curve,
)
from pipelines.report.model.content import SelectiveView
from pipelines.report.opinions.testing import build_annotators, build_sample_opinions
from pipelines.report.testing import SAMPLE_CLASSES, SAMPLE_CONFUSION, build_sample_content

CONTENT = build_sample_content()
(OPINIONS,) = build_sample_opinions().groups
CLASSES = ("a<b & $x$", *SAMPLE_CLASSES[1:])
NOTE = "synthetic speech"


def _curve(key):
    return draw_learning_curve(CONTENT.curve, n_classes=6, key=key, note=NOTE)


def _compact_curve(key):
    return draw_learning_curve(CONTENT.curve, n_classes=6, key=key, compact=True, note=NOTE)


def _forecast(key):
    forecast = CONTENT.outlook.forecast
    return draw_forecast(CONTENT.arm_points("active"), forecast, n_classes=6, key=key, note=NOTE)


def _confusion(key):
    return draw_confusion(SAMPLE_CONFUSION, CLASSES, key=key, truth="intended", note=NOTE)


def _recalls(key):
    return draw_recalls(SAMPLE_CONFUSION, CLASSES, key=key, note=NOTE)


def _entropy(key):
    return draw_entropy((3, 0, 1), (0.0, 0.5, 1.0, 1.5), n_classes=6, key=key, note=NOTE)


def _shares(key):
    return draw_shares(
        OPINIONS.confusions[0].shares, CLASSES[:3], key=key, truth="x", title="kim", note=NOTE
    )


def _map(key):
    return draw_annotator_map(OPINIONS.annotators, key=key, note=NOTE)


def _crowd(key):
    return draw_annotator_map(build_annotators(300), key=key, compact=True, note=NOTE)


def _agreement(key):
    return draw_agreement(OPINIONS.timeline.steps, OPINIONS.alpha, key=key, note=NOTE)


def _training(key):
    return draw_training_curve((2.0, 1.5), (0.2, 0.4), best_epoch=2, key=key, note=NOTE)


def _selective(key):
    curve = [SelectiveView(answered=of, accuracy=0.9, low=0.8, high=1.0) for of in (0.5, 1.0)]
    return draw_selective(curve, key=key, note=NOTE)


every_chart = pytest.mark.parametrize(
    "draw",
    [
        _curve,
        _compact_curve,
        _forecast,
        _confusion,
        _recalls,
        _entropy,
        _shares,
        _map,
        _crowd,
        _agreement,
        _training,
        _selective,
    ],
)


@every_chart
def test_is_xml_with_a_name_and_a_description(draw):
    """A chart parses as XML and says what it is to a screen reader."""
    root = _parse(draw("k"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert (root.get("role"), root.get("aria-describedby")) == ("img", "k-description")
    assert root.get("aria-label").endswith("synthetic speech")
    assert root.find("{http://www.w3.org/2000/svg}desc").text


@every_chart
def test_ids_are_unique_and_referenced_under_the_key(draw):
    """No id repeats, and each begins with the key, so charts can share a page."""
    text = draw("k")
    ids = [e.get("id") for e in _parse(text).iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert all(name.startswith("k-") for name in ids)
    references = [e.get("href") for e in _parse(text).iter() if e.get("href")]
    assert {reference[1:] for reference in references} <= set(ids)


@every_chart
def test_equal_input_gives_equal_bytes(draw):
    """A chart has neither date nor random id."""
    assert draw("k") == draw("k")


@every_chart
def test_colours_come_from_the_page(draw):
    """Every colour is a CSS property, so the chart follows light and dark."""
    styles = " ".join(e.get("style", "") for e in _parse(draw("k")).iter())
    bare = styles.replace("var(--", "").split("#")
    assert "var(--ink" in styles or "var(--muted" in styles
    assert all(before.endswith(", ") for before in bare[:-1])


@every_chart
def test_text_stays_text(draw):
    """Labels are text elements a reader can select, and carry the synthetic note."""
    root = _parse(draw("k"))
    words = " ".join(e.text or "" for e in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "· synthetic speech" in words


@every_chart
def test_settings_of_the_process_are_left_alone(draw):
    """Whoever draws with matplotlib next finds its settings as they were."""
    before = dict(mpl.rcParams)
    draw("k")
    assert dict(mpl.rcParams) == before


@every_chart
def test_user_style_does_not_leak_in(draw):
    """A setting from the user's matplotlibrc does not change the page."""
    expected = draw("k")
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9, "svg.fonttype": "path"}):
        assert draw("k") == expected


def test_pyplot_is_never_loaded():
    """Drawing needs no global figure registry and no display."""
    code = (
        "import sys; from pipelines.report.charts import draw_entropy; "
        "draw_entropy((1,), (0.0, 1.0), n_classes=2, key='k'); "
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_hostile_class_name_is_shown_as_written():
    """Markup and mathematics in a class name are plain text."""
    root = _parse(_confusion("k"))
    words = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert words.count("a<b & $x$") == 2


def _parse(text):
    return ElementTree.fromstring(text)  # noqa: S314 - our own output
