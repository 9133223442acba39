"""As much of Label Studio as a collection asks for, over real HTTP, with a clock of its own.

The real server is tested in `tests/end_to_end`; this one refuses, changes and fails when told.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from annotation.label_studio.projects import project_mark
from annotation.testing import make_annotation

START = datetime.fromisoformat("2026-11-22T10:00:00.000000+00:00")


@dataclass
class StandIn:
    """A server with projects, tasks and annotations that tests change directly.

    Args:
        url: Its address.
        now: What its clock shows; every change moves it on by a second.
        projects: Keys of its projects by number.
        tasks: Tasks by project.
        users: Addresses by number.
        asked: What each page of annotated tasks that was asked for was limited by.
        before_page: Called before such a page is answered, with its number.
        annotations: Annotations ever made.
        numbers: Tasks ever made.
    """

    url: str = ""
    now: datetime = START
    projects: dict[int, str] = field(default_factory=dict)
    tasks: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    users: dict[int, str] = field(default_factory=lambda: {1: "ann@example.org"})
    asked: list[dict[str, Any]] = field(default_factory=list)
    before_page: Callable[[int], None] = lambda _: None
    annotations: int = 0
    numbers: int = 0

    def tick(self, seconds: float = 1.0) -> str:
        """Move the clock on and return the time as the server writes it."""
        self.now += timedelta(seconds=seconds)
        return self.now.isoformat().replace("+00:00", "Z")

    def open_project(self, key: str) -> int:
        """Make a project and return its number."""
        number = len(self.projects) + 1
        self.projects[number] = key
        self.tasks[number] = []
        return number

    def ask(self, data: Mapping[str, object], project: int = 1) -> dict[str, Any]:
        """Make a task."""
        self.numbers += 1
        when = self.tick()
        task = {"id": self.numbers, "data": dict(data), "created_at": when, "updated_at": when}
        self.tasks[project].append({**task, "annotations": []})
        return self.tasks[project][-1]

    def answer(
        self, task: dict[str, Any], choice: str | None, *, user: int | None = 1
    ) -> dict[str, Any]:
        """Answer a task."""
        self.annotations += 1
        annotation: dict[str, Any] = {
            **make_annotation(self.annotations, choice),
            "completed_by": user,
        }
        task["annotations"].append(annotation)
        self.touch(task, annotation)
        return annotation

    def edit(self, task: dict[str, Any], annotation: dict[str, Any], choice: str | None) -> None:
        """Change an answer."""
        annotation |= {
            name: make_annotation(1, choice)[name] for name in ("result", "was_cancelled")
        }
        self.touch(task, annotation)

    def remove(self, task: dict[str, Any], annotation: dict[str, Any]) -> None:
        """Delete an answer."""
        task["annotations"].remove(annotation)
        self.touch(task)

    def touch(self, task: dict[str, Any], annotation: dict[str, Any] | None = None) -> None:
        """Note that a task changed, after the annotation that changed it."""
        if annotation is not None:
            annotation["updated_at"] = self.tick(0.5)
        task["updated_at"] = self.tick(0.5)

    def say(self, path: str, query: dict[str, str]) -> object:
        """Return the answer to a request, None for a refusal."""
        if path == "/api/projects/":
            return {"results": [self._project(number) for number in self.projects]}
        if path == "/api/users/":
            return [{"id": number, "email": address} for number, address in self.users.items()]
        if path == "/api/tasks/":
            return self._list(int(query["project"]), query)
        return None

    def _project(self, number: int) -> dict[str, object]:
        about = f"{project_mark(self.projects[number])}\nand what people added"
        made = START.isoformat()
        return {"id": number, "title": "Emotion", "description": about, "created_at": made}

    def _list(self, project: int, query: dict[str, str]) -> dict[str, object]:
        view = json.loads(query["query"])
        items = view.get("filters", {}).get("items", [])
        limits = {item["filter"].rpartition(":")[2]: item["value"] for item in items}
        if query["fields"] == "all":
            self.asked.append(limits)
            self.before_page(len(self.asked))
        found = [task for task in self.tasks[project] if task["id"] > limits.get("id", 0)]
        if since := limits.get("updated_at"):
            found = [task for task in found if _time(task["updated_at"]) > _time(since)]
        is_newest_first = view["ordering"] == ["-tasks:updated_at"]
        order = "updated_at" if is_newest_first else "id"
        found = sorted(found, key=lambda task: task[order], reverse=is_newest_first)
        kept = [item for task in found for item in task["annotations"]]
        return {
            "tasks": found[: int(query["page_size"])],
            "total": len(found),
            "total_annotations": sum(not item["was_cancelled"] for item in kept),
        }


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@contextmanager
def run_stand_in() -> Iterator[StandIn]:
    """Serve until the end of the block."""
    stand_in = StandIn()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            try:
                said = stand_in.say(address.path, query)
                status = 404 if said is None else 200
            except ConnectionError:
                self.close_connection = True
                return
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    stand_in.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
