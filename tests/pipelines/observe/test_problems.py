"""What somebody has to look at."""

from dataclasses import replace

from pipelines.observe.facts import Facts
from pipelines.observe.overview import Disk
from pipelines.observe.problems import find_problems
from pipelines.stack.status import ServiceStatus
from tests.pipelines.observe.views import BUSY, CALM, LINE, make_bad, make_calm


def test_nothing_is_made_of_a_good_morning() -> None:
    """A refusal is what the gate is for, and no problem."""
    assert find_problems(make_calm(), CALM) == []


def test_failures_come_before_what_is_to_be_looked_at() -> None:
    """Each says what and why, in the words of who found it."""
    found = find_problems(make_bad(), BUSY)
    assert [(item.title, item.is_failure) for item in found] == [
        ("Service label-studio is unhealthy", True),
        ("collect-all/scheduled is late", True),
        ("ingest/urdu failed", True),
        ("round-demo crashed", True),
        ("collect of ravdess failed", True),
        ("The disk is nearly full", True),
        ("approve-m-3 waits for you", False),
        ("New clips of ravdess have drifted", False),
        ("1 data check found rows", False),
    ]
    details = {item.title: item.detail for item in found}
    assert details["ingest/urdu failed"] == "`/corpora/urdu` is no folder; in stage `ingest`"
    assert details["1 data check found rows"] == "clip_without_waveform (4)"


def test_a_model_that_waits_for_a_person_is_named() -> None:
    """With what to run."""
    waiting = replace(LINE, kind="waiting", reason="better")
    (found,) = find_problems(make_calm(facts=Facts(lines=(waiting,))), CALM)
    assert not found.is_failure
    assert "serloop promote m-2" in found.detail


def test_services_that_nobody_started_are_not_missed() -> None:
    """Who runs the gateway alone has no stack; of a stack that runs, each is wanted."""
    stopped = ServiceStatus("worker", "stopped", detail="`serloop up` starts it")
    assert find_problems(make_calm(services=(stopped,)), CALM) == []
    running = ServiceStatus("prefect", "healthy")
    (found,) = find_problems(make_calm(services=(running, stopped)), CALM)
    assert found.title == "Service worker is stopped"


def test_a_large_disk_may_be_full_to_nine_tenths() -> None:
    """What matters is that there is room."""
    roomy = Disk(500_000_000_000, 10_000_000_000_000)
    assert find_problems(make_calm(disk=roomy), CALM) == []


def test_what_cannot_be_read_is_a_failure() -> None:
    """With the reason."""
    (found,) = find_problems(make_calm(facts=None, errors={"warehouse": "damaged"}), CALM)
    assert (found.title, found.detail) == ("The warehouse cannot be read", "damaged")
