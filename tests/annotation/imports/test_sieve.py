"""Each row keeps the first reason it was refused for."""

import numpy as np
import pyarrow as pa
import pytest

from annotation.imports.sieve import Sieve

ROWS = np.array([4, 7, 9])


def test_the_first_reason_stays() -> None:
    """A row is quarantined once, whatever else is wrong with it."""
    sieve = Sieve.over("demo", ROWS)
    sieve.refuse("bad_count", np.array([False, True, True]), ["is ", pa.array(["a", "b", None])])
    sieve.refuse("bad_number", np.array([True, True, False]), ["x"])
    found = sieve.quarantine({"clip_id": pa.array(["p", "q", "r"])})
    assert found.select(["row", "clip_id", "reason", "detail"]).to_pylist() == [
        {"row": 4, "clip_id": "p", "reason": "bad_number", "detail": "x"},
        {"row": 7, "clip_id": "q", "reason": "bad_count", "detail": "is b"},
        {"row": 9, "clip_id": "r", "reason": "bad_count", "detail": "is nothing"},
    ]


def test_only_votes_are_noted() -> None:
    """What was set aside of a refused row interests nobody."""
    sieve = Sieve.over("demo", ROWS)
    sieve.note("bad_time", np.array([True, True, False]), ["x"])
    notes = sieve.notes(pa.array(["v1", None, "v3"]))
    assert notes.select(["row", "vote_id"]).to_pylist() == [{"row": 4, "vote_id": "v1"}]


def test_an_undocumented_reason_is_a_mistake_of_ours() -> None:
    """Every code a user may meet is explained in one place."""
    with pytest.raises(KeyError, match="no reason of `REASONS`"):
        Sieve.over("demo", ROWS).refuse("odd", np.array([True, False, False]), ["x"])
