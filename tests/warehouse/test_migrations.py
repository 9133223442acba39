"""Migrations are ordered, recorded, transactional and re-runnable."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from warehouse import MigrationError, Warehouse, open_warehouse, queries
from warehouse.connection import connect
from warehouse.migrations import list_applied, migrate
from warehouse.statements import list_statements, load_statement
from warehouse.storage import normalise_data_path
from warehouse.testing import make_rows

_SHIPPED = {name: load_statement("migrations", name) for name in list_statements("migrations")}


def _tables(warehouse: Warehouse) -> set[str]:
    rows = warehouse._connection.execute("SHOW TABLES").fetchall()
    return {name for (name,) in rows}


def test_new_lake_has_seen_all(empty: Warehouse) -> None:
    """Opening a new lake applies every migration, and applying them again does nothing."""
    assert list_applied(empty._connection) == set(_SHIPPED)
    before = empty.snapshot
    assert migrate(empty._connection) == []
    assert empty.snapshot == before


def test_new_lake_is_made_at_once(empty: Warehouse) -> None:
    """All migrations of a new lake are one snapshot, so that none is left half made."""
    assert empty.snapshot == 1


def test_pending_ones_are_applied_in_order(empty: Warehouse) -> None:
    """Only new migrations run, sorted by name, each as one snapshot."""
    later = {
        "9002_b": "INSERT INTO moods VALUES ('calm')",
        "9001_a": "CREATE TABLE moods (name VARCHAR); CREATE TABLE tones (name VARCHAR)",
    }
    before = empty.snapshot
    assert migrate(empty._connection, _SHIPPED | later) == ["9001_a", "9002_b"]
    assert empty.snapshot == before + 2
    assert {"moods", "tones"} <= _tables(empty)


def test_failure_leaves_it_pending(empty: Warehouse) -> None:
    """A migration that fails half-way leaves no trace, and succeeds once repaired."""
    broken = {"9001_a": "CREATE TABLE moods (name VARCHAR); SELECT * FROM missing_table"}
    with pytest.raises(MigrationError, match=r"`9001_a` failed and stays pending.*missing_table"):
        migrate(empty._connection, _SHIPPED | broken)
    assert "moods" not in _tables(empty)
    repaired = {"9001_a": "CREATE TABLE moods (name VARCHAR)"}
    assert migrate(empty._connection, _SHIPPED | repaired) == ["9001_a"]


def test_earlier_ones_survive_a_later_failure(empty: Warehouse) -> None:
    """What was applied before the failing migration stays applied."""
    later = {"9001_a": "CREATE TABLE moods (name VARCHAR)", "9002_b": "SELECT 1 / 'x'"}
    with pytest.raises(MigrationError, match="`9002_b` failed"):
        migrate(empty._connection, _SHIPPED | later)
    assert "9001_a" in list_applied(empty._connection)


@contextmanager
def lake_before(migration: str, place: tuple[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Make a lake as it was before a migration."""
    older = {name: script for name, script in _SHIPPED.items() if name < migration}
    connection = connect(place[0], normalise_data_path(place[1], None))
    migrate(connection, older)
    yield connection
    connection.close()


def test_consensus_of_an_older_lake_says_nothing_of_gain(tmp_path: Path) -> None:
    """The columns that runs have since are null in what was concluded before."""
    place = f"{tmp_path}/catalog.sqlite", f"{tmp_path}/data"
    with lake_before("0009", place) as connection:
        connection.execute(
            "INSERT INTO consensus VALUES ('run', 'toy/1', 'audio', [1.0], 'calm', false, 0.0, 3)"
        )
        connection.execute(
            "INSERT INTO consensus_runs VALUES"
            " ('run', 'majority', 'toy-1', ['calm'], 'audio', NULL, 1, '{}', 0, true)"
        )
    with open_warehouse(*place) as warehouse:
        (row,) = queries.select_consensus(warehouse, "run").to_pylist()
        (run,) = queries.select_consensus_runs(warehouse).to_pylist()
    assert (row["votes"], row["expected_gain"], row["ambiguity"], row["ignorance"]) == (
        3, None, None, None,
    )  # fmt: skip
    assert run["mapping"] is None


def test_figures_of_an_older_lake_are_in_the_taxonomy_of_their_model(tmp_path: Path) -> None:
    """What was judged before its taxonomy was recorded is in the classes its model predicts."""
    place = f"{tmp_path}/catalog.sqlite", f"{tmp_path}/data"
    with lake_before("0010", place) as connection:
        connection.execute(
            "INSERT INTO models VALUES ('m', NULL, NULL, NULL, 'candidate', 1, '{}', '-', 0, '1',"
            " 'toy-2', ['calm', 'joy'], 'mel', 'intended', 4, '{}', 'm.safetensors', '-')"
        )
        connection.execute(
            "INSERT INTO evaluations SELECT name, name, 'test', 4, ['ann'], 0.5, 0.5, 0.4, 0.6,"
            " [1, 1, 1, 1], ['calm', 'joy'] FROM (VALUES ('m'), ('gone')) AS judged(name)"
        )
    with open_warehouse(*place) as warehouse:
        gone, judged = queries.select_evaluations(warehouse).to_pylist()
        (model,) = queries.select_models(warehouse).to_pylist()
    assert (judged["taxonomy"], judged["mapping"], model["mapping"]) == ("toy-2", None, None)
    assert gone["taxonomy"] is None


def test_an_older_evaluation_names_its_truth(tmp_path: Path) -> None:
    """The name of an evaluation said by which labels it judged; an odd name says nothing."""
    place = f"{tmp_path}/catalog.sqlite", f"{tmp_path}/data"
    with lake_before("0011", place) as connection:
        connection.execute(
            "INSERT INTO evaluations SELECT name, 'm', 'test', 4, ['ann'], 0.5, 0.5, 0.4, 0.6,"
            " [1, 1, 1, 1], ['calm', 'joy'], NULL, NULL"
            " FROM (VALUES ('m/test/run-1'), ('odd')) AS judged(name)"
        )
    with open_warehouse(*place) as warehouse:
        rows = queries.select_evaluations(warehouse).to_pylist()
        assert queries.select_metrics(warehouse).num_rows == 0
    assert [(row["truth"], row["corpus"], row["snapshot"]) for row in rows] == [
        ("run-1", None, None),
        (None, None, None),
    ]


def test_the_past_of_an_upgraded_lake_can_be_read(tmp_path: Path) -> None:
    """Tables that came later are empty in it, and columns that came later unknown."""
    place = f"{tmp_path}/catalog.sqlite", f"{tmp_path}/data"
    with lake_before("0007", place) as connection:
        connection.execute(
            "INSERT INTO consensus VALUES ('run', 'toy/1', 'audio', [1.0], 'calm', false, 0.0, 3)"
        )
    with open_warehouse(*place) as warehouse:
        assert warehouse.snapshot > 2
    with open_warehouse(*place, snapshot=2) as past:
        (row,) = queries.select_consensus(past, "run").to_pylist()
        counts = queries.count_rows(past)
    assert (row["label"], row["expected_gain"]) == ("calm", None)
    assert (counts["consensus"], counts["quarantine"], counts["sources"]) == (1, 0, 0)


def test_clips_of_an_older_lake_tell_their_intensity_by_name(tmp_path: Path) -> None:
    """RAVDESS and CREMA-D say in a file's name how strongly it was acted; others do not."""
    place = f"{tmp_path}/catalog.sqlite", f"{tmp_path}/data"
    with lake_before("0013", place) as connection:
        names = {
            "ravdess": "03-01-06-02-02-01-12",
            "crema-d": "1001_IEO_HAP_LO",
            "calls": "03-01-06-02-02-01-12",
        }
        given = make_rows(
            "clips", corpus=list(names), native_id=list(names.values()), clip_id=list(names)
        )
        connection.register("given", given.drop_columns(["intensity", "age"]))
        connection.execute("INSERT INTO clips BY NAME SELECT * FROM given")
    with open_warehouse(*place) as warehouse:
        clips = queries.select_clips(warehouse)
    found = dict(zip(clips["corpus"].to_pylist(), clips["intensity"].to_pylist(), strict=True))
    assert found == {"calls": None, "crema-d": "low", "ravdess": "strong"}
