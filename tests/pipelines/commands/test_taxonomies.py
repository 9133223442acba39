"""`serloop taxonomies` lists mappings, shows one, and says what is wrong in one line."""

import json

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.settings import Settings

OK, FAILED = 0, 1


@pytest.fixture
def serloop(ingested_once: Settings, monkeypatch: pytest.MonkeyPatch):
    """Return the command line of a warehouse with the synthetic corpus, for reading only."""
    monkeypatch.setenv("SERLOOP_HOME", str(ingested_once.home))
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", ingested_once.catalog)
    monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", ingested_once.data_path)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, ["taxonomies", *map(str, arguments)])

    return run


def test_the_list_names_mappings_and_corpora(serloop) -> None:
    """For people as two tables, for programs as one record."""
    shown = serloop()
    assert shown.exit_code == OK
    assert "iemocap-10.emotion-4.v1." in shown.stdout
    assert "synthetic-6" in shown.stdout.partition("in the warehouse")[2]
    found = json.loads(serloop("--json").stdout)
    assert [row["corpus"] for row in found["corpora"]] == ["synthetic"]
    only = json.loads(serloop("urdu-4", "--json").stdout)
    assert {row["source"] for row in only["mappings"]} == {"urdu-4"}


def test_a_mapping_is_shown_with_what_is_lost(serloop, tmp_path) -> None:
    """Source and target may come from a file, and are counted where the warehouse knows them."""
    path = tmp_path / "one.toml"
    path.write_text(
        'source = "synthetic-6"\ntarget = "calm-1"\nversion = 1\nclasses = ["calm"]\n'
        'drop = ["anger", "disgust", "fear", "happiness"]\n'
        'map = {neutral = "calm", sadness = "calm"}\n',
        encoding="utf-8",
    )
    shown = serloop(path)
    assert shown.exit_code == OK
    assert "synthetic-6.calm-1.v1." in shown.stdout
    assert "neutral and sadness become calm" in shown.stdout
    found = json.loads(serloop("synthetic-6", path, "--json").stdout)
    (clips,) = found["counted"]
    assert (clips["of"], clips["all"], clips["dropped"], clips["merged"]) == ("clips", 36, 24, 12)
    assert {row["label"]: row["becomes"] for row in found["rules"]}["anger"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mine-3",), "no taxonomy `mine-3` is known"),
        (("urdu-4", "emo"), "no mapping from `urdu-4` to `emo`"),
        (("gone.toml",), "the mapping `gone.toml` cannot be read"),
    ],
    ids=["source", "target", "file"],
)
def test_what_is_not_there_ends_with_1(serloop, arguments, message: str) -> None:
    """The error is one line that says what there is."""
    result = serloop(*arguments)
    assert result.exit_code == FAILED
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
