"""Secrets come from where only their owner looks, and are shown nowhere; nothing is open to all."""

import ast
import logging
import stat
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

from pipelines.errors import PipelineError, SettingsError
from pipelines.gateway.places import EVERY_ADDRESS
from pipelines.label_studio.places import HOST, own_url
from pipelines.private_file import read_owner_only
from pipelines.redaction import find_secrets, hide_in_logs, redact, scrub, without_secrets
from pipelines.secret_files import name_secrets, passwords, read_secret_files
from pipelines.settings import CONFIG_FILE, Settings, describe_settings, load_settings
from pipelines.stack.launch import launch
from tests.pipelines.stack.test_health import answering

ROOT = Path(__file__).parents[1]
PACKAGES = ("annotation", "pipelines", "ser", "warehouse")
SECRET = "hunter2-is-no-secret"  # noqa: S105 - it must not be found anywhere
SECRETS = sorted(name_secrets(Settings))
VARIABLES = {name: variable for name, variable, _, _ in describe_settings()}
# What reads objects from files can be told to run code, or to read without looking at a hash.
RUNS_CODE = {
    "eval", "exec", "pickle.load", "pickle.loads", "joblib.load", "torch.load", "torch.jit.load",
    "yaml.load", "yaml.unsafe_load", "shelve.open", "dill.load", "marshal.load", "marshal.loads",
}  # fmt: skip


@pytest.fixture(autouse=True)
def plain_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where nothing is set."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def plain_log() -> Iterator[None]:
    """Leave logging as it was."""
    factory = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    """Write a file of a mode, and return it."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def fail(error: Exception) -> NoReturn:
    """Raise an error, as a library would."""
    raise error


@cache
def read_calls() -> list[tuple[str, ast.Call]]:
    """Return every call in the packages, with its file and line."""
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno}", node)
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]


def test_there_are_secrets_to_speak_of() -> None:
    """The list that the tests below go through is not empty by mistake."""
    assert {"label_studio.token", "warehouse.s3_secret_key"} <= set(SECRETS)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("capitals", [True, False], ids=["capitals", "small"])
def test_every_secret_may_come_from_a_file(
    name: str, capitals: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file named like its variable holds it; the end of the line is not part of it."""
    variable = VARIABLES[name] if capitals else VARIABLES[name].lower()
    write(tmp_path / "secrets" / variable, f"{SECRET}\n")
    write(tmp_path / "secrets" / "postgres_password", "of somebody else", 0o644)
    monkeypatch.setenv("SERLOOP_SECRETS", str(tmp_path / "secrets"))
    section, field = name.split(".")
    assert getattr(getattr(load_settings(), section), field).get_secret_value() == SECRET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660], ids=oct)
def test_a_file_that_others_may_read_is_refused(mode: int, tmp_path: Path) -> None:
    """It says which and what to type, and not what it holds."""
    write(tmp_path / "secrets" / "serloop_label_studio__token", SECRET, mode)
    with pytest.raises(SettingsError, match=rf"mode {mode:o}\); run `chmod 600 .*token`") as caught:
        load_settings(secrets=tmp_path / "secrets")
    assert SECRET not in str(caught.value)


def test_a_link_is_as_open_as_what_it_leads_to(tmp_path: Path) -> None:
    """Links to folders of secrets are how clusters hand them out; their own mode says nothing."""
    open_file = write(tmp_path / "elsewhere" / "token", SECRET, 0o644)
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "serloop_label_studio__token").symlink_to(open_file)
    with pytest.raises(SettingsError, match="may be read by others"):
        load_settings(secrets=folder)


def test_a_misspelt_file_is_named(tmp_path: Path) -> None:
    """A secret that nobody reads is a mistake, as a variable would be."""
    write(tmp_path / "secrets" / "serloop_label_studio__tokn", SECRET)
    with pytest.raises(SettingsError, match=r"`.*tokn` is named like no setting"):
        load_settings(secrets=tmp_path / "secrets")


def test_two_files_for_one_setting_are_refused(tmp_path: Path) -> None:
    """Nobody could say which holds."""
    write(tmp_path / "secrets" / "serloop_label_studio__token", SECRET)
    write(tmp_path / "secrets" / "SERLOOP_LABEL_STUDIO__TOKEN", SECRET)
    with pytest.raises(SettingsError, match="is another file's name"):
        read_secret_files(tmp_path / "secrets", VARIABLES.values())


def test_without_the_folder_nothing_runs(tmp_path: Path) -> None:
    """A service whose secrets were not mounted says so at once."""
    with pytest.raises(SettingsError, match=r"`secrets` must be a folder, but `.*gone` is none"):
        load_settings(secrets=tmp_path / "gone")


def test_what_is_no_text_is_refused_without_being_shown(tmp_path: Path) -> None:
    """The usual error quotes what it could not read."""
    path = tmp_path / "token"
    path.write_bytes(SECRET.encode() + b"\xff")
    path.chmod(0o600)
    with pytest.raises(PipelineError, match="is no text in UTF-8") as caught:
        read_owner_only(path, "the file")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("toml", "variable", "expected"),
    [(None, None, "file"), ("toml", None, "file"), ("toml", "environment", "environment")],
    ids=["file", "file-over-toml", "environment-over-file"],
)
def test_the_nearer_secret_wins(
    toml: str | None, variable: str | None, expected: str, tmp_path: Path, monkeypatch
) -> None:
    """Files of secrets come between `serloop.toml` and the environment."""
    write(tmp_path / "secrets" / "serloop_label_studio__token", "file")
    if toml:
        write(Path(CONFIG_FILE), f'secrets = "secrets"\n[label_studio]\ntoken = "{toml}"\n')
    if variable:
        monkeypatch.setenv("SERLOOP_LABEL_STUDIO__TOKEN", variable)
    token = load_settings(secrets=None if toml else tmp_path / "secrets").label_studio.token
    assert token.get_secret_value() == expected


@pytest.mark.parametrize(
    "line",
    [f's3_secret_key = "{SECRET}"', f'catalog = "postgresql://ann:{SECRET}@db/lake"'],
    ids=["secret", "password"],
)
def test_an_open_toml_holds_no_secret(line: str) -> None:
    """It is refused with the key and what to type; closed it is read."""
    path = write(Path(CONFIG_FILE), f"[warehouse]\n{line}\n", 0o644)
    with pytest.raises(SettingsError, match=r"`warehouse\.\w+` .* run `chmod 600") as caught:
        load_settings()
    assert SECRET not in str(caught.value)
    path.chmod(0o600)
    assert SECRET in find_secrets(load_settings())


def test_printed_settings_show_no_secret() -> None:
    """Settings may be logged, and land in messages of errors."""
    place = {"catalog": f"postgresql://ann:{SECRET}@db/lake", "s3_secret_key": SECRET}
    settings = Settings(warehouse=place, label_studio={"token": SECRET})
    assert SECRET not in f"{settings!r} {settings} {settings.warehouse!r}"


def test_an_open_toml_without_secrets_is_as_before() -> None:
    """Most people's settings are nobody's secret."""
    write(Path(CONFIG_FILE), '[warehouse]\ncatalog = "postgresql://db/lake"\n', 0o644)
    assert load_settings().catalog == "postgresql://db/lake"


WRONG = {
    "section-as-text": ("SERLOOP_WAREHOUSE", f'"{SECRET}"'),
    "section-as-list": ("SERLOOP_LABEL_STUDIO", f'["{SECRET}"]'),
    "secret-as-list": ("SERLOOP_WAREHOUSE", f'{{"s3_secret_key": ["{SECRET}"]}}'),
    "catalog-as-list": ("SERLOOP_WAREHOUSE", f'{{"catalog": ["postgresql://a:{SECRET}@db/l"]}}'),
    "broken-json": ("SERLOOP_WAREHOUSE", f'{{"s3_secret_key": "{SECRET}"'),
}


@pytest.mark.parametrize(("variable", "text"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_does_not_show_itself(variable: str, text: str, monkeypatch) -> None:
    """Neither in the message nor in the traceback that a log or Prefect would keep."""
    monkeypatch.setenv(variable, text)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    trace = logging.Formatter().formatException((caught.type, caught.value, caught.tb))
    assert SECRET not in trace


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_is_hidden_in_logs_as_soon_as_it_is_read(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever logs it by accident, by whatever logger, logs asterisks."""
    monkeypatch.setenv(VARIABLES[name], SECRET)
    load_settings()
    logger = logging.getLogger("somebody.else")
    logger.error("the key %s is wrong", SECRET)
    logger.error(f"the key {SECRET} is wrong")
    logger.error({"key": SECRET})
    try:
        fail(OSError(5, f"no answer with {SECRET}", f"/run/{SECRET}"))
    except OSError:
        logger.exception("failed")
    assert SECRET not in caplog.text
    assert caplog.text.count("***") == 5


def test_a_wrong_line_of_a_log_hides_its_arguments(caplog: pytest.LogCaptureFixture) -> None:
    """Logging prints the arguments of a line that it cannot put together."""
    hide_in_logs({SECRET})
    record = logging.getLogger().makeRecord("a", 40, "f", 1, "%d and %d", (SECRET, 1), None)
    assert SECRET not in str(record.args)
    assert not caplog.records


def test_passwords_in_addresses_are_secrets() -> None:
    """As they are written, as they are meant, and as libraries would write them."""
    settings = Settings(
        warehouse={"catalog": "postgresql://ann:pass%40word@db/lake"},
        label_studio={"database": f"postgresql://bob:{SECRET}@db/labels"},
    )
    found = find_secrets(settings)
    assert {"pass%40word", "pass@word", SECRET} <= found
    shown = redact(f"cannot reach postgresql://bob:{SECRET}@db/labels as pass@word", found)
    assert shown == "cannot reach *** as ***"


@pytest.mark.parametrize(
    "text", ["/srv/lake.sqlite", "postgresql://db/lake", "http://[broken", "s3://bucket/a"]
)
def test_what_has_no_password_hides_nothing(text: str) -> None:
    """Paths and addresses stay readable."""
    assert list(passwords(text)) == []


def test_short_secrets_leave_words_alone() -> None:
    """One letter in place of a key must not make every line unreadable."""
    assert find_secrets(Settings(label_studio={"token": "a"})) == set()


def test_an_error_leaves_without_secrets() -> None:
    """Nor do its notes, its causes and the errors that it groups show any."""
    settings = Settings(label_studio={"token": SECRET})

    def fail_twice() -> None:
        try:
            fail(ConnectionError(f"no answer with {SECRET}"))
        except ConnectionError as cause:
            cause.add_note(f"tried with {SECRET}")
            group = ExceptionGroup("two", [ValueError(SECRET), KeyError((SECRET,))])
            raise group from cause

    with pytest.raises(ExceptionGroup) as caught, without_secrets(settings):
        fail_twice()
    trace = logging.Formatter().formatException((caught.type, caught.value, caught.tb))
    assert SECRET not in trace
    assert "no answer with ***\ntried with ***\n" in trace
    assert "ValueError: ***\n" in trace
    assert "KeyError: ('***',)\n" in trace


def test_an_error_that_cannot_be_cleaned_is_replaced() -> None:
    """Some write their message anew whenever they are asked."""

    class StubbornError(Exception):
        def __str__(self) -> str:
            return f"I say {SECRET}"

    settings = Settings(label_studio={"token": SECRET})
    replaced = pytest.raises(PipelineError, match=r"^StubbornError: I say \*\*\*$")
    with replaced, without_secrets(settings):
        raise StubbornError


def test_an_error_without_secrets_stays_itself() -> None:
    """What is caught by its kind or its number is caught as before."""
    error = OSError(2, "No such file", "/srv/a")
    scrub(error, {SECRET})
    assert (error.errno, error.strerror, error.filename) == (2, "No such file", "/srv/a")
    plain = ConnectionError("no answer")
    scrub(plain, {SECRET})
    assert str(plain) == "no answer"


def test_services_listen_for_this_machine_alone() -> None:
    """Unless somebody sets another address, nobody else reaches them."""
    settings = Settings()
    assert settings.gateway.host == "127.0.0.1"
    assert own_url(settings).startswith(f"http://{HOST}:")
    assert HOST == "127.0.0.1"


@pytest.mark.parametrize("service", ["prefect", "worker", "gateway"])
def test_supervised_services_are_told_to_do_so(service: str, tmp_path: Path) -> None:
    """Prefect is given the address; a worker's page of health would listen everywhere."""
    commands: list[list[str]] = []
    # A worker begins once the server answers.
    with answering(200, True) as port:
        settings = Settings(home=tmp_path, stack={"prefect_port": port})
        launch(service, settings, lambda command, _: commands.append(command))
    (command,) = commands
    assert "--with-healthcheck" not in command
    if service == "prefect":
        assert command[command.index("--host") + 1] == "127.0.0.1"
    else:
        assert "--host" not in command


def test_nothing_names_every_address_of_the_machine() -> None:
    """Only the gateway knows what it is called, to send people somewhere else."""
    found = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
            if words & EVERY_ADDRESS.keys():
                found.add(str(path.relative_to(ROOT)))
    assert found <= {"pipelines/gateway/places.py"}


def test_nothing_that_is_read_may_run_code() -> None:
    """Pickles and their like run what their author put in."""
    found = [where for where, call in read_calls() if ast.unparse(call.func) in RUNS_CODE]
    assert found == []
    told = [
        where
        for where, call in read_calls()
        for item in call.keywords
        if item.arg in {"trust_remote_code", "allow_pickle"} and ast.unparse(item.value) != "False"
    ]
    assert told == []


def test_every_model_is_loaded_by_its_hash() -> None:
    """Whoever replaces a file of weights is found out before it is read."""
    loads = {
        where: {item.arg for item in call.keywords}
        for where, call in read_calls()
        if ast.unparse(call.func).split(".")[-1] == "load_model"
    }
    assert loads
    assert [where for where, given in loads.items() if "sha256" not in given] == []


def test_private_files_are_private_from_their_first_byte(tmp_path: Path) -> None:
    """What the gateway and Label Studio draw is for their owner alone, whatever the umask."""
    from pipelines.gateway.keys import ensure_keys
    from pipelines.label_studio.identity import ensure_login

    ensure_keys(tmp_path / "keys.json")
    ensure_login(tmp_path / "login.json", "ann@example.org")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o600}
