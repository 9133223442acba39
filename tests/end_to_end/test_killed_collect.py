"""Killed at any moment and started again, a collection ends with the ledger of an undisturbed one.

The server is a stand-in, since it is the collecting process that is killed; kills of the real
server are in `test_label_studio_faults.py`.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.end_to_end.runs import Run
from tests.pipelines.collecting.asked_campaign import CAMPAIGN, CLIPS, write_campaign
from tests.pipelines.collecting.stand_in import StandIn, run_stand_in
from warehouse import queries

pytestmark = pytest.mark.slow
KEY = "listen-00c0ffee"
KILLS = 4
# From before it has read anything to after it has committed.
LASTS_S = 3.0


@pytest.fixture
def server() -> Iterator[StandIn]:
    """Run a stand-in with the campaign's project."""
    with run_stand_in() as stand_in:
        stand_in.open_project(KEY)
        yield stand_in


def collect(folder: Path, server: StandIn) -> Run:
    """Start `serloop collect`."""
    places = {"LABEL_STUDIO__URL": server.url, "LABEL_STUDIO__TOKEN": "0123456789abcdef"}
    return Run(folder, "collect", "--campaign", CAMPAIGN, **places)


def read_ledger(folder: Path) -> list[dict[str, Any]]:
    """Return all rows of the ledger."""
    with open_store(Settings(home=folder / ".serloop")) as store:
        rows: list[dict[str, Any]] = queries.select_ledger(store).to_pylist()
    return rows


def test_a_killed_collection(server: StandIn, tmp_path: Path, chance: random.Random) -> None:
    """Given, edited, spoilt and deleted: at each step every row is there once."""
    tasks = [server.ask({"clip_id": clip_id}) for clip_id in CLIPS]
    given = [server.answer(task, "joy") for task in tasks]
    steps = [
        lambda: None,
        lambda: server.edit(tasks[0], given[0], "calm"),
        lambda: server.edit(tasks[1], given[1], "rage"),
        lambda: server.remove(tasks[2], given[2]),
    ]
    folders = [tmp_path / name for name in ("calm", "disturbed")]
    for folder in folders:
        write_campaign(Settings(home=folder / ".serloop"), KEY)
    calm, disturbed = folders
    killed = 0
    for step in steps:
        step()
        for _ in range(KILLS):
            run = collect(disturbed, server)
            killed += run.kill_when(lambda: True, delay_s=chance.uniform(0.3, LASTS_S))
        for folder in folders:
            collect(folder, server).finish()
        assert read_ledger(disturbed) == read_ledger(calm)
    assert killed > KILLS
    assert [row["is_retraction"] for row in read_ledger(calm)].count(True) == 2
