"""Rows fit their table or the message says why not."""

import pyarrow as pa
import pytest

from warehouse import KeyConflictError, SchemaError, find_table
from warehouse.rows import fit_rows
from warehouse.testing import make_rows

CLIPS = find_table("clips")
VOTES = find_table("votes")


def _votes_with(name: str, values: pa.Array) -> pa.Table:
    rows = make_rows("votes", vote_id=["a", "b"])
    return rows.set_column(rows.schema.get_field_index(name), name, values)


def test_column_order_is_free() -> None:
    """Columns are put in the table's order."""
    rows = make_rows("votes", vote_id=["a"])
    assert fit_rows(VOTES, rows.select(rows.column_names[::-1])).schema == VOTES.schema


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("count", pa.array([1, 2], pa.int64())),
        ("label", pa.array(["x", "y"]).dictionary_encode()),
        ("label", pa.array(["x", "y"], pa.large_string())),
        ("label", pa.nulls(2)),
        ("arousal", pa.array([1, 2])),
        ("cast_at", pa.array([0, 1], pa.timestamp("s", "Europe/Berlin"))),
    ],
    ids=["wider integer", "dictionary", "large string", "null", "whole number", "other zone"],
)
def test_lossless_types_are_converted(name: str, values: pa.Array) -> None:
    """A type that holds the same values is taken."""
    assert fit_rows(VOTES, _votes_with(name, values)).schema == VOTES.schema


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (make_rows("votes", vote_id=["a"]).drop_columns(["label"]), "`votes` lack column `label`"),
        (
            make_rows("votes", vote_id=["a"]).append_column("mood", pa.array(["x"])),
            "`votes` has no column `mood`; drop it",
        ),
        (
            make_rows("votes", vote_id=["a"]).append_column("label", pa.array(["x"])),
            "name a column twice",
        ),
        (
            _votes_with("count", pa.array(["1", "2"])),
            "`count` of `votes` must be `int32`, got `string`; convert it",
        ),
        (
            _votes_with("count", pa.array([1, 2**40])),
            "`count` of `votes` must be `int32`: .* not in range",
        ),
        (_votes_with("vote_id", pa.array(["a", None])), "`vote_id` of `votes` must not be null"),
        (
            _votes_with("cast_at", pa.array([0, 1], pa.timestamp("us"))),
            r"`cast_at` of `votes` must be `timestamp\[us, tz=UTC\]`",
        ),
    ],
    ids=["missing", "extra", "twice", "wrong type", "overflow", "null key", "no time zone"],
)
def test_misfits_are_named(rows: pa.Table, message: str) -> None:
    """The message names table, column and what was expected."""
    with pytest.raises(SchemaError, match=message):
        fit_rows(VOTES, rows)


def test_equal_rows_collapse() -> None:
    """A row given twice counts once, NaN included, and the first place is kept."""
    rows = make_rows("clips", clip_id=["b", "a", "b"], snr_db=[float("nan"), 1.0, float("nan")])
    assert fit_rows(CLIPS, rows).column("clip_id").to_pylist() == ["b", "a"]


def test_conflicting_rows_are_refused() -> None:
    """Two contents under one key are refused with the key."""
    rows = make_rows("clips", clip_id=["a", "a"], native_id=["x", "y"])
    with pytest.raises(KeyConflictError, match=r"rows 0 and 1 .*`clip_id` = 'a', `revision` = 1"):
        fit_rows(CLIPS, rows)
