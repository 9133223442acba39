"""The first user's login is drawn once, and only its owner can read it."""

import os
import stat
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.label_studio.identity import Login, ensure_login, read_login


def test_login_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    """The file has mode 600 whatever the umask is, and holds all three parts."""
    before = os.umask(0)
    try:
        login = ensure_login(tmp_path / "label-studio" / "login.json", "a@b.org")
    finally:
        os.umask(before)
    path = tmp_path / "label-studio" / "login.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_login(path) == login
    assert [entry.name for entry in path.parent.iterdir()] == ["login.json"]


def test_login_is_random_and_fits_the_server(tmp_path: Path) -> None:
    """Two homes share nothing, and a token has the 40 characters that the server keeps."""
    one, other = (ensure_login(tmp_path / name, "a@b.org") for name in ("1", "2"))
    assert one.token != other.token
    assert one.password != other.password
    assert len(one.token) == 40


def test_login_is_drawn_once(tmp_path: Path) -> None:
    """The server's database knows the first login, so that it stays whatever is set later."""
    first = ensure_login(tmp_path / "login.json", "a@b.org")
    assert ensure_login(tmp_path / "login.json", "other@b.org") == first


def test_a_login_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """The message says how to close it."""
    path = tmp_path / "login.json"
    ensure_login(path, "a@b.org")
    path.chmod(0o640)
    with pytest.raises(PipelineError, match=r"read by others \(mode 640\); run `chmod 600 .*login"):
        read_login(path)


@pytest.mark.parametrize("text", ["", "[]", '{"username": "a"}'], ids=["empty", "list", "partial"])
def test_a_broken_login_is_named(tmp_path: Path, text: str) -> None:
    """It is never replaced by a new one that the database would not know."""
    path = tmp_path / "login.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(PipelineError, match="is no login; restore it"):
        ensure_login(path, "a@b.org")


def test_a_login_does_not_show_its_secrets() -> None:
    """It may end up in a message or a traceback."""
    assert repr(Login("a@b.org", "PASS", "TOKEN")) == "Login(username='a@b.org')"
