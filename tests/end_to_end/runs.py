"""Run `serloop` as a process of its own, kill it, and compare what it left behind."""

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.settings import FOREIGN_VARIABLES, Settings
from pipelines.workspace import open_store
from warehouse import TABLES

REPOSITORY = Path(__file__).parents[2]
TIMEOUT_S = 600


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
        """Wait for the end with this exit code, and return standard output."""
        out, errors = self.process.communicate(timeout=TIMEOUT_S)
        assert self.process.returncode == code, errors
        return out

    def kill_when(self, is_time: Callable[[], bool], *, delay_s: float = 0.0) -> bool:
        """Kill the process and its workers once something is so and a delay has passed.

        Returns:
            False if it ended by itself before that, which a short delay can make it do.
        """
        deadline = time.monotonic() + TIMEOUT_S
        while self.process.poll() is None and not is_time():
            assert time.monotonic() < deadline, "what was waited for never happened"
            time.sleep(0.002)
        time.sleep(delay_s)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        _, errors = self.process.communicate()
        assert self.process.returncode in {0, -signal.SIGKILL}, errors
        return self.process.returncode != 0


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
    """Return the number of rows of each table and a hash over all of its columns.

    Args:
        settings: Where the warehouse is.
        snapshot: Look at the past as of this snapshot.
    """
    found = {}
    with open_store(settings, snapshot=snapshot) as store:
        for name, table in TABLES.items():
            rows = store._connection.table(f"lake.main.{name}").order(", ".join(table.key))
            found[name] = _hash(rows.to_arrow_table())
    return found


def _hash(rows: pa.Table) -> tuple[int, str]:
    # Parquet holds values and not buffers: equal rows, NaN included, give equal bytes.
    sink = pa.BufferOutputStream()
    pq.write_table(rows.combine_chunks(), sink)
    return rows.num_rows, hashlib.sha256(sink.getvalue()).hexdigest()
