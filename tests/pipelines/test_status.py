"""Status says what the warehouse holds, without secrets."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.settings import Settings
from pipelines.status import read_status
from pipelines.workspace import open_store
from warehouse import WarehouseError
from warehouse.testing import make_rows


@pytest.fixture(scope="module")
def status(campaign_once):
    """Read the status of a warehouse after one campaign."""
    return read_status(campaign_once.settings)


def test_corpora_are_counted(status) -> None:
    """Clips, speakers, hours and votes of each corpus."""
    (row,) = status.rows()
    assert (row["corpus"], row["clips"], row["speakers"], row["rejects"]) == ("synthetic", 36, 6, 0)
    assert 0 < row["hours"] < 0.1
    assert row["votes"] > 0


def test_votes_are_told_apart_by_source(status) -> None:
    """Simulated votes are a row of their own."""
    (row,) = status.votes
    assert (row["source"], row["modality"], row["taxonomy"]) == (
        "simulated",
        "audio",
        "synthetic-6",
    )
    assert row["votes"] == status.rows()[0]["votes"] > row["clips"]


def test_models_have_their_uar_and_rounds_their_model(campaign_once, status) -> None:
    """Each model is listed with what it scored on the test speakers."""
    uars = {point.model_id: point.uar for point in campaign_once.result.curve}
    assert {row["model_id"]: row["uar"] for row in status.models} == uars
    assert [row["round_id"] for row in status.rounds] == ["synthetic-000", "synthetic-001"]


def test_a_finished_campaign_passes_every_check(status) -> None:
    """The loop leaves no row that contradicts another."""
    assert status.failed_checks == ()


def test_failed_checks_say_why(settings: Settings) -> None:
    """A row that contradicts others is counted under the check's reason."""
    with open_store(settings) as store:
        store.commit({"clips": make_rows("clips", clip_id=["x/a"], corpus=["x"])}, message="clip")
    names = {failed["check"]: failed["rows"] for failed in read_status(settings).failed_checks}
    assert names["clip_of_unknown_corpus"] == 1


def test_an_empty_warehouse_is_empty(settings: Settings) -> None:
    """Nothing is no error."""
    with open_store(settings) as store:
        snapshot = store.snapshot
    status = read_status(settings)
    assert (status.corpora, status.models, status.failed_checks) == ((), (), ())
    assert status.snapshot == snapshot


@pytest.mark.parametrize("is_json", [False, True], ids=["person", "program"])
def test_where_no_warehouse_is_none_is_made(tmp_path: Path, is_json: bool) -> None:
    """A look changes nothing: a person reads how to begin, a program gets a status without rows."""
    home = tmp_path / "home"
    command = ["status", "--home", str(home)] + ["--json"] * is_json
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0
    if is_json:
        found = json.loads(result.stdout)
        assert Path(found.pop("catalog")).is_relative_to(home)
        assert found.pop("snapshot") is None
        assert list(found.values()) == [[]] * 5
    else:
        (line,) = result.stdout.splitlines()
        assert "no warehouse at" in line
        assert "`serloop ingest CORPUS FOLDER`" in line
    assert not home.exists()


def test_where_no_warehouse_is_there_is_no_past(settings: Settings) -> None:
    """Who asks for a snapshot of nothing is told so, and nothing is made."""
    with pytest.raises(WarehouseError, match="no past"):
        read_status(settings, snapshot=7)
    assert not settings.home.exists()
