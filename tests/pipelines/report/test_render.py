"""The page as a whole: complete, self-contained, deterministic, safe."""

import math
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pipelines.report.content import AuditOutcome
from pipelines.report.errors import ReportError
from pipelines.report.page import put_page
from pipelines.report.render import MAX_PLAYERS, render_report
from pipelines.report.testing import build_sample_content

FLAC = b"fLaC\x00\x01"


class Page(HTMLParser):
    """Collect what a page loads, its ids and its elements."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.ids, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Keep the tag, its id and every address it would load."""
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href", "data", "srcset", "poster", "action"):
                self.loads.append(value)


def _text(content):
    page = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", render_report(content), flags=re.S)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("&nbsp;", " ")
    return text.replace("\N{NO-BREAK SPACE}", " ").replace(" ,", ",")


@pytest.fixture(scope="module")
def sample_text():
    """Return the sample page's words, charts left out."""
    return _text(build_sample_content())


@pytest.mark.parametrize(
    "expected",
    [
        "the active arm reaches UAR .62 [.56, .67], the random arm .57 [.52, .62]",
        "fear taken for sadness (6 of 24)",
        "720 votes on 240 clips",
        "on 71 % of the clips",
        "serloop round --campaign morning --budget 24",
        "truncated",
        "Clipped recordings warning 18 clips",
        "Share of anger .17 [.15, .19] .19 .18",
        "crnn-5f3a9c0d12e4",
        "Snapshot 41",
        "utility 1.62",
        "Consensus fear, intended sadness",
        "Consensus anger, as intended",
        "Tie, intended happiness",
        "Waiting for votes, intended fear",
        "synthetic-6, 6 classes, chance .17",
    ],
)
def test_page_tells(expected, sample_text):
    """What the content holds stands on the page in words."""
    assert expected in sample_text


def test_equal_content_gives_equal_bytes():
    """Nothing on the page depends on the clock or on chance."""
    assert render_report(build_sample_content()) == render_report(build_sample_content())


def test_page_loads_nothing():
    """Every address is data or a place on the page, and the browser is told to fetch nothing."""
    text = render_report(build_sample_content(audio=[FLAC]))
    assert all(load.startswith(("data:", "#")) for load in Page(text).loads)
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) == {"http://www.w3.org/2000/svg"}
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]+)\)", text))


def test_ids_are_unique_on_the_page():
    """Five charts share the page without sharing an id."""
    ids = Page(render_report(build_sample_content())).ids
    assert len(ids) == len(set(ids))


def test_hostile_text_is_escaped():
    """Markup in ids, reasons, labels and commands is shown, never run."""
    bad = '<script>alert("x")</script>'
    content = build_sample_content(audio=[FLAC])
    clip = replace(content.asked[0], clip_id=bad, reason=bad, votes=((bad, 1),), consensus=bad)
    annotator = replace(content.consensus.annotators[0], annotator=bad)
    consensus = replace(content.consensus, aggregator=bad, annotators=(annotator,))
    step = replace(content.next_steps[0], command=bad, purpose=bad)
    hostile = replace(
        content,
        title=bad,
        corpus_title=bad,
        classes=(bad, *content.classes[1:]),
        asked=(clip,),
        consensus=consensus,
        next_steps=(step,),
    )
    text = render_report(hostile)
    assert "<script" not in text
    assert "script" not in Page(text).tags
    assert "&lt;script&gt;" in text


def test_audio_is_embedded_for_the_clips_that_have_it():
    """A player appears only where there is sound, and holds it."""
    text = render_report(replace(build_sample_content(audio=[FLAC]), following=None))
    assert text.count('<audio controls preload="none"') == 1
    assert 'src="data:audio/flac;base64,ZkxhQwAB"' in text


def test_players_are_limited():
    """Further clips are listed without their sound, so that the page stays small."""
    text = render_report(build_sample_content(audio=[FLAC] * 14))
    assert text.count("<audio") == 2 * MAX_PLAYERS == 12
    assert "8 more clips, without player" in text
    assert "2 more clips, without player" in text


def test_unknown_intended_label_is_left_out():
    """A corpus without a design has only the consensus to show."""
    content = build_sample_content()
    clips = tuple(replace(clip, intended=None) for clip in content.asked)
    assert "intended <strong" not in render_report(replace(content, asked=clips))


def test_first_round_alone():
    """One round has two points, a starting verdict and no earlier rounds."""
    text = render_report(build_sample_content(rounds=1))
    assert "<h1>Starting point, and refused</h1>" in text
    assert "What changed" not in text
    assert "Earlier rounds" not in text


def test_nothing_but_an_ingested_corpus():
    """Before models, votes and asks, every section says what is missing."""
    empty = replace(
        build_sample_content(),
        curve=(),
        confusion=None,
        asked=(),
        consensus=None,
        next_steps=(),
        changes=None,
        registry=None,
        following=None,
    )
    text = _text(empty)
    assert "No model has been evaluated yet." in text
    assert "This round asked about no clip." in text
    assert "No clip has a vote yet." in text


def test_pool_that_was_not_estimated_has_no_section():
    """Without estimates the page does not mention the whole pool."""
    assert "The whole pool" in _text(build_sample_content())
    assert "The whole pool" not in _text(replace(build_sample_content(), pool=None))


def test_sound_data_needs_no_word():
    """Without findings the page does not mention doubt."""
    assert "Doubtful data" not in _text(replace(build_sample_content(), doubts=()))


def test_votes_without_annotators_or_histogram():
    """Anonymous counts have neither skill table nor, here, a histogram."""
    content = build_sample_content()
    bare = replace(content.consensus, annotators=(), entropy_counts=(), entropy_edges=())
    assert "The votes carry no annotator names." in _text(replace(content, consensus=bare))


@pytest.mark.parametrize("is_synthetic", [True, False])
def test_synthetic_speech_is_labelled_in_every_section_with_numbers(is_synthetic):
    """The label stands at the headline and on each card, and nowhere for real speech."""
    content = replace(build_sample_content(), is_synthetic=is_synthetic, corpus_title="Corpus")
    text = render_report(content)
    assert text.count('<span class="tag">synthetic speech</span>') == (12 if is_synthetic else 0)
    assert ("synthetic speech" in text) is is_synthetic


def test_refused_content_leaves_the_former_page(tmp_path):
    """A report that cannot be rendered does not touch the file."""
    path = tmp_path / "round.html"
    path.write_text("former", encoding="utf-8")
    with pytest.raises(ReportError, match="`classes` should name at least one"):
        put_page(render_report(replace(build_sample_content(), classes=())), path)
    assert path.read_text(encoding="utf-8") == "former"


def test_importing_the_records_is_light():
    """The package loads neither matplotlib nor jinja2 before a page is rendered."""
    code = "import sys, pipelines.report; sys.exit(bool({'matplotlib', 'jinja2'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (AuditOutcome(20, 18, 3, 0.058, 0.392, 0.95),
         "18 were answered by one person more, who contradicted 17 % [6 %, 39 %]."),
        (AuditOutcome(1, 0, 0, math.nan, math.nan, 0.95),
         "Of 1 label drawn at random for an audit, 0 were answered by one person more."),
    ],
)  # fmt: skip
def test_audits_say_how_many_labels_were_contradicted(outcome: AuditOutcome, expected: str) -> None:
    """With the interval, as soon as one of them is answered."""
    sample = build_sample_content()
    asked = (*sample.asked[:1], replace(sample.asked[1], arm="audit", utility=None))
    content = replace(sample, consensus=replace(sample.consensus, audit=outcome), asked=asked)
    text = _text(content)
    assert expected in text
    assert "at random as the control, 1 label audited by one person more" in text
    assert "audit" not in _text(sample)
