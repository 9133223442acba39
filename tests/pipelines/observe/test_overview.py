"""One look at everything, which nothing that is broken can prevent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.observe.overview import Lookout, find_prefect, measure_disk, take_overview
from pipelines.settings import Settings
from pipelines.stack.status import ServiceStatus
from tests.label_studio_server import free_port
from tests.pipelines.observe.loops import write_loop

NOW = datetime.now(UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home whose loop is under way."""
    return write_loop(tmp_path / "home").home


def test_what_cannot_be_seen_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warehouse that is damaged and a server that is gone leave the rest."""
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{free_port()}/api")
    settings = Settings(home=home)
    Path(settings.catalog).write_bytes(b"no database")
    found = take_overview(settings, NOW)
    assert sorted(found.errors) == ["prefect", "warehouse"]
    assert (found.facts, found.orchestration, found.rounds) == (None, None, ())
    assert {service.state for service in found.services} == {"stopped"}


def test_campaigns_are_told_with_what_makes_a_round(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New votes of each, and whether its round is due."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    found = take_overview(Settings(home=home, schedule={"round_votes": 6}), NOW)
    stands = {item.campaign: (item.new_votes, item.reason is not None) for item in found.rounds}
    assert stands == {"calls": (0, False), "ravdess": (6, True)}
    assert not found.errors


def test_rounds_are_read_again_as_time_passes(home: Path) -> None:
    """Without a commit not for a minute; then a round that time made due is found."""
    settings = Settings(home=home, schedule={"round_days": 1.0})
    first = take_overview(settings, NOW)
    soon = take_overview(settings, NOW + timedelta(seconds=30), first)
    assert soon.rounds is first.rounds
    later = take_overview(settings, NOW + timedelta(days=2), soon)
    assert [item.reason is not None for item in later.rounds] == [False, True]


def test_a_fresh_look_is_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old one is renewed while it is shown; one that is too old is not shown."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    lookout = Lookout(Settings(home=tmp_path))
    first = lookout.look()
    assert lookout.look() is first
    old = replace(first, at=first.at - timedelta(seconds=30))
    lookout._last = old
    assert lookout.look() is old
    with lookout._looking:
        assert lookout._last is not old
    lookout._last = replace(first, at=first.at - timedelta(hours=1))
    assert lookout.look().at >= first.at


def test_prefect_is_the_server_that_is_named_or_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says wins; without it, our own where it is healthy."""
    settings = Settings(stack={"prefect_port": 4321})
    runs = (ServiceStatus("prefect", "healthy"),)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert find_prefect(settings, runs) == "http://127.0.0.1:4321/api"
    assert find_prefect(settings, (ServiceStatus("prefect", "stopped"),)) is None
    monkeypatch.setenv("PREFECT_API_URL", "http://flows.example.org/api")
    assert find_prefect(settings, runs) == "http://flows.example.org/api"


def test_the_disk_of_a_home_to_be_is_known(tmp_path: Path) -> None:
    """It is that of the folder above."""
    found = measure_disk(tmp_path / "not" / "yet")
    assert 0 < found.free <= found.total
