"""The command line: exit codes, tables for people, JSON for programs, errors in one place."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.models import require_model
from pipelines.settings import Settings
from pipelines.workspace import open_store

OK, FAILED, USAGE = 0, 1, 2


def serloop(*arguments: object) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch):
    """Return a function that points the environment to a warehouse."""

    def point(settings: Settings) -> None:
        monkeypatch.setenv("SERLOOP_HOME", str(settings.home))
        monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", settings.catalog)
        monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", settings.data_path)
        monkeypatch.setenv("SERLOOP_COMPUTE__PROCESSES", "1")

    return point


def test_version_is_printed() -> None:
    """`--version` names program and release."""
    result = serloop("--version")
    assert (result.exit_code, result.stdout.split()[0]) == (OK, "serloop")


USAGE_ERRORS = {
    "unknown-verb": (["ingset"], "ingset"),
    "unknown-option": (["status", "--jsn"], "--jsn"),
    "missing-argument": (["ingest", "ravdess"], "ROOT"),
    "wrong-choice": (["train", "ravdess", "--loss", "huber"], "huber"),
    "wrong-number": (["round", "ravdess", "--budget", "0"], "budget"),
}


@pytest.mark.parametrize(("arguments", "offender"), USAGE_ERRORS.values(), ids=USAGE_ERRORS)
def test_wrong_usage_ends_with_2(arguments: list[str], offender: str) -> None:
    """What cannot be understood is named on standard error."""
    result = serloop(*arguments)
    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert offender.lower() in result.stderr.lower()


@pytest.mark.parametrize(
    ("arguments", "offender"),
    [
        (["train", "ravdess", "--epochs", "0"], "`training.epochs`"),
        (["acquire", "ravdess", "--random-share", "2"], "`rounds.random_share`"),
    ],
    ids=["epochs", "share"],
)
def test_an_impossible_option_ends_with_2(arguments: list[str], offender: str) -> None:
    """An option that a setting refuses is wrong usage too, and nothing is created."""
    result = serloop(*arguments)
    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert offender in result.stderr
    assert not Path(".serloop").exists()


def test_a_wrong_setting_ends_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typo in the environment stops every verb, with its name."""
    monkeypatch.setenv("SERLOOP_TRAINING__EPOCH", "3")
    result = serloop("status")
    assert result.exit_code == USAGE
    assert "`SERLOOP_TRAINING__EPOCH`" in result.stderr


def test_an_unknown_corpus_ends_with_1(tmp_path: Path) -> None:
    """The message lists the corpora there are."""
    result = serloop("ingest", "ravdes", tmp_path)
    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert "got 'ravdes'" in result.stderr
    assert "crema-d" in result.stderr


def test_a_wrong_folder_says_what_was_expected_and_found(tmp_path: Path) -> None:
    """The layout that the corpus needs, and what lies there instead."""
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    result = serloop("ingest", "ravdess", tmp_path)
    assert result.exit_code == FAILED
    assert "Expected layout:" in result.stderr
    assert "Found: notes.txt" in result.stderr
    assert "Get it from" in result.stderr


def test_an_error_is_no_traceback(tmp_path: Path) -> None:
    """An expected failure is told in words."""
    result = serloop("ingest", "ravdess", tmp_path / "nowhere")
    assert result.exit_code == FAILED
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr


def failing(*arguments: str) -> tuple[list[str], str]:
    """Split a command line from what its message must contain."""
    *command, offender = arguments
    return command, offender


FAILING_VERBS = {
    "train": failing("train", "nowhere", "`nowhere` has no clips"),
    "evaluate": failing("evaluate", "nobody", "no model `nobody`"),
    "compare": failing("compare", "nobody", "none", "no model `nobody`"),
    "crossvalidate": failing("crossvalidate", "nowhere", "`nowhere` has no clips"),
    "reproduce": failing("reproduce", "nobody", "no model `nobody`"),
    "score": failing("score", "nobody", "no model `nobody`"),
    "acquire": failing("acquire", "nowhere", "`nowhere` has no clips"),
    "aggregate": failing("aggregate", "--corpus", "nowhere", "no labelled votes"),
    "round": failing("round", "nowhere", "`nowhere` has no clips"),
    "report": failing("report", "nowhere", "learned nothing"),
    "votes": failing("votes", "ravdess", "need a folder or a file"),
    "collect": failing(
        "collect", "x.json", "--corpus", "synthetic", "--project", "p", "no export at `x.json`"
    ),
    "demo": failing("demo", "--corpus", "ravdess", "needs its folder"),
    "corpora": failing("corpora", "ravdes", "got 'ravdes'"),
}


@pytest.mark.parametrize(("arguments", "message"), FAILING_VERBS.values(), ids=FAILING_VERBS)
def test_every_verb_fails_with_1_and_one_message(
    at, ingested_once: Settings, arguments: list[str], message: str
) -> None:
    """The message goes to standard error, so that a pipe stays empty."""
    at(ingested_once)
    result = serloop(*arguments, "--json")
    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert message in result.stderr


def test_corpora_are_listed_with_layout_and_licence() -> None:
    """A program gets every corpus with all it needs to fetch it."""
    result = serloop("corpora", "--json")
    rows = {row["corpus"]: row for row in json.loads(result.stdout)}
    assert result.exit_code == OK
    assert {"ravdess", "crema-d", "emodb", "iemocap", "urdu", "manifest", "folder"} <= rows.keys()
    assert all(row["layout"] and row["licence"] for row in rows.values())
    assert "calm" in rows["ravdess"]["classes"]


def test_one_corpus_is_shown_for_a_person() -> None:
    """The table has the facts, and the layout follows."""
    result = serloop("corpora", "emodb")
    assert result.exit_code == OK
    assert "emodb" in result.stdout
    assert "iemocap" not in result.stdout


def test_status_speaks_to_people_and_programs(at, campaign_once) -> None:
    """The same numbers as a table and as JSON."""
    at(campaign_once.settings)
    shown, parsed = serloop("status"), json.loads(serloop("status", "--json").stdout)
    assert shown.exit_code == OK
    assert [row["clips"] for row in parsed["corpora"]] == [36]
    assert all(model["model_id"] in shown.stdout for model in parsed["models"])


def test_status_of_an_empty_place_says_what_to_do(tmp_path: Path) -> None:
    """Who has nothing yet is told where to begin."""
    result = serloop("status", "--home", tmp_path)
    assert result.exit_code == OK
    assert "serloop demo" in result.stdout


def test_options_reach_the_stage(at, ingested: Settings) -> None:
    """What the command line says is in the model's row, together with the environment."""
    at(ingested)
    result = serloop(
        "train", "synthetic", "--epochs", 1, "--loss", "focal", "--seed", 3,
        "--test-speakers", "SYNF02, SYNM05", "--json",
    )  # fmt: skip
    assert result.exit_code == OK
    (row,) = json.loads(result.stdout)
    with open_store(ingested) as store:
        model = require_model(store, row["model_id"])
    assert (model["seed"], model["config"]["training"]["loss"]) == (3, "focal")
    assert model["config"]["test_speakers"] == ["SYNF02", "SYNM05"]


def test_a_round_is_asked_and_waits(at, ingested: Settings, tmp_path: Path) -> None:
    """The verb writes the tasks, says what waits, and refuses to go on without answers."""
    at(ingested)
    tasks = tmp_path / "tasks.json"
    first = serloop("round", "synthetic", "--budget", 3, "--tasks", tasks)
    again = serloop("round", "synthetic")
    assert (first.exit_code, again.exit_code) == (OK, FAILED)
    assert "3 asks wait for an answer" in first.stderr
    assert len(json.loads(tasks.read_text(encoding="utf-8"))) == 3
    assert "has no answer yet" in again.stderr


def test_evaluation_shows_the_confusion_matrix(at, trained) -> None:
    """A person sees who is taken for whom."""
    at(trained.settings)
    result = serloop("evaluate", trained.model_id)
    assert result.exit_code == OK
    header = next(
        line for line in result.stdout.splitlines() if "truth" in line and "anger" in line
    )
    assert "sadness" in header
    assert "most confused: " in result.stdout


def test_evaluation_is_told_whole_to_a_program(at, trained) -> None:
    """Every metric with its interval, beside what a table shows."""
    at(trained.settings)
    (found,) = json.loads(serloop("evaluate", trained.model_id, "--json").stdout)
    uar = next(of for of in found["metrics"] if of["metric"] == "uar")
    assert (uar["value"], found["uar"], found["clips"]) == (found["uar"], uar["value"], 12)


def test_a_model_that_comes_back_is_0_and_one_that_does_not_is_1(at, trained) -> None:
    """A script may rely on the exit code."""
    at(trained.settings)
    result = serloop("reproduce", trained.model_id)
    assert (result.exit_code, "came back" in result.stdout) == (OK, True)
    with open_store(trained.settings) as store:
        store._connection.execute("UPDATE lake.main.evaluations SET uar = 2")
    result = serloop("reproduce", trained.model_id, "--json")
    assert (result.exit_code, json.loads(result.stdout)["is_equal"]) == (FAILED, False)


@pytest.mark.slow
def test_cross_validation_says_what_to_report(at, ingested: Settings) -> None:
    """The folds' table is followed by the one sentence that belongs into a paper."""
    at(ingested)
    result = serloop("crossvalidate", "synthetic", "--folds", 2, "--dev-share", 0)
    assert result.exit_code == OK, result.stderr
    assert "mean UAR of 2 folds" in result.stdout
    assert "over 6 speakers and 36 clips" in result.stdout


def test_two_models_are_compared_in_a_sentence(at, campaign_once) -> None:
    """The verdict follows the tables, and stands in the JSON."""
    at(campaign_once.settings)
    models = [point.model_id for point in campaign_once.result.curve[2:]]
    shown, parsed = serloop("compare", *models), serloop("compare", *models, "--json")
    assert shown.exit_code == OK
    assert json.loads(parsed.stdout)["sentence"] in shown.stdout
    assert "nothing can be said" in shown.stdout


def test_a_seed_that_is_no_number_is_wrong_usage(at, ingested_once: Settings) -> None:
    """Letters are no seeds."""
    at(ingested_once)
    result = serloop("crossvalidate", "synthetic", "--seeds", "a")
    assert result.exit_code == USAGE
    assert "whole numbers" in result.stderr


def test_intended_labels_become_votes_by_choice(at, ingested: Settings) -> None:
    """`serloop votes intended` counts them, and importing twice adds nothing."""
    at(ingested)
    command = ("votes", "intended", "--corpus", "synthetic", "--json")
    first, again = (json.loads(serloop(*command).stdout)[0] for _ in range(2))
    assert (first["votes"], first["added"], again["added"]) == (36, 36, 0)


def test_the_doctor_ends_with_1_when_something_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script can ask whether all is well."""
    assert serloop("doctor", "--home", tmp_path).exit_code == OK
    monkeypatch.setenv("SERLOOP_COMPUTE__THREADS", "0")
    result = serloop("doctor", "--json")
    assert result.exit_code == FAILED
    assert "broken" in {row["state"] for row in json.loads(result.stdout)}


def test_the_doctor_lists_the_settings() -> None:
    """Every setting with its variable, default and meaning."""
    rows = json.loads(serloop("doctor", "--settings", "--json").stdout)
    assert {"setting", "variable", "default", "meaning"} == rows[0].keys()
    assert "SERLOOP_ROUNDS__BUDGET" in {row["variable"] for row in rows}
