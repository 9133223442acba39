"""A campaign that asks on a stand-in, and the warehouse that its answers go to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.pipelines.collecting.asked_campaign import write_campaign
from tests.pipelines.collecting.stand_in import StandIn, run_stand_in
from tests.pipelines.places import borrow

KEY = "listen-00c0ffee"


@pytest.fixture
def server() -> Iterator[StandIn]:
    """Run a stand-in with the campaign's project and a task about each clip."""
    with run_stand_in() as stand_in:
        stand_in.open_project(KEY)
        yield stand_in


@pytest.fixture(scope="session")
def asking_once(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a warehouse with a campaign that asks in one project; for borrowing only."""
    settings = Settings(home=tmp_path_factory.mktemp("asking"))
    write_campaign(settings, KEY)
    return settings


@pytest.fixture
def asking(asking_once: Settings, server: StandIn, tmp_path: Path) -> Settings:
    """Return the warehouse, free to change, with the stand-in as its Label Studio."""
    place = borrow(asking_once, tmp_path / "home")
    section = {"url": server.url, "token": "0123456789abcdef0123456789abcdef01234567"}
    return Settings(home=place.home, warehouse=place.warehouse, label_studio=section)
