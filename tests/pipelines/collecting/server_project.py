"""A campaign's project on a real server, in which tests answer, edit and delete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from annotation.label_studio import InterfaceChoices
from annotation.label_studio.api import Api
from annotation.label_studio.projects import read_tasks
from annotation.label_studio.publishing import ProjectPage, ensure_project
from pipelines.label_studio.identity import read_login
from pipelines.label_studio.places import find_places
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.collecting.asked_campaign import CAMPAIGN, CLASSES, CLIPS, write_campaign
from warehouse import queries


def adopt(server: Settings, home: Path) -> Settings:
    """Return settings of a warehouse of its own that asks on a running server."""
    login = read_login(find_places(server).login)
    assert login is not None
    url = f"http://127.0.0.1:{server.label_studio.port}"
    return Settings(home=home, label_studio={"url": url, "token": login.token})


def say(choice: str | None, **regions: object) -> dict[str, object]:
    """Return the body of an annotation: a choice, or nothing."""
    region = {"from_name": "emotion", "to_name": "audio", "type": "choices"}
    result = [] if choice is None else [{**region, "value": {"choices": [choice]}}]
    return {"result": result, "lead_time": 3.5, **regions}


@dataclass(frozen=True)
class ServerProject:
    """A project with one task per clip, and the warehouse whose campaign asks in it.

    Args:
        settings: The warehouse and the server.
        api: The server.
        key: Its name in the warehouse.
        number: Its number on the server.
    """

    settings: Settings
    api: Api
    key: str
    number: int

    def send(self, *data: dict[str, str], annotations: Sequence[object] = ()) -> list[int]:
        """Import tasks and return their numbers."""
        body = [{"data": item, "annotations": list(annotations)} for item in data]
        path, query = f"/api/projects/{self.number}/import", {"return_task_ids": "true"}
        return sorted(self.api.send("POST", path, query=query, body=body)["task_ids"])

    def tasks(self) -> dict[int, Mapping[str, Any]]:
        """Return the tasks by their numbers."""
        return {task["id"]: task for task in read_tasks(self.api, self.number)}

    def task(self, clip_id: str) -> int:
        """Return the number of the task about a clip."""
        (number,) = [n for n, t in self.tasks().items() if t["data"].get("clip_id") == clip_id]
        return number

    def answer(self, clip_id: str, choice: str | None, **more: object) -> int:
        """Answer the task about a clip, and return the annotation's number."""
        path = f"/api/tasks/{self.task(clip_id)}/annotations/"
        number: int = self.api.send("POST", path, body=say(choice, **more))["id"]
        return number

    def edit(self, annotation: int, choice: str | None, **more: object) -> None:
        """Change an annotation."""
        self.api.send("PATCH", f"/api/annotations/{annotation}/", body=say(choice, **more))

    def remove(self, annotation: int) -> None:
        """Delete an annotation."""
        self.api.send("DELETE", f"/api/annotations/{annotation}/")

    def labels(self) -> dict[str, list[str | None]]:
        """Return the labels of the votes in force, by clip."""
        found: dict[str, list[str | None]] = {}
        with open_store(self.settings) as store:
            for row in queries.select_effective_votes(store).to_pylist():
                found.setdefault(row["clip_id"], []).append(row["label"])
        return {clip: sorted(labels, key=str) for clip, labels in sorted(found.items())}

    def ledger(self) -> list[dict[str, Any]]:
        """Return every row of the ledger."""
        with open_store(self.settings) as store:
            rows: list[dict[str, Any]] = queries.select_ledger(store).to_pylist()
        return sorted(rows, key=lambda row: (row["cast_at"], row["vote_id"]))

    def quarantined(self) -> list[tuple[str, str]]:
        """Return reference and reason of what is in quarantine."""
        with open_store(self.settings) as store:
            rows = queries.select_quarantine(store).to_pylist()
        return sorted((row["source_ref"], row["reason"]) for row in rows)


def open_project(
    settings: Settings,
    api: Api,
    *,
    choices: InterfaceChoices | None = None,
    clips: Sequence[str] = CLIPS,
    tasks: Sequence[str] = CLIPS,
) -> ServerProject:
    """Write a campaign about clips, and make its project on the server, with some tasks."""
    asked = choices or InterfaceChoices()
    key = f"{CAMPAIGN}-{token_hex(4)}"
    write_campaign(settings, key, choices=asked, opened_at=datetime.now(UTC), clips=clips)
    made = ensure_project(api, ProjectPage(key, "Emotion", CLASSES, asked))
    project = ServerProject(settings, api, key, made.id)
    if tasks:
        project.send(*({"audio": "/a.wav", "clip_id": clip, "round_id": "r1"} for clip in tasks))
    return project
