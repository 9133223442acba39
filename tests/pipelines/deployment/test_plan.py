"""What is to run by itself follows from the settings and the campaigns alone."""

from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.deployment.plan import Campaign, Cron, Every, plan_deployments
from pipelines.settings import Settings


def plan(campaigns: tuple[Campaign, ...] = (), **schedule: object) -> dict[str, object]:
    """Return what is planned by its full name."""
    planned = plan_deployments(Settings(schedule=schedule), campaigns)
    return {item.full_name: item for item in planned}


def test_each_corpus_is_looked_at_by_its_own_clock() -> None:
    """A corpus of one's own is read by a reader, under its name and with its classes."""
    calls = {"root": "calls", "cron": "0 5 * * 1", "reader": "folder", "classes": ["calm", "angry"]}
    found = plan(
        ingest={"ravdess": {"root": "/data/ravdess"}, "calls": calls}, time_zone="Europe/Berlin"
    )
    ravdess, own = found["ingest/ravdess"], found["ingest/calls"]
    assert ravdess.parameters == {"corpus": "ravdess", "root": "/data/ravdess"}
    assert ravdess.schedule == Cron("0 2 * * *", "Europe/Berlin")
    assert own.schedule == Cron("0 5 * * 1", "Europe/Berlin")
    assert own.parameters == {
        "corpus": "folder",
        "root": str(Path("calls").absolute()),
        "name": "calls",
        "classes": ["calm", "angry"],
    }


def test_due_rounds_are_looked_for_between_two_looks_for_answers() -> None:
    """Both at one pace, and what the first brings in is there for the second."""
    found = plan(collect_min=10)
    assert found["collect-all/scheduled"].schedule == Every(timedelta(minutes=10))
    assert found["due-rounds/scheduled"].schedule == Every(
        timedelta(minutes=10), timedelta(minutes=5)
    )


def test_each_campaign_can_be_taken_a_round_further() -> None:
    """Somebody may ask for it; by itself it runs only when it is due."""
    found = plan((Campaign("calls/2026", "calls"),))["round/calls-2026"]
    assert found.parameters == {"corpus": "calls", "campaign": "calls/2026"}
    assert found.schedule is None


@pytest.mark.parametrize("item", plan_deployments(Settings()), ids=lambda item: item.full_name)
def test_a_worker_finds_the_flow(item: object) -> None:
    """The entry point is a flow of that name."""
    from prefect.flows import load_flow_from_entrypoint

    assert load_flow_from_entrypoint(item.entrypoint).name == item.flow


def test_a_flow_that_is_not_there_is_no_entry_point() -> None:
    """A misspelt one is told by its name."""
    from pipelines.deployment import entrypoints

    with pytest.raises(AttributeError, match="no flow `ingset`"):
        _ = entrypoints.ingset
