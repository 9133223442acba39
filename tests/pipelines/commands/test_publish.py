"""`serloop publish` and `serloop anchoring` on the command line."""

import json

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.label_studio.identity import read_login
from pipelines.label_studio.places import find_places, own_url
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.publishing.online import ask
from warehouse.testing import make_rows

OK, FAILED = 0, 1


@pytest.fixture
def asked(ingested: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return a campaign of three clips, set in the environment."""
    ask(ingested, 0, *((at, "seed", None, 1) for at in range(3)))
    monkeypatch.setenv("SERLOOP_HOME", str(ingested.home))
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", str(ingested.warehouse.catalog))
    monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", str(ingested.warehouse.data_path))
    return ingested


def serloop(*arguments: str) -> Result:
    """Run a verb."""
    return CliRunner().invoke(app, arguments)


@pytest.mark.usefixtures("asked")
def test_without_a_server_it_says_how_to_have_one() -> None:
    """It ends with 1 and one line."""
    refused = serloop("publish", "synthetic")
    assert refused.exit_code == FAILED
    assert "run `serloop label-studio up`" in refused.stderr


def test_a_trial_without_votes_has_no_number(asked: Settings) -> None:
    """The table is there, its numbers are not invented."""
    trial = {
        "projects": make_rows("projects", project=["p"], campaign=["synthetic"]),
        "tasks": make_rows("tasks", project=["p"], predicted=["anger"]),
    }
    with open_store(asked) as store:
        store.commit(trial, message="a trial")
    found = serloop("anchoring", "synthetic", "--json")
    assert found.exit_code == OK
    rows = json.loads(found.stdout)
    assert [row["prediction"] for row in rows] == ["shown", "hidden", "difference"]
    assert {row["agreement"] for row in rows} == {None}


@pytest.mark.usefixtures("asked")
def test_without_a_trial_it_says_how_to_have_one() -> None:
    """It ends with 1 and names the setting."""
    refused = serloop("anchoring", "synthetic")
    assert refused.exit_code == FAILED
    assert "SERLOOP_LABELLING__SHOWN_SHARE" in refused.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("asked")
def test_what_was_sent_is_told(label_studio: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table holds the counts and the address of the project; again, nothing is sent."""
    login = read_login(find_places(label_studio).login)
    assert login is not None
    place = {
        "URL": own_url(label_studio),
        "TOKEN": login.token,
        "AUDIO_FOLDER": str(find_places(label_studio).files),
        "AUDIO_URL": "/data/local-files/?d=",
    }
    for name, value in place.items():
        monkeypatch.setenv(f"SERLOOP_LABEL_STUDIO__{name}", value)
    first = serloop("publish", "synthetic", "--json")
    assert first.exit_code == OK, first.stderr
    (row,) = json.loads(first.stdout)
    assert (row["sent"], row["there"], row["waiting"]) == (3, 0, 3)
    assert row["url"] == f"{place['URL']}/projects/{row['project']}/"
    (again,) = json.loads(serloop("publish", "synthetic", "--json").stdout)
    assert (again["sent"], again["there"], again["project"]) == (0, 3, row["project"])
    other = serloop("publish", "synthetic", "--new-project", "--json")
    assert json.loads(other.stdout)[0]["project"] != row["project"]
