"""Campaigns on the synthetic corpus that ask in a real Label Studio, and who answers there."""

import uuid
from collections.abc import Mapping

from annotation.label_studio.api import Api
from annotation.label_studio.delivering import ServerTask, list_tasks
from annotation.label_studio.users import create_user, log_in, make_password
from pipelines.convert import to_table
from pipelines.label_studio.connect import connect
from pipelines.label_studio.identity import read_login
from pipelines.label_studio.places import find_places, own_url
from pipelines.progress import SilentProgress
from pipelines.publishing.project import read_items
from pipelines.publishing.publish import PublishResult, publish
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import queries
from warehouse.testing import make_rows

SILENT = SilentProgress()
CAMPAIGN = "synthetic"
Ask = tuple[int, str, float | None, int]
"""Number of the clip, arm, utility, votes wanted."""


def clip_ids(settings: Settings) -> list[str]:
    """Return the clips of the corpus, in order."""
    with open_store(settings) as store:
        ids: list[str] = queries.select_clips(store, corpus="synthetic")["clip_id"].to_pylist()
    return sorted(ids)


def ask(settings: Settings, number: int, *asks: Ask, model_id: str | None = None) -> list[str]:
    """Write a round, and return the clips it asks about."""
    ids = clip_ids(settings)
    round_id = f"{CAMPAIGN}-{number:03d}"
    rows = [
        {
            "ask_id": f"{round_id}/{arm}/{ids[at]}",
            "round_id": round_id,
            "clip_id": ids[at],
            "arm": arm,
            "utility": utility,
            "reason": "for a test",
            "votes_wanted": wanted,
        }
        for at, arm, utility, wanted in asks
    ]
    with open_store(settings) as store:
        header = make_rows(
            "rounds",
            round_id=[round_id],
            campaign=[CAMPAIGN],
            corpus=["synthetic"],
            number=[number],
            model_id=[model_id],
            test_speakers=[["SYNM01"]],
            snapshot=[store.snapshot],
        )
        store.commit({"rounds": header, "asks": to_table("asks", rows)}, message="asked")
    return [ids[at] for at, *_ in asks]


def adopt(
    mine: Settings, server: Settings, *, url: str | None = None, **sections: Mapping[str, object]
) -> Settings:
    """Return settings of a warehouse that asks in another home's server, or a proxy before it."""
    login = read_login(find_places(server).login)
    assert login is not None
    place = {
        "url": url or own_url(server),
        "token": login.token,
        "audio_folder": find_places(server).files,
        "audio_url": "/data/local-files/?d=",
    }
    changed = {
        name: getattr(mine, name).model_copy(update=dict(values))
        for name, values in sections.items()
    }
    given = mine.model_dump() | {"label_studio": place}
    return Settings(**given).model_copy(update=changed)


def send(settings: Settings, **parameters: bool) -> PublishResult:
    """Publish the campaign."""
    return publish(settings, SILENT, campaign=CAMPAIGN, **parameters)


def tasks_of(settings: Settings, result: PublishResult) -> tuple[ServerTask, ...]:
    """Return what is in the project."""
    with connect(settings) as api:
        return list_tasks(api, result.number, items_of(settings, result))


def items_of(settings: Settings, result: PublishResult) -> dict[str, str]:
    """Return the clips of the project by what it calls them."""
    with open_store(settings) as store:
        return read_items(store, result.project)


def hire(server: Settings) -> Api:
    """Return the server in the name of a new user."""
    address, password = f"{uuid.uuid4().hex[:12]}@example.org", make_password()
    with connect(server) as api:
        create_user(api, address, password)
        return log_in(api.url, address, password)


def answer(user: Api, task_id: int, label: str = "anger", *, skip: bool = False) -> int:
    """Submit an answer, or skip, and return its number."""
    region = {"from_name": "emotion", "to_name": "audio", "type": "choices"}
    body = {
        "result": [] if skip else [region | {"value": {"choices": [label]}}],
        "was_cancelled": skip,
        "lead_time": 3.0,
        "unique_id": str(uuid.uuid4()),
    }
    return int(user.send("POST", f"/api/tasks/{task_id}/annotations/", body=body)["id"])
