"""A server that takes projects and tasks as Label Studio does, and fails when it is told to."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from annotation.label_studio.api import Api

Refuse = Callable[[str, str], int | None]
"""The status that a request fails with, by method and path, after it was carried out; or None."""


class Queue(ThreadingHTTPServer):
    """What the server holds.

    Attributes:
        projects: Projects by number.
        tasks: Tasks of all projects.
        requests: Method and path of every request.
        refuse: Which of them fail.
        is_deaf: Whether requests that fail are not carried out either.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.projects: list[dict[str, Any]] = []
        self.tasks: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.refuse: Refuse = lambda *_: None
        self.is_deaf = False

    def count(self, part: str) -> int:
        """Return how many requests contain some text."""
        return sum(part in request for request in self.requests)

    def carry_out(self, method: str, path: str, body: Any, query: dict[str, list[str]]) -> Any:
        """Do what is asked, and return the answer; None if it is none of what is known."""
        answer: Any = None
        match method, path.strip("/").split("/"):
            case "GET", ["api", "projects"]:
                answer = {"results": self.projects}
            case "POST", ["api", "projects"]:
                answer = {"id": len(self.projects) + 1, **body}
                self.projects.append(answer)
            case "PATCH", ["api", ("projects" | "tasks") as kind, number]:
                answer = (self.projects if kind == "projects" else self.tasks)[int(number) - 1]
                answer |= body
            case "POST", ["api", "projects", _, "import"]:
                first = len(self.tasks) + 1
                self.tasks += [_task(first + at, item) for at, item in enumerate(body)]
                answer = {"task_count": len(body)}
            case "GET", ["api", "tasks", number, "annotations"]:
                answer = self.tasks[int(number) - 1]["annotations"]
            case "GET", ["api", "tasks"]:
                page, size = int(query["page"][0]), int(query["page_size"][0])
                answer = {"tasks": self.tasks[(page - 1) * size : page * size]}
        return answer


class _Answers(BaseHTTPRequestHandler):
    server: Queue

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        self.server.requests.append(f"{self.command} {parts.path}")
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status = self.server.refuse(self.command, parts.path)
        said = None
        if status is None or not self.server.is_deaf:
            body = json.loads(sent) if sent else None
            said = self.server.carry_out(self.command, parts.path, body, parse_qs(parts.query))
        answer = json.dumps(said if status is None else {"detail": "refused"}).encode()
        known = said is not None or status is not None
        self.send_response(status or (200 if known else 404))
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - names of the base class

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def _task(number: int, item: dict[str, Any]) -> dict[str, Any]:
    counts = {"total_annotations": 0, "cancelled_annotations": 0}
    return {"id": number, "data": item["data"], "overlap": 1, "is_labeled": False, **counts}


@contextmanager
def run_queue() -> Iterator[tuple[Queue, Api]]:
    """Run the server; give it and an access to it."""
    with Queue() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with Api(f"http://127.0.0.1:{server.server_port}", "token", timeout_s=5.0) as api:
            yield server, api
        server.shutdown()
        thread.join()
