"""What a Prefect server says, asked over its own API."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from pipelines.errors import PipelineError
from pipelines.observe.prefect_server import (
    Deployed,
    Orchestration,
    PrefectServer,
    describe_schedules,
)
from pipelines.observe.wording import describe_state, shorten_reason
from tests.label_studio_server import free_port


@pytest.fixture(scope="module")
def said(prefect_url: str) -> Orchestration:
    """Return what the server says, once what is late is called late."""
    return PrefectServer(prefect_url).look(datetime.now(UTC) + timedelta(minutes=2))


@pytest.fixture(scope="module")
def deployed(said: Orchestration) -> dict[str, Deployed]:
    """Return the deployments by name."""
    return {item.name: item for item in said.deployments}


def test_every_deployment_says_how_it_fares(deployed: dict[str, Deployed]) -> None:
    """Done, failed, stopped by somebody, or waiting for a worker that is not there."""
    found = {name: describe_state(item)[1] for name, item in deployed.items()}
    assert found == {
        "collect-all/scheduled": "late",
        "ingest/ravdess": "done",
        "ingest/urdu": "failed",
        "maintain/nightly": "paused",
    }
    assert deployed["ingest/urdu"].schedule == "daily at 02:00 UTC"
    assert deployed["collect-all/scheduled"].schedule == "every 5 min"


def test_a_failure_says_why_and_when_it_last_went_well(deployed: dict[str, Deployed]) -> None:
    """The reason is the error's own words; its page is linked."""
    failed = deployed["ingest/urdu"]
    assert failed.last is not None
    why = "`/corpora/urdu` is no folder; set `root`; in stage `ingest`"
    assert shorten_reason(failed.last) == why
    assert failed.done_at is not None
    assert failed.done_at < failed.last.at
    assert "/runs/flow-run/" in failed.last.url


def test_what_is_due_next_is_known(deployed: dict[str, Deployed]) -> None:
    """Also where it should have begun already."""
    late = deployed["collect-all/scheduled"]
    assert late.next is not None
    assert late.next.at < datetime.now(UTC) - timedelta(minutes=50)
    assert not late.is_ready


def test_runs_without_a_deployment_are_told_unless_made_good(said: Orchestration) -> None:
    """A round that failed and then succeeded is no news."""
    assert [run.name for run in said.broken] == ["round-demo"]
    assert [run.name for run in said.running] == ["round-ravdess"]


def test_a_server_that_is_gone_is_told() -> None:
    """With its address."""
    port = free_port()
    with pytest.raises(PipelineError, match=rf"127\.0\.0\.1:{port}/api does not answer"):
        PrefectServer(f"http://127.0.0.1:{port}/api").look(datetime.now(UTC))


@pytest.fixture
def stranger() -> Iterator[str]:
    """Run a server that answers everything with a page."""

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()


def test_another_server_is_told_from_prefect(stranger: str) -> None:
    """Something else on the port is no reason to fail."""
    with pytest.raises(PipelineError, match="does not answer as it should"):
        PrefectServer(stranger).look(datetime.now(UTC))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({"interval": 90.0}, "every 1.5 min"),
        ({"interval": 45.0}, "every 45 s"),
        ({"interval": 172_800.0}, "every 2 d"),
        ({"cron": "30 3 * * 1", "timezone": None}, "cron 30 3 * * 1 UTC"),
        ({"rrule": "FREQ=DAILY"}, "by rule FREQ=DAILY"),
    ],
)
def test_schedules_are_told_in_words(schedule: dict[str, object], expected: str) -> None:
    """Of a clock, a pace or a rule."""
    assert describe_schedules([{"schedule": schedule}]) == expected
