"""Whatever a table holds, each row is a vote or quarantined, and no reader crashes."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.imports import (
    REASONS,
    RawTable,
    VoteSource,
    read_annotator_columns,
    read_class_columns,
    read_csv,
    read_long_table,
)
from annotation.imports.long_table import NAMES

SOURCE = VoteSource("demo", "demo-2", ("calm", "joy"), clip_prefix="demo/")
CELL = st.one_of(
    st.none(),
    st.sampled_from(["joy", "calm", "rage", "1", "0", "-3", "2.5", "audio", "NA", " ", "1e400"]),
    st.sampled_from(["2026-01-02", "anonymous:x", "\x1f", "é", "\u2028", "nan", "𝄞"]),
    st.text(max_size=4),
)
TABLE = st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, CELL)), max_size=6)


@settings(max_examples=25, deadline=None)
@given(TABLE)
def test_every_row_of_a_long_table_is_in_one_place(rows: list[dict[str, str | None]]) -> None:
    """Votes and quarantined rows add up, and every reason is a documented one."""
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in NAMES})
    found = read_long_table(RawTable.of(table), SOURCE)
    assert found.votes.num_rows + found.quarantined.num_rows == len(rows)
    assert set(found.quarantined["reason"].to_pylist()) <= REASONS.keys()
    assert len(set(found.votes["vote_id"].to_pylist())) == found.votes.num_rows
    again = read_long_table(RawTable.of(table), SOURCE)
    assert again.votes.equals(found.votes)
    assert again.quarantined.equals(found.quarantined)


@settings(max_examples=20, deadline=None)
@given(TABLE)
def test_every_cell_of_a_wide_table_is_in_one_place(rows: list[dict[str, str | None]]) -> None:
    """The same cells read as annotators' answers and as counts crash nothing."""
    columns = {"clip_id": "clip_id", "calm": "label", "joy": "count"}
    table = pa.table(
        {name: pa.array([row[key] for row in rows], pa.string()) for name, key in columns.items()}
    )
    raw = RawTable.of(table)
    assert read_annotator_columns(raw, SOURCE).votes.num_rows <= 2 * len(rows)
    counted = read_class_columns(raw, SOURCE)
    placed = {*counted.quarantined["row"].to_pylist()}
    assert len(placed) + len(set(counted.votes["clip_id"].to_pylist())) <= 2 * len(rows)


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_crash_the_reader_of_text(data: bytes) -> None:
    """Any file under any header is rows and broken records."""
    raw = read_csv(b"clip_id,label\n" + data)
    assert len(raw.rows) == raw.table.num_rows
    assert not set(raw.rows.tolist()) & set(raw.broken["row"].to_pylist())
    read_long_table(raw, SOURCE)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_a_sentence(reason: str) -> None:
    """A code is explained where it is printed."""
    assert REASONS[reason].endswith(".")
