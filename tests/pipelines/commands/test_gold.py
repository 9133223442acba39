"""`serloop gold` on the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.settings import Settings
from tests.pipelines.publishing.online import ask, clip_ids

OK, FAILED = 0, 1


@pytest.fixture
def asked(ingested: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return a campaign of three clips, set in the environment."""
    ask(ingested, 0, *((at, "seed", None, 1) for at in range(3)))
    monkeypatch.setenv("SERLOOP_HOME", str(ingested.home))
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", str(ingested.warehouse.catalog))
    monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", str(ingested.warehouse.data_path))
    return ingested


def serloop(*arguments: object) -> Result:
    """Run the verb."""
    return CliRunner().invoke(app, ["gold", *(str(argument) for argument in arguments)])


@pytest.mark.usefixtures("asked")
def test_gold_is_drawn_and_listed() -> None:
    """What was drawn is what is listed after, as JSON, too."""
    drawn = serloop("synthetic", "--count", 3)
    assert (drawn.exit_code, drawn.stderr.strip()) == (OK, "3 clips, 3 of them new")
    listed = serloop("synthetic", "--json")
    rows = json.loads(listed.stdout)
    assert [sorted(row) for row in rows] == [["clip_id", "label", "origin", "taxonomy"]] * 3
    assert all(row["clip_id"] in drawn.stdout for row in rows)


def test_a_file_that_is_wrong_is_named(asked: Settings, tmp_path: Path) -> None:
    """It ends with 1 and the line that cannot be gold."""
    path = tmp_path / "gold.csv"
    path.write_text(f"clip_id,label\n{clip_ids(asked)[0]},anger\n")
    refused = serloop("synthetic", "--file", path)
    assert refused.exit_code == FAILED
    assert "line 2" in refused.stderr
    assert "is asked about by a round" in refused.stderr
    assert json.loads(serloop("synthetic", "--json").stdout) == []


@pytest.mark.usefixtures("asked")
def test_an_unknown_campaign_is_named() -> None:
    """It ends with 1 and says how a campaign begins."""
    refused = serloop("nobody", "--count", 3)
    assert refused.exit_code == FAILED
    assert "campaign `nobody` has no round yet" in refused.stderr
