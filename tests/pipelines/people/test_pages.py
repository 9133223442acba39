"""Personal pages: seen by who has the address alone, and kind."""

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from pipelines.people.links import read_links, renew_link
from pipelines.people.pages import create_router, read_page, write_pages
from pipelines.settings import Settings
from tests.pipelines.people.answered import (
    ANN,
    BOB,
    CAMPAIGN,
    EVE,
    GUESSER,
    NOW,
    usual_votes,
    write_campaign,
)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a campaign with four annotators, 20 of whose votes a day are enough."""
    settings = Settings(home=tmp_path_factory.mktemp("usual"), people={"votes_per_day": 20})
    write_campaign(settings, *usual_votes())
    return settings


def read(settings: Settings, annotator: str, **options: object) -> str:
    """Return somebody's page at noon."""
    token = read_links(settings).token(CAMPAIGN, annotator)
    page = read_page(settings, token, **{"now": NOW, **options})  # type: ignore[arg-type]
    assert page is not None
    return page


@pytest.fixture
def browser(usual: Settings) -> TestClient:
    """Return a browser at a gateway that has nothing but the pages."""
    app = FastAPI()
    app.include_router(create_router(usual))
    return TestClient(app)


def test_the_owner_of_the_address_sees_the_page(usual: Settings, browser: TestClient) -> None:
    """It must not be kept by caches, told to other sites, or found by search engines."""
    answer = browser.get(f"/me/{read_links(usual).token(CAMPAIGN, ANN)}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]


def test_forged_renewed_and_foreign_tokens_are_answered_alike(
    usual: Settings, browser: TestClient
) -> None:
    """Nobody learns from the answer whether there is such a person."""
    links = read_links(usual)
    named = links.token(CAMPAIGN, BOB).partition(".")[0]
    forged = f"{named}.{links.token(CAMPAIGN, ANN).partition('.')[2]}"
    unknown = links.token("elsewhere", "annotator-unknown") + "x"
    old = links.token(CAMPAIGN, GUESSER)
    renew_link(usual, GUESSER)
    answers = [browser.get(f"/me/{token}") for token in (forged, unknown, old, "x", "y" * 3000)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1


def test_a_page_is_of_its_owner_alone(usual: Settings) -> None:
    """No id of anybody, no address, nothing loaded from elsewhere."""
    page = read(usual, ANN)
    assert not [name for name in (ANN, BOB, EVE, GUESSER) if name in page]
    assert "@example.org" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page


def test_the_cap_is_told_when_it_is_reached_and_when_not(usual: Settings) -> None:
    """Votes beyond it count."""
    assert "the day&#39;s 20 are reached; more count as well" in read(usual, ANN)
    assert "20 more and the day's share is reached" in read(usual, BOB)
    uncapped = Settings(home=usual.home)
    assert "the day's share" not in read(uncapped, ANN)


def test_a_rest_is_suggested_after_the_minutes_set(usual: Settings) -> None:
    """Only to who has listened for so long and still does."""
    tired = Settings(home=usual.home, people={"rest_after_min": 3})
    assert "You have been listening for 3\N{NO-BREAK SPACE}minutes" in read(tired, ANN)
    assert "without a pause" not in read(tired, ANN, now=NOW + timedelta(minutes=11))
    assert "without a pause" not in read(tired, EVE)
    never = Settings(home=usual.home, people={"rest_after_min": 0})
    assert "without a pause" not in read(never, ANN)


def test_agreement_and_gold_are_of_the_answers_up_to_last_night(usual: Settings) -> None:
    """A score that moved with an answer would tell which clip was gold, and what others said."""
    page = read(usual, ANN)
    assert "of your 40 comparable answers" in page
    tomorrow = read(usual, ANN, now=NOW + timedelta(days=1))
    assert "of your 60 comparable answers" in tomorrow


def test_confusions_are_told_of_who_confuses(usual: Settings) -> None:
    """By emotion, as others heard it and as one said."""
    assert "Others hear <b>anger</b>, you hear <b>joy</b>" in read(usual, GUESSER)
    assert "Others hear" not in read(usual, BOB)


def test_who_has_not_answered_yet_is_welcomed(usual: Settings) -> None:
    """The address works before the first vote."""
    page = read(usual, "annotator-0123456789")
    assert "20 clips wait for you" in page
    assert "from 20 comparable answers on" in page


def test_equal_votes_give_equal_bytes(usual: Settings) -> None:
    """Reloading changes nothing; another day may bring other words."""
    assert read(usual, EVE) == read(usual, EVE)


def test_pages_are_written_under_names_nobody_guesses(usual: Settings, tmp_path: Path) -> None:
    """The file of a person is what the gateway would answer, named like its address."""
    written = write_pages(usual, CAMPAIGN, [ANN, EVE], tmp_path / "new", now=NOW)
    assert [page.annotator for page in written] == [ANN, EVE]
    assert written[0].path.name == f"{read_links(usual).token(CAMPAIGN, ANN)}.html"
    assert written[0].path.read_text() == read(usual, ANN)
