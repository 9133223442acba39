"""serloop deploy."""

from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from typer.testing import CliRunner

from pipelines.cli import app


def test_write_needs_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It writes what would be deployed, and makes no home."""
    monkeypatch.setenv("SERLOOP_SCHEDULE__MAINTAIN", "15 1 * * *")
    file, home = tmp_path / "prefect.yaml", tmp_path / "home"
    done = CliRunner().invoke(
        app, ["deploy", "--write", str(file), "--work-pool", "gpu", "--home", str(home)]
    )
    assert done.exit_code == 0, done.output
    written = file.read_text(encoding="utf-8")
    assert '"cron": "15 1 * * *"' in written
    assert 'work_pool: {"name": "gpu"}' in written
    assert not home.exists()


def test_without_a_server_it_says_how_to_get_one(tmp_path: Path) -> None:
    """In one line."""
    # Other tests of this process may have a server of their own.
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        done = CliRunner().invoke(app, ["deploy", "--home", str(tmp_path)])
    assert done.exit_code == 1
    assert "serloop up" in done.output
