"""`serloop up`, and then a loop that nobody touches: ingest, votes, round, gate, report."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from pipelines.gateway.keys import read_keys
from pipelines.gateway.places import find_gateway_places, gateway_url
from ser.corpora.synthetic import write_synthetic_corpus
from tests.browser import SCREENS, open_browser
from tests.end_to_end.services import Services, kill, prepare
from tests.label_studio_server import MARKS

pytestmark = MARKS
CAMPAIGN = "synthetic"
# What runs each service, by a word of its command line.
SERVICES = {"server": "server start", "worker": "worker start", "gateway": "gateway"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Services]:
    """Return a machine with a corpus on disk and nothing running."""
    root = tmp_path / "recordings"
    write_synthetic_corpus(root, speakers=6, sentences=2, repetitions=1, seed=0)
    with prepare(tmp_path, root) as services:
        yield services


def rounds_learned(place: Services) -> set[int]:
    """Return the numbers of the rounds that a model was trained after."""
    names = {row["round_id"] for row in place.rows("models")}
    return {row["number"] for row in place.rows("rounds") if row["round_id"] in names}


def has_learned(place: Services, number: int) -> Callable[[], bool]:
    """Return what tells that a round was learned from, judged, reported, and the next asked."""
    page = place.settings.reports / f"{CAMPAIGN}-{number:03d}.html"
    return lambda: page.exists() and len(place.rows("rounds")) > number + 1


def assert_nothing_twice(place: Services) -> None:
    """Every round was asked once, every arm trained once, every vote is there once."""
    rounds = [row["number"] for row in place.rows("rounds")]
    assert rounds == list(range(len(rounds)))
    trained = Counter((row["round_id"], row["arm"]) for row in place.rows("models"))
    assert set(trained.values()) == {1}
    votes = place.rows("effective_votes")
    assert len({row["source_ref"] for row in votes}) == len(votes)
    decided = Counter(row["model_id"] for row in place.rows("gates"))
    assert set(decided.values()) == {1}


def test_a_loop_that_nobody_touches(place: Services, tmp_path: Path) -> None:
    """A schedule ingests, votes start the round, the gate decides, the report opens."""
    told = place.serloop("up")
    assert "healthy" in told

    def ingested() -> list[dict[str, object]]:
        runs = place.flow_runs("synthetic")
        return [run for run in runs if run["auto_scheduled"] and run["state_type"] == "COMPLETED"]

    place.wait_for(ingested)
    assert len(place.rows("clips")) == 6 * 6 * 2
    place.serloop("round", CAMPAIGN)
    place.serloop("gateway", "connect", CAMPAIGN)
    assert place.answer(CAMPAIGN) >= 10
    place.wait_for(has_learned(place, 0))
    (decision,) = place.rows("gates")
    (change,) = place.rows("transitions")
    assert change["kind"] == ("promoted" if decision["is_passed"] else "refused")
    assert change["reason"]
    keys = read_keys(find_gateway_places(place.settings).keys)
    assert keys is not None
    login = {"username": "serloop", "password": keys.password}
    width, height = SCREENS["laptop"]
    with open_browser() as browser:
        context = browser.new_context(
            viewport={"width": width, "height": height}, http_credentials=login
        )
        page = context.new_page()
        gateway = gateway_url(place.settings)
        page.goto(f"{gateway}/reports/{CAMPAIGN}-000.html")
        assert decision["model_id"] in page.content()
        page.screenshot(path=str(tmp_path / "report.png"), full_page=True)
        page.goto(f"{gateway}/")
        assert CAMPAIGN in page.inner_text("body")
        page.screenshot(path=str(tmp_path / "status.png"), full_page=True)
    place.serloop("down")
    assert place.processes() == []
    assert place.ports_in_use() == []
    assert_nothing_twice(place)


@pytest.mark.parametrize("victim", SERVICES)
def test_a_round_outlives_every_service(place: Services, victim: str) -> None:
    """Killed in the middle of a round, the next run completes it, and nothing is there twice."""
    place.serloop("up")
    place.wait_for(lambda: len(place.rows("clips")) == 6 * 6 * 2)
    place.serloop("round", CAMPAIGN)
    place.serloop("gateway", "connect", CAMPAIGN)
    place.answer(CAMPAIGN)
    place.wait_for(lambda: place.rows("consensus_runs"))
    for process in find_service(place, victim):
        kill(process)
    place.wait_for(has_learned(place, 0), patience_s=600)
    place.answer(CAMPAIGN)
    place.wait_for(has_learned(place, 1), patience_s=600)
    place.serloop("down")
    assert place.processes() == []
    assert_nothing_twice(place)


def find_service(place: Services, name: str) -> list[psutil.Process]:
    """Return the processes that are a service themselves, none that it started."""
    found = [
        process for process in place.processes() if SERVICES[name] in " ".join(process.cmdline())
    ]
    assert found, f"no process of the {name}"
    return found
