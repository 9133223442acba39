"""The status page: what it says, and how it looks to a browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.observe.page import list_reports, render_status
from pipelines.settings import Settings
from tests.browser import SCREENS, open_browser
from tests.pipelines.observe.views import BUSY, CALM, make_bad, make_calm

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings of a home with two reports."""
    folder = Settings(home=tmp_path).reports
    folder.mkdir(parents=True)
    for name in ("ravdess-000.html", "ravdess-001.html"):
        (folder / name).write_text("<p>", encoding="utf-8")
    (folder / "notes.txt").write_text("no report", encoding="utf-8")
    return Settings(home=tmp_path, schedule={"time_zone": "Europe/Berlin"})


def read(text: str) -> str:
    """Return the words of a page, without its style."""
    body = text.partition("<body>")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split()).replace(" ,", ",")


def test_a_good_morning_is_one_line(settings: Settings) -> None:
    """The headline says it, and there is no list of problems."""
    text = render_status(make_calm(), CALM, settings)
    assert '<h1 class="">All is well</h1>' in text
    assert 'class="card problems' not in text


def test_a_bad_morning_says_what_failed_why_and_what_is_due(settings: Settings) -> None:
    """At the top what failed; then what runs, what runs next, campaigns and champions."""
    said = read(render_status(make_bad(), BUSY, settings))
    assert "6 things failed" in said
    assert "ingest/urdu failed 6 h ago" in said
    assert "/corpora/urdu is no folder" in said
    assert "round-ravdess for 4 min" in said
    assert "next in 18 h" in said
    assert "40 new votes 100 make a round" in said
    assert "Next round in 3 days, or with 60 more votes · collected 2 min ago" in said
    assert "UAR .61 [.55, .67] refused 6 h ago m-2 : worse on gender=female" in said
    assert "2026-11-23 09:00 CET" in said


def test_what_others_wrote_is_shown_as_it_is(settings: Settings) -> None:
    """The reason of a failure may hold anything."""
    text = render_status(make_bad(), BUSY, settings)
    assert "&lt;no&gt; answer" in text
    assert "<no>" not in text


def test_it_looks_again_by_itself_and_runs_nothing(settings: Settings) -> None:
    """It needs no script and nothing from elsewhere."""
    text = render_status(make_bad(), BUSY, settings)
    assert '<meta http-equiv="refresh" content="30">' in text
    assert "<script" not in text
    assert "src=" not in text


def test_equal_content_gives_equal_text(settings: Settings) -> None:
    """Nothing of the moment it is rendered at is in it."""
    first, second = (render_status(make_bad(), BUSY, settings) for _ in range(2))
    assert first == second


def test_an_empty_home_says_how_to_begin(tmp_path: Path) -> None:
    """Every section says what fills it."""
    empty = make_calm(facts=None, orchestration=None, rounds=(), services=())
    said = read(render_status(empty, CALM, Settings(home=tmp_path)))
    assert "serloop up runs one" in said
    assert "serloop round CORPUS begins one" in said
    assert "None is supervised here: serloop up runs all of them" in said


def test_reports_are_listed_the_newest_first(settings: Settings) -> None:
    """Only pages are."""
    found = [file.name for file in list_reports(settings.reports)]
    assert sorted(found) == ["ravdess-000.html", "ravdess-001.html"]
    assert list_reports(settings.reports / "none") == []


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Run a browser."""
    with open_browser() as found:
        yield found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["laptop", "phone"])
def test_it_fits_the_screen(
    browser: "Browser", settings: Settings, tmp_path: Path, screen: str, scheme: str
) -> None:
    """Nothing sticks out to the right, and what failed is seen without scrolling."""
    path = tmp_path / "status.html"
    path.write_text(render_status(make_bad(), BUSY, settings), encoding="utf-8")
    width, height = SCREENS[screen]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto(path.as_uri())
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    reason = page.get_by_text("is no folder").first.bounding_box()
    context.close()
    assert wide <= 0
    assert reason is not None
    assert reason["y"] + reason["height"] < height
