"""The opinions page as a whole: complete, self-contained, deterministic, safe, of bounded size."""

import re
from dataclasses import replace

import pytest

from pipelines.report.opinions.content import MAX_GROUPS, Estimate, Timeline
from pipelines.report.opinions.render import MAX_CLASSES, MAX_ROWS, render_opinions
from pipelines.report.opinions.testing import build_sample_opinions
from tests.pipelines.report.test_page_in_chromium import _measure, chromium  # noqa: F401
from tests.pipelines.report.test_render import Page


def _text(content):
    page = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", render_opinions(content), flags=re.S)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("&nbsp;", " ")
    return text.replace("\N{NO-BREAK SPACE}", " ").replace(" ,", ",")


def _change(content, **changes):
    return replace(content, groups=tuple(replace(group, **changes) for group in content.groups))


@pytest.fixture(scope="module")
def sample_text():
    """Return the sample page's words, charts left out."""
    return _text(build_sample_opinions())


@pytest.mark.parametrize(
    "expected",
    [
        "1,200 simulated votes on 240 clips of synthetic speech: partial agreement, α .42",
        "Of 12 annotators, 9 can be trusted; 1 to exclude, 1 to retrain, 1 to watch.",
        "Krippendorff’s α .42 [.38, .46]",
        "converged hierarchical, after 61 rounds",
        "2 more annotators",
        "1 annotator without a vote that can be judged (nobody else judged their clips) has no",
        "serloop annotators --method hierarchical",
        "morning-001 .35 [.25, .45] 50 % 60 300",
        "Consensus neutral .48, intended anger",
        "Tie, intended anger",
        "serloop why synthetic/s00-anger",
        "ambiguity 1.02 · ignorance .21 · one more vote .11 · 1.9 s",
        "arousal 90 .31 [.20, .40]",
        "Snapshot 41",
    ],
)
def test_page_tells(expected, sample_text):
    """What the content holds stands on the page in words."""
    assert expected in sample_text


def test_every_chart_has_its_numbers_in_a_table(sample_text):
    """Who cannot see the drawings reads the same."""
    assert "all votes: share of votes by consensus class (rows)" in sample_text
    assert "anger .70 .20 .10 500" in sample_text
    assert "sadness n/a n/a n/a 0" in sample_text
    assert "Annotator Advice Votes Skill" in sample_text


def test_anonymous_counts_say_why_there_is_no_map():
    """Without names nobody can be placed, and the page says how to get names."""
    content = build_sample_opinions(annotators=0)
    text = _text(content)
    assert "No map of annotators is possible: these votes are anonymous counts" in text
    assert "the votes are anonymous counts" in text
    assert "Annotator map" not in render_opinions(content)


def test_votes_without_time_have_a_sentence_for_a_chart():
    """The reason stands where the chart would."""
    content = _change(
        build_sample_opinions(), timeline=Timeline(unit="time", steps=(), note="No vote says when.")
    )
    assert "Agreement over time" not in render_opinions(content).replace(">Agreement over", "")
    assert "No vote says when." in _text(content)


def test_a_consensus_that_did_not_converge_is_called_so():
    """Nobody has to know what a convergence flag is."""
    fit = replace(
        build_sample_opinions().groups[0].fit, converged=False, iterations=500, change=0.02
    )
    text = _text(_change(build_sample_opinions(), fit=fit))
    assert "not converged" in text
    assert "did NOT converge: after 500 rounds a probability still moved by 0.02" in text


def test_players_are_inline_and_carry_the_clip():
    """A clip with sound can be played where it stands; one without says why not."""
    text = render_opinions(build_sample_opinions(audio=[b"fLaC"]))
    assert 'src="data:audio/flac;base64,ZkxhQw=="' in text
    assert text.count("<audio") == 1
    assert text.count("Too long to be played here.") == 3


def test_page_loads_nothing():
    """Every address is data or a place on the page."""
    text = render_opinions(build_sample_opinions(groups=2, audio=[b"fLaC"]))
    assert all(load.startswith(("data:", "#")) for load in Page(text).loads)
    assert "default-src 'none'" in text
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) == {"http://www.w3.org/2000/svg"}


def test_links_and_ids_fit_together():
    """The list of groups leads to their sections; charts of groups share no id."""
    page = Page(render_opinions(build_sample_opinions(groups=2)))
    assert len(page.ids) == len(set(page.ids))
    links = {load[1:] for load in page.loads if load.startswith("#")}
    assert {"group-1", "group-2"} <= links <= set(page.ids)


def test_equal_content_gives_equal_bytes():
    """Nothing on the page depends on the clock or on chance."""
    assert render_opinions(build_sample_opinions()) == render_opinions(build_sample_opinions())


def test_hostile_text_is_escaped():
    """Markup in names, labels and clip ids is shown, never run."""
    bad = '<script>alert("x")</script>'
    group = build_sample_opinions().groups[0]
    hostile = _change(
        build_sample_opinions(),
        classes=(bad, "b", "c"),
        annotators=(replace(group.annotators[0], annotator=bad, evidence=(bad,)),),
        ambiguous=(replace(group.ambiguous[0], clip_id=bad, votes=((bad, 1),)),),
        confusions=(replace(group.confusions[0], title=bad, caption=bad),),
    )
    text = render_opinions(hostile)
    assert "script" not in Page(text).tags
    assert "&lt;script&gt;" in text


def test_only_the_largest_groups_have_sections():
    """A warehouse of many groups still makes a page that opens, and says what it leaves out."""
    text = render_opinions(build_sample_opinions(groups=MAX_GROUPS + 2, annotators=0))
    assert text.count('id="h-group-') == MAX_GROUPS
    assert f"The {MAX_GROUPS} groups with most votes have a section below" in text


def test_a_long_list_of_annotators_is_cut_and_says_so():
    """2,000 people fit a page of less than a megabyte."""
    content = build_sample_opinions(annotators=2000)
    assert f"The list is cut after {MAX_ROWS} of 2,000 annotators." in _text(content)
    assert len(render_opinions(content)) < 1_000_000


def test_too_many_classes_have_no_heat_map():
    """Numbers too small to read are left to the table, with the reason."""
    names = tuple(f"class-{number}" for number in range(MAX_CLASSES + 1))
    group = build_sample_opinions().groups[0]
    view = replace(
        group.confusions[0],
        shares=tuple((1.0,) + (0.0,) * MAX_CLASSES for _ in names),
        behind=(1.0,) * len(names),
    )
    text = _text(_change(build_sample_opinions(), classes=names, confusions=(view,)))
    assert f"{MAX_CLASSES + 1} classes are too many for heat maps" in text
    assert "class-12 1.00 .00" in text


def test_votes_that_only_rate_have_their_agreement():
    """Without labels there is nothing to confuse, and the ratings are told."""
    nothing = Estimate(float("nan"), float("nan"), float("nan"))
    content = _change(
        build_sample_opinions(annotators=0),
        votes=0,
        clips=0,
        classes=(),
        fit=None,
        alpha=nothing,
        confusions=(),
        timeline=None,
        ambiguous=(),
        unheard=(),
    )
    text = _text(content)
    assert "These votes only rate" in text
    assert "arousal 90 .31" in text
    assert "What is taken for what" not in text


def _keep(content):
    return content


def _with_long_words(content):
    word = "unbroken" * 12
    group = content.groups[0]
    return _change(
        content,
        taxonomy=word,
        corpora=(word,),
        annotators=(replace(group.annotators[0], annotator=word, evidence=(word,)),),
        ambiguous=(replace(group.ambiguous[0], clip_id=word, votes=((word, 1),)),),
        confusions=(replace(group.confusions[0], title=word, caption=word),),
    )


@pytest.mark.parametrize("change", [_keep, _with_long_words], ids=["sample", "long-words"])
def test_phone_page_does_not_scroll_sideways(chromium, tmp_path, change):  # noqa: F811
    """At 390 px wide tables scroll in their own boxes, never the page."""
    page = render_opinions(change(build_sample_opinions(groups=2)))
    assert _measure(chromium, tmp_path, page, 390) == "width 390 of 390"
