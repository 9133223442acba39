"""Three people answer over HTTP, and each finds what they did on a page of their own."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from annotation.label_studio.answering import post_label
from annotation.label_studio.users import annotator_of, log_in
from pipelines.collecting.pull import pull
from pipelines.label_studio.connect import connect
from pipelines.people.accounts import add_people, set_people_active
from pipelines.people.pages import create_router
from pipelines.people.personal import list_pages
from pipelines.people.roster import list_people
from pipelines.progress import SilentProgress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.collecting.asked_campaign import CAMPAIGN, CLASSES
from tests.pipelines.collecting.server_project import ServerProject, open_project
from warehouse.testing import make_rows

pytestmark = pytest.mark.slow
SILENT = SilentProgress()
CLIPS = [f"demo/{number:02d}" for number in range(24)]
ADDRESSES = [f"{name}@people.example.org" for name in ("ann", "bob", "eve")]
# Eve says joy whatever she hears.
HEARD = {
    address: [CLASSES[1] if address.startswith("eve") else CLASSES[at % 2] for at in range(24)]
    for address in ADDRESSES
}


def ask_about(settings: Settings) -> None:
    """Write a round that wants 4 votes on each clip, so that all of them still wait."""
    rows = {
        "rounds": make_rows(
            "rounds", round_id=["listen-000"], campaign=[CAMPAIGN], corpus=["demo"], number=[0]
        ),
        "asks": make_rows(
            "asks",
            ask_id=[f"listen-000/{clip}" for clip in CLIPS],
            round_id=["listen-000"] * len(CLIPS),
            clip_id=CLIPS,
            arm=["seed"] * len(CLIPS),
            votes_wanted=[4] * len(CLIPS),
        ),
    }
    with open_store(settings) as store:
        store.commit(rows, message="asked")


def answer_all(project: ServerProject, address: str, password: str) -> None:
    """Answer every clip in somebody's own name."""
    tasks = {task["data"]["clip_id"]: number for number, task in project.tasks().items()}
    with log_in(project.api.url, address, password) as own:
        for clip, label in zip(CLIPS, HEARD[address], strict=True):
            post_label(own, tasks[clip], label, lead_time_s=4.0, key=f"{address}/{clip}")


def list_rows(settings: Settings) -> dict[object, Row]:
    """List everybody by address."""
    rows = list_people(settings, SILENT, campaign=CAMPAIGN).rows()
    return {row["address"]: row for row in rows}


def test_people_are_made_answer_and_see_their_pages(label_studio: Settings, tmp_path: Path) -> None:
    """Accounts, votes in their own names, a list with addresses, pages without, a way out."""
    (tmp_path / "label-studio").symlink_to(label_studio.home.resolve() / "label-studio")
    settings = Settings(home=tmp_path, label_studio=label_studio.label_studio.model_dump())
    made = add_people(settings, ADDRESSES).made
    with connect(settings) as api:
        project = open_project(settings, api, clips=CLIPS, tasks=CLIPS)
        ask_about(settings)
        for account in made:
            answer_all(project, account.address, account.password)
        pull(settings, SILENT, campaign=CAMPAIGN)
        listed = list_rows(settings)
        for address in ADDRESSES:
            row = listed[address]
            assert (row["votes"], row["today"], row["state"]) == (24, 24, "active")
        assert listed[ADDRESSES[0]]["agreement"] > listed[ADDRESSES[2]]["high"]
        assert listed[ADDRESSES[0]]["annotator"] == annotator_of(ADDRESSES[0])
        links = list_pages(settings, SILENT, campaign=CAMPAIGN).links
        url = next(link.url for link in links if link.address == ADDRESSES[0])
        app = FastAPI()
        app.include_router(create_router(settings))
        browser = TestClient(app)
        page = browser.get(url.partition("18090")[2])
        assert page.status_code == 200
        assert "None waits for you" in page.text
        assert not [address for address in ADDRESSES if address in page.text]
        set_people_active(settings, ADDRESSES[:1], is_active=False)
        pull(settings, SILENT, campaign=CAMPAIGN, full=True)
        row = list_rows(settings)[ADDRESSES[0]]
        assert (row["votes"], row["state"]) == (24, "deactivated")
        api.send("DELETE", f"/api/projects/{project.number}/")
