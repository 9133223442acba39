"""What the processes of the tests share: threads, and what is slow to make."""

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")
# DuckDB reads how many threads to take from no other variable, and what a test starts inherits it.
DUCKDB_THREADS = "SLURM_CPUS_ON_NODE"


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """Return what the first process that asks for it has made; others wait for that.

    Args:
        factory: Knows the folder of this run of the tests.
        name: What it is, once for each run.
        make: Gets a folder that is not there yet, and returns what can be pickled. What it writes
            there is read by several processes, and changed by none.
    """
    root = factory.getbasetemp()
    # Each of several processes has a folder of its own within that of the run.
    shared = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "shared"
    shared.mkdir(exist_ok=True)
    kept = shared / f"{name}.pickle"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            made = make(factory.mktemp(name))
            kept.write_bytes(pickle.dumps(made))
    # Written a moment ago, by this run of the tests.
    found: T = pickle.loads(kept.read_bytes())  # noqa: S301
    return found
