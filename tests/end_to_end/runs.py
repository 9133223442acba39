"""Run `serloop` as a process of its own, kill it, and compare what it left behind."""

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.settings import FOREIGN_VARIABLES, Settings
from pipelines.workspace import open_store
from warehouse import TABLES, S3Access, maintenance

REPOSITORY = Path(__file__).parents[2]
TIMEOUT_S = 600
# What a user must never see, whatever else was running.
ALARMS = ("Traceback", "locked", "conflict", "Error:")
# When something was decided is no property of what was decided.
TIMES = ("decided_at", "changed_at", "measured_at")


class Run:
    """One `serloop` process and everything it starts.

    Args:
        folder: Where it runs; it writes to `.serloop` there.
        arguments: What follows `serloop`.
        settings: Environment variables without their prefix.
    """

    def __init__(self, folder: Path, *arguments: object, **settings: object) -> None:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SERLOOP_", "PREFECT_")) or name in FOREIGN_VARIABLES
        }
        given = {f"SERLOOP_{name}": str(value) for name, value in settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from pipelines.cli import main; main()", *map(str, arguments)],
            cwd=folder,
            env=inherited | given | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Worker processes join the group, so that all of them can be killed at once.
            start_new_session=True,
        )

    def finish(self, code: int = 0) -> str:
        """Wait for the end with this exit code and no alarm, and return standard output."""
        out, errors = self.process.communicate(timeout=TIMEOUT_S)
        assert self.process.returncode == code, errors
        assert not any(alarm in errors for alarm in ALARMS), errors
        return out

    def kill_when(
        self, is_time: Callable[[], bool], *, delay_s: float = 0.0, spare_workers: bool = False
    ) -> bool:
        """Kill the process and its workers once something is so and a delay has passed.

        Args:
            is_time: What to wait for.
            delay_s: How long to wait then.
            spare_workers: Whether to kill the process alone; its workers have to notice.

        Returns:
            False if it ended by itself before that, which a short delay can make it do.
        """
        deadline = time.monotonic() + TIMEOUT_S
        while self.process.poll() is None and not is_time():
            assert time.monotonic() < deadline, "what was waited for never happened"
            time.sleep(0.002)
        time.sleep(delay_s)
        if self.process.poll() is None and spare_workers:
            self.process.kill()
        elif self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        _, errors = self.process.communicate()
        assert self.process.returncode in {0, -signal.SIGKILL}, errors
        return self.process.returncode != 0

    def count_processes(self) -> int:
        """Return how many processes of this run, workers and all, are alive."""
        stats = (path / "stat" for path in Path("/proc").glob("[0-9]*"))
        alive = 0
        for stat in stats:
            try:
                state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            alive += state != "Z" and int(group) == self.process.pid
        return alive


@dataclass(frozen=True)
class Place:
    """Where a warehouse lies, for this process and for those it starts.

    Args:
        home: Folder of everything else.
        variables: Environment variables without their prefix.
    """

    home: Path
    variables: Mapping[str, object] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """Return the settings that say the same."""
        given: dict[str, dict[str, object]] = {"warehouse": {}}
        for name, value in self.variables.items():
            section, _, key = name.lower().partition("__")
            given.setdefault(section, {})[key] = value
        return Settings(home=self.home, **given)

    def start(self, *arguments: object, **variables: object) -> Run:
        """Start `serloop` there."""
        self.home.mkdir(parents=True, exist_ok=True)
        return Run(self.home, *arguments, **{"HOME": self.home, **self.variables, **variables})

    def count_files(self) -> int:
        """Return how many files lie below a local data path, finished or not."""
        return sum(len(names) for _, _, names in os.walk(self.settings.data_path))

    def sweep(self) -> list[str]:
        """Remove all strays, and return what lies there and should not."""
        with open_store(self.settings) as store:
            maintenance.sweep_files(store, grace_s=0)
            registered = maintenance._read_registered(store)
        catalog = Path(self.settings.catalog).name
        return [
            str(path.relative_to(self.home))
            for path in self.home.rglob("*")
            if path.is_file() and path.name not in registered | {catalog}
        ]


def on_sqlite(home: Path, **variables: object) -> Place:
    """Return a place with everything on this disk."""
    return Place(home, variables)


def on_postgres(home: Path, catalog: str, **variables: object) -> Place:
    """Return a place with its catalog in a PostgreSQL database."""
    return Place(home, {"WAREHOUSE__CATALOG": catalog, **variables})


def on_s3(home: Path, catalog: str, s3: S3Access, **variables: object) -> Place:
    """Return a place with its catalog in a PostgreSQL database and its files in a bucket."""
    bucket = {
        "WAREHOUSE__DATA_PATH": f"s3://lake/{catalog.partition('?')[0].rpartition('/')[2]}",
        "WAREHOUSE__S3_ENDPOINT": s3.endpoint,
        "WAREHOUSE__S3_ACCESS_KEY": s3.key_id,
        "WAREHOUSE__S3_SECRET_KEY": s3.secret,
        "WAREHOUSE__S3_USE_SSL": s3.use_ssl,
    }
    return on_postgres(home, catalog, **bucket, **variables)


def count_snapshots(home: Path) -> int:
    """Return the number of the newest snapshot in the catalog, 0 before there is one."""
    catalog = home / "warehouse" / "catalog.sqlite"
    if not catalog.is_file():
        return 0
    with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as connection:
        try:
            rows = connection.execute("SELECT max(snapshot_id) FROM ducklake_snapshot").fetchall()
        except sqlite3.OperationalError:
            # The catalog is being made, or another process is at it.
            return 0
    return rows[0][0] or 0


def fingerprint(settings: Settings, *, snapshot: int | None = None) -> dict[str, tuple[int, str]]:
    """Return the number of rows of each table and a hash over what they say, not when.

    Args:
        settings: Where the warehouse is.
        snapshot: Look at the past as of this snapshot.
    """
    found = {}
    with open_store(settings, snapshot=snapshot) as store:
        for name, table in TABLES.items():
            rows = store._connection.table(f"lake.main.{name}").order(", ".join(table.key))
            found[name] = _hash(rows.to_arrow_table().drop_columns(_times(rows.columns)))
    return found


def _times(columns: Sequence[str]) -> list[str]:
    return [name for name in columns if name in TIMES]


def _hash(rows: pa.Table) -> tuple[int, str]:
    # Parquet holds values and not buffers: equal rows, NaN included, give equal bytes.
    sink = pa.BufferOutputStream()
    pq.write_table(rows.combine_chunks(), sink)
    return rows.num_rows, hashlib.sha256(sink.getvalue()).hexdigest()
