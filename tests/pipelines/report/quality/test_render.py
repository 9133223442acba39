"""The data-quality page as a whole: complete, self-contained, deterministic, safe."""

import re
from dataclasses import replace

import pytest

from pipelines.report.quality.render import MAX_PROFILES, render_quality
from pipelines.report.quality.testing import build_sample_quality
from tests.pipelines.report.test_page_in_chromium import _measure, chromium  # noqa: F401
from tests.pipelines.report.test_render import Page


def _text(content):
    page = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", render_quality(content), flags=re.S)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    return text.replace("\N{NO-BREAK SPACE}", " ").replace(" ,", ",")


@pytest.fixture(scope="module")
def sample_text():
    """Return the sample page's words, charts left out."""
    return _text(build_sample_quality())


@pytest.mark.parametrize(
    "expected",
    [
        "1 error, 1 warning",
        "looked at for 4 faults; 3 were found",
        "1,234 clips",
        "15 more rows of 1,234",
        "corpus-0/clip-19",
        "anger, fear",
        "snr_low_db=10",
        "Looked for and not found Clipped recordings",
        "The 7 speakers with most clips, of 40.",
        "gender not stated",
        "Snapshot 41",
    ],
)
def test_page_tells(expected, sample_text):
    """What the content holds stands on the page in words."""
    assert expected in sample_text


def test_commands_are_set_as_code():
    """What stands between backticks can be copied."""
    assert "run <code>serloop ingest</code> again" in render_quality(build_sample_quality())


def test_equal_content_gives_equal_bytes():
    """Nothing on the page depends on the clock or on chance."""
    assert render_quality(build_sample_quality()) == render_quality(build_sample_quality())


def test_page_loads_nothing():
    """Every address is data or a place on the page."""
    text = render_quality(build_sample_quality())
    assert all(load.startswith(("data:", "#")) for load in Page(text).loads)
    assert "default-src 'none'" in text
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) == {"http://www.w3.org/2000/svg"}


def test_links_and_ids_fit_together():
    """Every finding in the list leads to its evidence; charts of corpora share no id."""
    page = Page(render_quality(build_sample_quality(corpora=2)))
    assert len(page.ids) == len(set(page.ids))
    assert {load[1:] for load in page.loads if load.startswith("#")} <= set(page.ids)


def test_hostile_text_is_escaped():
    """Markup in paths, labels and titles is shown, never run."""
    bad = '<script>alert("x")</script>'
    content = build_sample_quality()
    finding = replace(content.findings[0], why=f"`{bad}`", evidence=((bad, 1, (bad,)),))
    profile = replace(content.profiles[0], title=bad, classes=(bad, "b", "c"))
    hostile = replace(content, findings=(finding,), profiles=(profile,), scope=bad)
    text = render_quality(hostile)
    assert "script" not in Page(text).tags
    assert "&lt;script&gt;" in text


def test_only_the_largest_corpora_have_charts():
    """A warehouse of many corpora still makes a page that opens."""
    text = render_quality(build_sample_quality(corpora=MAX_PROFILES + 2))
    assert text.count("<svg") == 3 * MAX_PROFILES
    assert text.count('id="h-corpus-') == MAX_PROFILES + 2


def test_corpus_without_labels_speakers_or_levels():
    """What is not known has no chart, and the rest is shown."""
    content = build_sample_quality()
    bare = replace(content.profiles[0], balance=(), levels=(), genders=(), classes=())
    text = render_quality(replace(content, profiles=(bare,)))
    assert text.count("<svg") == 1


def test_nothing_found_and_nothing_there():
    """Sound data and an empty warehouse are told apart."""
    content = replace(build_sample_quality(), findings=())
    assert "Nothing of what was looked for." in _text(content)
    assert "no clips yet" in _text(replace(content, profiles=()))


def _keep(content):
    return content


def _with_long_words(content):
    long_word = "unbroken" * 12
    finding = replace(
        content.findings[0], title=long_word, remedy=long_word, evidence=((long_word, 1, ()),)
    )
    profile = replace(content.profiles[0], title=long_word, classes=(long_word, "b", "c"))
    return replace(content, findings=(finding,), profiles=(profile,), scope=long_word)


@pytest.mark.parametrize("change", [_keep, _with_long_words], ids=["sample", "long-words"])
def test_phone_page_does_not_scroll_sideways(chromium, tmp_path, change):  # noqa: F811
    """At 390 px wide tables scroll in their own boxes, never the page."""
    page = render_quality(change(build_sample_quality(corpora=2)))
    assert _measure(chromium, tmp_path, page, 390) == "width 390 of 390"
