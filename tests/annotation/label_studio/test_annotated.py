"""Tasks with their answers are read page by page, each of them once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from annotation.errors import LabelStudioServerError
from annotation.label_studio.annotated import ProjectState, look, read_annotated
from annotation.label_studio.api import Api

Query = dict[str, str]


@contextmanager
def serve(*answers: object) -> Iterator[tuple[Api, list[Query]]]:
    """Answer request after request, and give the queries that came."""
    waiting, asked = list(answers), []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            asked.append({name: values[0] for name, values in query.items()})
            body = json.dumps(waiting.pop(0)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        with Api(f"http://127.0.0.1:{server.server_address[1]}", "token") as api:
            yield api, asked
    finally:
        server.shutdown()
        server.server_close()


def filters(query: Query) -> dict[str, Any]:
    """Return what a request limits tasks by."""
    items = json.loads(query["query"])["filters"]["items"]
    return {item["filter"].rpartition(":")[2]: item["value"] for item in items}


def test_each_page_begins_after_the_last_number() -> None:
    """So that it does not matter how many tasks were deleted before it."""
    pages = [{"tasks": [{"id": 3}, {"id": 8}]}, {"tasks": [{"id": 9}, {"id": 12}]}, {"tasks": []}]
    with serve(*pages) as (api, asked):
        read = [task["id"] for page in read_annotated(api, 4, page_size=2) for task in page]
    assert read == [3, 8, 9, 12]
    assert [filters(query) for query in asked] == [{"id": 0}, {"id": 8}, {"id": 12}]
    assert {query["page"] for query in asked} == {"1"}


def test_a_page_that_is_not_full_is_the_last() -> None:
    """Nothing is asked for in vain."""
    with serve({"tasks": [{"id": 3}]}) as (api, asked):
        assert list(read_annotated(api, 4, page_size=2)) == [[{"id": 3}]]
    assert len(asked) == 1


def test_times_are_told_in_utc_with_microseconds() -> None:
    """Without them the server fails; wherever the clock that was read stands."""
    since = datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=2)))
    with serve({"tasks": []}) as (api, asked):
        assert list(read_annotated(api, 4, changed_after=since)) == []
    assert filters(asked[0])["updated_at"] == "2026-11-22T10:00:00.000000Z"


def test_the_state_of_a_project() -> None:
    """The newest change and two numbers; without tasks there is no change."""
    newest = {"tasks": [{"id": 1, "updated_at": "2026-11-22T10:00:00.5Z"}], "total": 2}
    with serve(
        newest | {"total_annotations": 7}, {"tasks": [], "total": 0, "total_annotations": 0}
    ) as (
        api,
        asked,
    ):
        state = look(api, 4)
        assert (state.tasks, state.answers) == (2, 7)
        assert state.changed_at == datetime.fromisoformat("2026-11-22T10:00:00.500000+00:00")
        assert look(api, 4) == ProjectState(None, 0, 0)
    assert json.loads(asked[0]["query"]) == {"ordering": ["-tasks:updated_at"]}


@pytest.mark.parametrize("said", [[], {"tasks": 3}, {"tasks": [{}], "total": 1}], ids=repr)
def test_another_program_is_told_from_label_studio(said: object) -> None:
    """Its answer is no list of tasks."""
    with serve(said) as (api, _), pytest.raises(LabelStudioServerError, match="correct the addr"):
        look(api, 4)
