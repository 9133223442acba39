"""Settings come from one place, in one order, and say what is wrong with them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from pipelines.errors import SettingsError
from pipelines.settings import CONFIG_FILE, Settings, describe_settings, load_settings


def test_nothing_set_leaves_the_algorithms_their_own_defaults() -> None:
    """A default is written once, in the algorithm: what is not set is not passed on."""
    settings = load_settings()
    assert settings.home == Path(".serloop")
    assert settings.training.overrides("epochs", "loss", "learning_rate") == {}


def test_paths_follow_home(tmp_path: Path) -> None:
    """Everything serloop writes lies under one folder unless told otherwise."""
    settings = load_settings(home=tmp_path)
    assert settings.catalog == str(tmp_path / "warehouse" / "catalog.sqlite")
    assert settings.data_path == str(tmp_path / "warehouse" / "data")
    assert (settings.artifacts, settings.reports) == (tmp_path / "models", tmp_path / "reports")


def test_a_catalog_and_data_path_of_your_own_win_over_home(tmp_path: Path) -> None:
    """The two settings that scale the warehouse out are used as they are."""
    place = {"catalog": "postgresql://db/lake", "data_path": "s3://bucket/lake"}
    settings = load_settings(home=tmp_path, warehouse=place)
    assert (settings.catalog, settings.data_path) == (place["catalog"], place["data_path"])


@pytest.mark.parametrize(
    ("in_file", "in_environment", "on_command_line", "expected"),
    [
        (3, None, None, 3),
        (3, "4", None, 4),
        (3, "4", 5, 5),
        (None, "4", None, 4),
        (3, None, 5, 5),
    ],
    ids=["file", "environment-over-file", "command-line-over-all", "environment", "over-file"],
)
def test_the_nearer_source_wins(
    monkeypatch: pytest.MonkeyPatch,
    in_file: int | None,
    in_environment: str | None,
    on_command_line: int | None,
    expected: int,
) -> None:
    """The command line wins over the environment, which wins over the file."""
    if in_file is not None:
        Path(CONFIG_FILE).write_text(f"[training]\nepochs = {in_file}\n", encoding="utf-8")
    if in_environment is not None:
        monkeypatch.setenv("SERLOOP_TRAINING__EPOCHS", in_environment)
    given = {} if on_command_line is None else {"training": {"epochs": on_command_line}}
    assert load_settings(**given).training.epochs == expected


def test_sources_are_merged_setting_by_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """One setting on the command line leaves its neighbours from elsewhere alone."""
    Path(CONFIG_FILE).write_text("[training]\nbatch_size = 8\n", encoding="utf-8")
    monkeypatch.setenv("SERLOOP_TRAINING__LOSS", "focal")
    training = load_settings(training={"epochs": 3}).training
    assert training.overrides("batch_size", "loss", "epochs") == {
        "batch_size": 8,
        "loss": "focal",
        "epochs": 3,
    }


def test_a_section_may_be_one_json_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole section fits into one variable."""
    monkeypatch.setenv("SERLOOP_ROUNDS", '{"budget": 7, "strategy": "margin"}')
    rounds = load_settings().rounds
    assert (rounds.budget, rounds.strategy) == (7, "margin")


INVALID = {
    "out-of-range": ("SERLOOP_ROUNDS__RANDOM_SHARE", "1.5", "`rounds.random_share`.*got '1.5'"),
    "no-number": ("SERLOOP_COMPUTE__PROCESSES", "many", "`compute.processes`.*got 'many'"),
    "no-choice": ("SERLOOP_AUDIO__VAD", "ear", "`audio.vad`.*'energy' or 'silero'.*got 'ear'"),
    "unknown-section": ("SERLOOP_TRAINIG__EPOCHS", "3", "`SERLOOP_TRAINIG__EPOCHS`"),
    "unknown-key": ("SERLOOP_TRAINING__EPOCH", "3", "`SERLOOP_TRAINING__EPOCH`"),
    "lower-case": ("serloop_trainig", "3", "`serloop_trainig`"),
    "broken-json": ("SERLOOP_TRAINING", "{epochs", "must be a JSON object.*training"),
}


@pytest.mark.parametrize(("variable", "value", "message"), INVALID.values(), ids=INVALID)
def test_a_wrong_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    """A typo or an impossible value stops the run, with its name and where to look."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"{message}.*serloop doctor --settings"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[training]\nepoch = 3\n", "`training.epoch`"),
        ("[trainig]\nepochs = 3\n", "`trainig`"),
        ("[training\n", "`serloop.toml` is not valid TOML"),
    ],
    ids=["unknown-key", "unknown-section", "no-toml"],
)
def test_a_wrong_file_is_named(text: str, message: str) -> None:
    """What the file may not say is pointed out."""
    Path(CONFIG_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        load_settings()


def test_variables_of_the_tests_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables that only tests read do not stop a run."""
    monkeypatch.setenv("SERLOOP_DATA", "/somewhere")
    assert load_settings() == Settings()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A settings object may be logged."""
    monkeypatch.setenv("SERLOOP_WAREHOUSE__S3_SECRET_KEY", "hunter2")
    settings = load_settings()
    assert settings.warehouse.s3_secret_key.get_secret_value() == "hunter2"
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    "line", ['s3_secret = "hunter2"', 's3_secret_key = ["hunter2"]'], ids=["misspelt", "no-text"]
)
def test_a_wrong_secret_is_not_shown(line: str) -> None:
    """An error message names the key and keeps its value to itself."""
    Path(CONFIG_FILE).write_text(f"[warehouse]\n{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"`warehouse\.s3_secret") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_settings_cannot_be_changed() -> None:
    """A run has one set of settings from beginning to end."""
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().training.epochs = 3


def test_every_setting_is_listed_once() -> None:
    """The list that help and README are made from is complete."""
    names = [name for name, _, _, _ in describe_settings()]
    assert len(names) == len(set(names))
    assert {"home", "warehouse.s3_secret_key", "rounds.aggregator"} <= set(names)


def test_listed_variables_set_what_they_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable from the list reaches its setting."""
    variables = {name: variable for name, variable, _, _ in describe_settings()}
    monkeypatch.setenv(variables["warehouse.s3_region"], "eu-north-1")
    assert load_settings().warehouse.s3_region == "eu-north-1"


def test_a_demo_stays_out_of_the_teams_warehouse(monkeypatch, tmp_path) -> None:
    """What the command line leaves out on purpose wins over the environment."""
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", "postgresql://team/lake")
    own = load_settings(home=tmp_path, warehouse={"catalog": None, "data_path": None})
    assert own.catalog.startswith(str(tmp_path))
    assert own.data_path.startswith(str(tmp_path))
