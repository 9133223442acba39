"""Cells of any type become text, numbers and times, or are told apart from them."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from annotation.imports.cells import MISSING, read_numbers, read_text, read_times, read_values


@pytest.mark.parametrize("word", MISSING)
def test_the_words_for_nothing_are_nothing(word: str) -> None:
    """R, pandas and people write a missing value each in their way."""
    cells = pa.array([f" {word} "])
    assert read_values(cells, "x").to_pylist() == [None]
    values, is_wrong = read_numbers(cells, "x")
    assert (values.to_pylist(), is_wrong.tolist()) == ([None], [False])


def test_names_keep_the_words_for_nothing() -> None:
    """An annotator may have the initials NA."""
    assert read_text(pa.array(["NA", " "]), "annotator").to_pylist() == ["NA", None]


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (pa.array(["1", " -2.5 ", "+.5", "1e3", "2."]), [1.0, -2.5, 0.5, 1000.0, 2.0]),
        (pa.array([1, None], pa.int8()), [1.0, None]),
        (pa.array([1.5, float("nan")], pa.float32()), [1.5, None]),
        (pa.array(["7"]).dictionary_encode(), [7.0]),
        (pa.chunked_array([["1"], [], ["2"]]), [1.0, 2.0]),
        (pa.nulls(2), [None, None]),
    ],
    ids=["text", "integers", "floats", "categories", "chunks", "nulls"],
)
def test_numbers_are_read_from_every_type(cells, numbers) -> None:
    """A table's type is no part of what it says."""
    values, is_wrong = read_numbers(cells, "x")
    assert values.to_pylist() == numbers
    assert not is_wrong.any()


def test_times_are_read_from_every_type() -> None:
    """Dates are midnights, and what overflows the calendar is no time."""
    midnight = datetime(2026, 1, 2, tzinfo=UTC)
    for cells in (pa.array([date(2026, 1, 2)]), pa.array(["2026-01-02", "2026-01-02"])):
        values, _ = read_times(cells, "cast_at")
        assert values[0].as_py() == midnight
    values, is_wrong = read_times(pa.array(["0001-01-01T00:00:00+14:00", None]), "cast_at")
    assert (values.to_pylist(), is_wrong.tolist()) == ([None, None], [True, False])
