"""What the warehouse says about how the loop stands."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from annotation.label_studio.parse import SOURCE
from pipelines.observe.facts import Facts, read_facts
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.observe.loops import DECIDED, REFUSAL, write_loop
from warehouse.testing import make_rows

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a home whose loop is under way, for reading only."""
    return write_loop(tmp_path_factory.mktemp("facts") / "home")


@pytest.fixture(scope="module")
def facts(settings: Settings) -> Facts:
    """Return what is read of it."""
    return read_facts(settings, NOW)


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    """A home without a warehouse has none afterwards."""
    assert read_facts(Settings(home=tmp_path / "home"), NOW) == Facts()
    assert not (tmp_path / "home").exists()


def test_campaigns_are_told_with_what_is_open(facts: Facts) -> None:
    """Of clips asked about, those that lack a vote are open."""
    found = {item.campaign: (item.rounds, item.asked, item.open) for item in facts.campaigns}
    assert found == {"calls": (1, 2, 2), "ravdess": (2, 8, 2)}
    assert facts.votes == {("ravdess", SOURCE): 6}


def test_a_line_has_its_champion_and_what_was_decided_last(facts: Facts) -> None:
    """A refusal leaves the champion, and says why."""
    (line,) = facts.lines
    assert (line.champion, line.uar, line.low, line.high) == (
        "ravdess-001-active",
        0.61,
        0.55,
        0.67,
    )
    assert (line.kind, line.model_id, line.reason) == ("refused", "ravdess-002-active", REFUSAL)
    assert line.changed_at == DECIDED


def test_drift_is_what_the_newest_look_found(facts: Facts) -> None:
    """An alarm that a later look does not find is over."""
    assert [(item.measure, item.is_alarm) for item in facts.drifts] == [
        ("loudness", False),
        ("snr", True),
    ]


def test_checks_that_fail_are_named(facts: Facts) -> None:
    """With the number of rows, and what they are for."""
    found = {item.name: item.rows for item in facts.failed_checks}
    assert found["clip_without_waveform"] == 10
    assert all(item.purpose for item in facts.failed_checks)


def test_only_what_is_new_is_read_again(tmp_path: Path) -> None:
    """Without a commit nothing is; after one, data checks wait for five minutes to pass."""
    settings = write_loop(tmp_path / "home")
    first = read_facts(settings, NOW)
    assert read_facts(settings, NOW + timedelta(hours=1), first) is first
    rows = make_rows("clips", clip_id=["ravdess/new"], corpus=["ravdess"], native_id=["new"])
    with open_store(settings) as store:
        store.commit({"clips": rows}, message="one more")
    second = read_facts(settings, NOW + timedelta(minutes=4), first)
    assert second.corpora[0]["clips"] == 11
    assert (second.failed_checks, second.checked) == (first.failed_checks, first.checked)
    third = read_facts(settings, NOW + timedelta(minutes=5), second)
    assert third.checked == third.snapshot
    assert {item.name: item.rows for item in third.failed_checks}["clip_without_waveform"] == 11
