"""`serloop votes` takes what people said from a file, and says what it could not take."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import queries

OK, FAILED = 0, 1


@pytest.fixture
def serloop(ingested: Settings, monkeypatch: pytest.MonkeyPatch):
    """Return the command line of a warehouse with the synthetic corpus."""
    monkeypatch.setenv("SERLOOP_HOME", str(ingested.home))
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", ingested.catalog)
    monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", ingested.data_path)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


def test_refused_rows_end_with_1_unless_they_are_allowed(serloop, tmp_path: Path) -> None:
    """The good rows are in the ledger either way, and the table says what was refused."""
    path = tmp_path / "votes.csv"
    path.write_text("task,worker,label,age\nx,kim,anger,30\n", encoding="utf-8")
    command = ("votes", "table", path, "--corpus", "synthetic")
    shown = serloop(*command)
    assert shown.exit_code == FAILED
    assert "1 unknown_clip_id" in shown.stdout
    assert "row 1: unknown_clip_id: `synthetic/x` is none of the known clips" in shown.stderr
    allowed = serloop(*command, "--allow-rejects", "--json")
    assert allowed.exit_code == OK
    (row,) = json.loads(allowed.stdout)
    assert (row["shape"], row["quarantined"], row["ignored"]) == ("long", 1, "age")


def test_options_of_a_wide_table_reach_the_reader(
    serloop, ingested: Settings, tmp_path: Path
) -> None:
    """Columns, what they hold and what was perceived are told on the command line."""
    with open_store(ingested) as store:
        clip_id = queries.select_clips(store)["clip_id"][0]
    path = tmp_path / "votes.csv"
    path.write_text(f"clip_id,kim,bo,age\n{clip_id},3,4,30\n", encoding="utf-8")
    result = serloop(
        "votes", "table", path, "--columns", "kim, bo", "--holds", "valence", "--shape",
        "annotators", "--modality", "video", "--json",
    )  # fmt: skip
    (row,) = json.loads(result.stdout)
    assert (result.exit_code, row["votes"], row["ignored"]) == (OK, 2, "age")
    with open_store(ingested) as store:
        votes = queries.select_effective_votes(store, modality="video")
    assert sorted(votes["valence"].to_pylist()) == [3.0, 4.0]


def test_an_unknown_shape_ends_with_1(serloop, tmp_path: Path) -> None:
    """One line on standard error names the shapes there are."""
    result = serloop("votes", "table", tmp_path / "votes.csv", "--shape", "broad")
    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert "`shape` must be one of long, annotators" in result.stderr
