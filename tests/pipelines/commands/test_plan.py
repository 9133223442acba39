"""`serloop plan` on the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app

OK, FAILED, USAGE = 0, 1, 2


def serloop(*arguments: object) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, ["plan", *(str(argument) for argument in arguments)])


@pytest.fixture
def curve(tmp_path: Path) -> Path:
    """Return a simulation's curve."""
    path = tmp_path / "curve.csv"
    points = ["10,.4,.35,.45", "20,.5,.45,.55", "40,.57,.52,.62", "80,.61,.56,.66"]
    rows = [f"{3 * int(p.split(',')[0])},{p.split(',')[0]},3,{p.split(',', 1)[1]}" for p in points]
    path.write_text("\n".join(["votes,clips,votes_per_clip,uar,low,high", *rows]) + "\n")
    return path


def test_a_table_and_a_sentence(curve: Path) -> None:
    """A person reads a row per votes on a clip, and what to buy."""
    shown = serloop("--from", curve, "--budget-votes", 600, "--annotators", 3, "--target", 0.55)
    assert shown.exit_code == OK
    assert "votes per clip" in shown.stdout
    assert "ask about " in shown.stdout


def test_json_for_programs(curve: Path) -> None:
    """The document holds the rows and the recommended one."""
    shown = serloop("--from", curve, "--budget-hours", 2, "--seconds-per-vote", 9, "--json")
    document = json.loads(shown.stdout)
    assert document["rows"][2]["clips"] == 266
    assert 0 <= document["recommended"] < 5
    assert document["budget"]["votes"] == 800


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], FAILED, "name a campaign"),
        (["nix", "--budget-votes", "5"], FAILED, "no learning curve yet"),
        (["nix", "--budget-votes", "0"], USAGE, "--budget-votes"),
        (["--from", "none.csv", "--budget-votes", "5"], FAILED, "cannot be read"),
    ],
)
def test_what_cannot_be_planned_ends_in_one_line(
    arguments: list[str], code: int, message: str
) -> None:
    """On standard error, with the exit code of its kind."""
    shown = serloop(*arguments)
    assert (shown.exit_code, shown.stdout) == (code, "")
    assert message in shown.stderr


def test_money_needs_a_rate(curve: Path) -> None:
    """Money buys nothing without the price of an hour."""
    shown = serloop("--from", curve, "--budget-money", 10)
    assert shown.exit_code == FAILED
    assert "hourly_rate" in shown.stderr
