"""Lakes for the warehouse's tests: a filled one to read, empty ones to write."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sharing import DUCKDB_THREADS
from warehouse import Warehouse, open_warehouse
from warehouse.testing import build_warehouse


@pytest.fixture(scope="module", autouse=True)
def threads_of_the_machine() -> Iterator[None]:
    """Let DuckDB take the threads that it takes elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(DUCKDB_THREADS, raising=False)
        yield


@pytest.fixture(scope="session")
def toy_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a lake with rows in every table; nobody writes to it."""
    root = tmp_path_factory.mktemp("toy")
    build_warehouse(root).close()
    return root


@pytest.fixture(scope="session")
def toy(toy_root: Path) -> Iterator[Warehouse]:
    """Open the filled lake, for reading only."""
    with open_warehouse(f"{toy_root}/catalog.sqlite", f"{toy_root}/data") as warehouse:
        yield warehouse


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Warehouse]:
    """Open a new lake, for writing."""
    with open_warehouse(f"{tmp_path}/catalog.sqlite", f"{tmp_path}/data") as warehouse:
        yield warehouse
