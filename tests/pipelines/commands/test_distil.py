"""`serloop distil` trains a student from the command line and prints its size."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from tests.pipelines.places import Trained, borrow

OK, FAILED, USAGE = 0, 1, 2


@pytest.fixture
def serloop(trained_once: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return the verb on a warehouse with a teacher."""
    settings = borrow(trained_once.settings, tmp_path / "home")
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", str(settings.warehouse.catalog))
    monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", str(settings.warehouse.data_path))
    monkeypatch.setenv("SERLOOP_TRAINING__UPDATES", "2")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["distil", *arguments, "--home", str(settings.home)])

    return run


def test_a_program_gets_the_student_and_how_much_smaller_it_is(serloop, trained_once) -> None:
    """One row of JSON, with what was asked for."""
    shown = serloop(
        trained_once.model_id, "--student", "tiny", "--speeds", "", "--trust", "0.5", "--json"
    )
    assert shown.exit_code == OK, shown.stderr
    (row,) = json.loads(shown.stdout)
    assert (row["teacher"], row["copies"], row["new"]) == (trained_once.model_id, 0, "yes")
    assert row["times_smaller"] > 3


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("nobody",), FAILED, "no model `nobody`"),
        (("nobody", "--trust", "2"), FAILED, "`trust` must lie in"),
        (("nobody", "--speeds", "fast"), USAGE, "`fast` must be numbers"),
    ],
)
def test_bad_input_ends_in_one_line(serloop, arguments, code, told) -> None:
    """The line names what was wrong."""
    shown = serloop(*arguments)
    assert shown.exit_code == code
    assert told in shown.stderr
