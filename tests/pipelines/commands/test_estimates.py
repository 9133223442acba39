"""`serloop estimates` shows people and programs what the pool is like."""

import json

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from tests.pipelines.asked_pool import POOL, write_campaign

OK, FAILED = 0, 1


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory):
    """Return the home of a campaign; for reading only."""
    return write_campaign(tmp_path_factory.mktemp("asked")).home


@pytest.fixture
def serloop(home):
    """Return the verb on that campaign's warehouse."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["estimates", *arguments, "--home", str(home)])

    return run


def test_a_person_gets_a_table_and_a_sentence(serloop) -> None:
    """The ways to estimate stand side by side, with intervals."""
    shown = serloop("demo", "--by-speaker")
    assert shown.exit_code == OK
    assert "class_share calm" in shown.stdout
    assert "corrected interval" in shown.stdout
    assert f"in a pool of {len(POOL)}; 95% intervals are about speakers" in shown.stdout


def test_a_program_gets_everything(serloop) -> None:
    """One JSON document, with the round and the method that were asked for."""
    shown = serloop("demo", "--round", "1", "--method", "majority", "--json")
    document = json.loads(shown.stdout)
    assert (document["round"], document["aggregator"]) == (1, "majority")
    assert {row["method"] for row in document["estimates"]} == {
        "naive",
        "corrected",
        "random",
        "assisted",
    }


def test_an_unknown_campaign_ends_with_1(serloop) -> None:
    """The error is one line that lists the campaigns there are."""
    result = serloop("nowhere", "--json")
    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert "no campaign `nowhere` (there: `demo`)" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
