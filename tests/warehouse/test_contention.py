"""A lost race is run again; anything else is not."""

import duckdb
import pytest

from warehouse import ContentionError
from warehouse.contention import repeat_on_contention


def test_lost_races_are_repeated() -> None:
    """The transaction runs until it wins, and its result is returned."""
    outcomes = iter([duckdb.Error("database is locked"), duckdb.Error("database is locked"), 7])

    def attempt() -> int:
        outcome = next(outcomes)
        if isinstance(outcome, duckdb.Error):
            raise outcome
        return outcome

    assert repeat_on_contention(attempt, patience_s=10) == 7


def test_patience_ends() -> None:
    """A catalog that stays busy gives an error with the remedy."""

    def attempt() -> None:
        raise duckdb.Error("database is locked")

    with pytest.raises(ContentionError, match=r"busy for 0\.1 s; nothing was written"):
        repeat_on_contention(attempt, patience_s=0.1)


def test_other_errors_pass() -> None:
    """An error that repeating cannot cure is raised at once."""

    def attempt() -> None:
        raise duckdb.Error("no such column")

    with pytest.raises(duckdb.Error, match="no such column"):
        repeat_on_contention(attempt, patience_s=10)
