"""The page of a simulation as a whole: complete, self-contained, deterministic, safe."""

import re

import pytest

from pipelines.report.simulation.render import render_simulation
from pipelines.simulation.summary import summarise
from tests.pipelines.report.test_page_in_chromium import _measure, chromium  # noqa: F401
from tests.pipelines.report.test_render import Page
from tests.pipelines.simulation.testing import CLASSES, make_replays

CURVES = {
    "worth": (0.50, 0.76, 0.79, 0.79),
    "margin-1": (0.45, 0.60, 0.72, 0.80),
    "random-3": (0.40, 0.56, 0.66, 0.76),
    "random-1": (0.40, 0.50, 0.60, 0.70),
}


def _summary(curves=CURVES, **options):
    named = {"classes": CLASSES, "corpus": "toy", "learner": "ridge head", "resamples": 50}
    return summarise(make_replays(curves, seeds=8), **{**named, **options})


def _text(summary):
    page = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", render_simulation(summary), flags=re.S)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("&nbsp;", " ")
    return text.replace("\N{NO-BREAK SPACE}", " ").replace(" ,", ",").replace("&gt;", ">")


@pytest.fixture(scope="module")
def sample_text():
    """Return the sample page's words, charts left out."""
    return _text(_summary(facts={"Annotators": "24, skill spread .08"}))


@pytest.mark.parametrize(
    "expected",
    [
        "worth needs 50 % of the votes of random-3",
        "On toy with 8 seeds, worth needs 200 votes",
        "Worse than random 0 of 8",
        "margin-1 300 350 390",
        "worth random-3 never significantly worse than random-3 4 of 4 0 of 4",
        "worse than random-3 at 200, 300, 400 votes",
        "anger 100 50 % .76 [.76, .76] .80",
        "random-1, at its end: 95 % were not reached",
        "2 more tables",
        "listeners of CREMA-D who heard the voice alone",
        "Annotators take the intended emotion for what a clip sounds like",
        "Annotators 24, skill spread .08",
        "3 in 2 sets",
    ],
)
def test_page_tells(expected, sample_text):
    """What the summary holds stands on the page in words."""
    assert expected in sample_text


@pytest.mark.parametrize(
    ("curves", "options", "expected"),
    [
        (
            {**CURVES, "worth": (0.3, 0.4, 0.5, 0.6)},
            {},
            "worth does not reach 95 % of full-label UAR",
        ),
        (
            {**CURVES, "random-3": (0.3, 0.4, 0.5, 0.6)},
            {},
            "worth needs at most 50 % of the votes of random-3",
        ),
        ({"random-3": CURVES["random-3"]}, {}, "random-3 needs 400 votes"),
    ],
    ids=["fails", "reference-fails", "alone"],
)
def test_heading_tells_the_truth(curves, options, expected):
    """Where a strategy fails, or nothing can be compared, the heading says so."""
    assert expected in _text(_summary(curves, **options))


def test_lone_strategy_has_nothing_to_compare_with():
    """And the page stands nonetheless."""
    text = _text(_summary({"random-3": CURVES["random-3"]}))
    assert "There is no other strategy to compare with." in text


def test_equal_summaries_give_equal_bytes():
    """Nothing on the page depends on the clock or on chance."""
    assert render_simulation(_summary()) == render_simulation(_summary())


def test_page_loads_nothing():
    """Every address is data or a place on the page, and no id is there twice."""
    text = render_simulation(_summary())
    page = Page(text)
    assert all(load.startswith(("data:", "#")) for load in page.loads)
    assert "default-src 'none'" in text
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) == {"http://www.w3.org/2000/svg"}
    assert len(page.ids) == len(set(page.ids))


def test_hostile_text_is_escaped():
    """Markup in names is shown, never run."""
    bad = '<script>alert("x")</script>'
    text = render_simulation(_summary({**CURVES, bad: CURVES["worth"]}, corpus=bad, learner=bad))
    assert "script" not in Page(text).tags
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("corpus", ["toy", "unbroken" * 12], ids=["sample", "long-words"])
def test_phone_page_does_not_scroll_sideways(chromium, tmp_path, corpus):  # noqa: F811
    """At 390 px wide tables scroll in their own boxes, never the page."""
    curves = {**CURVES, corpus: CURVES["worth"]}
    page = render_simulation(_summary(curves, corpus=corpus, learner=corpus))
    assert _measure(chromium, tmp_path, page, 390) == "width 390 of 390"
