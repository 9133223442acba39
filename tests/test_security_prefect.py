"""What the settings keep secret is nowhere in Prefect's database, whatever a stage does."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL
from prefect.testing.utilities import prefect_test_harness

from pipelines.flows import make_flow

SECRET = "hunter2-is-no-secret"  # noqa: S105 - it must not be found anywhere
PASSWORD = "pass%40word-of-nobody"  # noqa: S105 - neither must this, however it is written


@dataclass(frozen=True)
class Done:
    """What a stage returns that has nothing to say."""

    def rows(self) -> list[dict[str, int]]:
        """Return one row."""
        return [{"clips": 1}]


@pytest.fixture(scope="module")
def database() -> Iterator[Path]:
    """Run a Prefect server, and return its database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        with prefect_test_harness(server_startup_timeout=120):
            address = str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value())
            yield Path(address.partition("///")[2])


@pytest.fixture(autouse=True)
def secret_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have secrets in the environment and in files; leave logging as it was."""
    factory = logging.getLogRecordFactory()
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name, text in {
        "serloop_warehouse__catalog": f"postgresql://ann:{PASSWORD}@127.0.0.1:9/lake",
        "serloop_label_studio__token": SECRET,
    }.items():
        (folder / name).write_text(f"{text}\n")
        (folder / name).chmod(0o600)
    monkeypatch.setenv("SERLOOP_SECRETS", str(folder))
    monkeypatch.setenv("SERLOOP_WAREHOUSE__S3_SECRET_KEY", f"{SECRET}-of-the-bucket")
    yield folder
    logging.setLogRecordFactory(factory)


def refuse(token: str) -> NoReturn:
    """Fail as a server would that likes to repeat what it was told."""
    raise OSError(5, f"refused {token}")


def read_everything(database: Path) -> str:
    """Return all that the server has stored, as text."""
    APILogWorker.instance().drain()
    with closing(sqlite3.connect(database)) as connection:
        return "\n".join(connection.iterdump())


def assert_hidden(stored: str) -> None:
    """Check that no secret is there, in any way it may be written."""
    for secret in (SECRET, PASSWORD, "pass@word-of-nobody"):
        assert secret not in stored


def test_a_stage_that_tells_its_secrets_tells_asterisks(database: Path) -> None:
    """Its lines arrive, by Prefect's logger and any other, without what they gave away."""

    def gossip(settings, _progress) -> Done:
        """Log what should not be logged."""
        get_run_logger().warning("with the key %s", settings.warehouse.s3_secret_key)
        get_run_logger().warning(
            "with the token %s", settings.label_studio.token.get_secret_value()
        )
        logging.getLogger("prefect.flow_runs").warning(f"at {settings.catalog}")
        create_markdown_artifact(f"settings: {settings!r}", key="gossip-settings")
        return Done()

    make_flow(gossip, is_stage=True)()
    stored = read_everything(database)
    assert "with the token ***" in stored
    assert "at postgresql://ann:***@127.0.0.1:9/lake" in stored
    assert "settings: Settings(" in stored
    assert_hidden(stored)


def test_a_stage_that_fails_with_its_secrets_fails_without(database: Path) -> None:
    """Neither its state nor the traceback in the log holds any, causes included."""

    def break_down(settings, _progress) -> Done:
        """Fail with what should not be told."""
        try:
            refuse(settings.label_studio.token.get_secret_value())
        except OSError as error:
            raise ValueError(f"cannot reach {settings.catalog}") from error

    with pytest.raises(ValueError, match=r"cannot reach postgresql://ann:\*\*\*@127"):
        make_flow(break_down, is_stage=True)()
    stored = read_everything(database)
    assert "cannot reach postgresql://ann:***@127.0.0.1:9/lake" in stored
    assert "refused ***" in stored
    assert_hidden(stored)


def test_a_composition_that_fails_with_its_secrets_fails_without(database: Path) -> None:
    """What happens between stages is told as carefully as what happens in them."""

    def compose(run) -> Done:
        """Fail outside of any stage."""
        raise ValueError(f"between stages: {run.settings.catalog}")

    with pytest.raises(ValueError, match=r"between stages: postgresql://ann:\*\*\*@"):
        make_flow(compose, is_stage=False)()
    stored = read_everything(database)
    assert "between stages: postgresql://ann:***@" in stored
    assert_hidden(stored)


def test_settings_that_cannot_be_read_fail_without_their_values(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error of the library underneath, which the log shows too, quotes its input."""
    monkeypatch.setenv("SERLOOP_LABEL_STUDIO", f'{{"token": ["{SECRET}"]}}')

    def never(_settings, _progress) -> Done:
        """Do nothing."""
        return Done()

    with pytest.raises(Exception, match=r"label_studio\.token"):
        make_flow(never, is_stage=True)()
    stored = read_everything(database)
    assert "label_studio.token" in stored
    assert_hidden(stored)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("section", "field", "text"),
    [
        ("label_studio", "token", "of-nobody"),
        ("warehouse", "catalog", "postgresql://ann:of-nobody@db/lake"),
    ],
    ids=["secret", "password"],
)
def test_a_secret_among_the_options_of_a_run_is_refused(
    section: str, field: str, text: str
) -> None:
    """Prefect has stored it by then, so that whoever did it is told what to do."""

    def never(_settings, _progress) -> Done:
        """Do nothing."""
        return Done()

    with pytest.raises(Exception, match=rf"`{section}\.{field}` is a secret.*draw a new") as caught:
        make_flow(never, is_stage=True)(options={section: {field: text}})
    assert "of-nobody" not in str(caught.value)
