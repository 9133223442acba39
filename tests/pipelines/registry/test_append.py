"""Changes of a line are numbered, and of two writers at once one decides anew."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pipelines.errors import PipelineError
from pipelines.registry.append import Change, append_change
from pipelines.registry.states import Line, read_line
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.registry.lines_of_models import changes, history
from warehouse import queries
from warehouse.testing import make_rows


def crown(name: str) -> Change:
    """Return the change that makes a model champion."""
    return Change("promoted", name, name, None, "ann", "why not")


def test_changes_are_numbered(settings: Settings) -> None:
    """Each is one row, after those before it, with who and why."""
    with open_store(settings) as store:
        for name in ("a", "b"):
            append_change(store, "calls", lambda _, name=name: crown(name))
    found = history(settings)
    assert [(of.number, of.champion_id, of.actor, of.reason) for of in found] == [
        (0, "a", "ann", "why not"),
        (1, "b", "ann", "why not"),
    ]


def test_nothing_to_do_writes_nothing(settings: Settings) -> None:
    """Not even the rows that were to come with it."""
    with open_store(settings) as store:
        before = store.snapshot
        rows = {"gates": make_rows("gates", gate_id=["g"])}
        assert append_change(store, "calls", lambda _: None, rows) is None
        assert store.snapshot == before


def test_rows_come_with_the_change(settings: Settings) -> None:
    """Both are visible from one snapshot on."""
    with open_store(settings) as store:
        before = store.snapshot
        rows = {"gates": make_rows("gates", gate_id=["g"])}
        append_change(store, "calls", lambda _: crown("a"), rows)
        assert store.snapshot == before + 1
        assert queries.select_gates(store)["gate_id"].to_pylist() == ["g"]
        assert read_line(store, "calls").champion == "a"


def test_who_loses_a_race_decides_anew(settings: Settings) -> None:
    """The line is read again, and what is decided then is written after what came first."""
    seen: list[str | None] = []

    def decide(line: Line) -> Change:
        if not seen:
            with open_store(settings) as other:
                append_change(other, "calls", lambda _: crown("faster"))
        seen.append(line.champion)
        return crown("slower")

    with open_store(settings) as store:
        append_change(store, "calls", decide)
    assert seen == [None, "faster"]
    assert [champion for _, _, champion in changes(settings)] == ["faster", "slower"]


def test_whoever_always_loses_is_told(settings: Settings) -> None:
    """After twenty lost races nothing of ours was written, and the message says so."""

    def decide(line: Line) -> Change:
        with open_store(settings) as other:
            append_change(other, "calls", lambda _: crown("faster"))
        return crown(f"slower-{len(line.transitions)}")

    with (
        open_store(settings) as store,
        pytest.raises(PipelineError, match="`calls` was changed 20 times by others"),
    ):
        append_change(store, "calls", decide)
    assert {model for _, model, _ in changes(settings)} == {"faster"}


def test_many_writers_lose_no_change(settings: Settings) -> None:
    """Eight threads with a connection of their own write eight changes, numbered 0 to 7."""
    with open_store(settings):
        pass

    def write(number: int) -> Mapping[str, Any] | None:
        with open_store(settings) as store:
            made = append_change(store, "calls", lambda _: crown(f"m{number}"))
            return None if made is None else {"number": made.number}

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(write, range(8)))
    assert sorted(of["number"] for of in made if of) == list(range(8))
    assert {model for _, model, _ in changes(settings)} == {f"m{number}" for number in range(8)}
