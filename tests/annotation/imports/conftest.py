"""Sources and raw tables that several readers are tried on."""

from collections.abc import Callable, Sequence

import pyarrow as pa
import pytest

from annotation.imports import RawTable, VoteSource


@pytest.fixture
def source() -> VoteSource:
    """Provide a source with two classes."""
    return VoteSource("demo.csv", "demo-2", ("calm", "joy"))


@pytest.fixture
def make_raw() -> Callable[[Sequence[dict[str, object]]], RawTable]:
    """Provide a builder of raw tables from rows."""
    return lambda rows: RawTable.of(pa.Table.from_pylist(list(rows)))
