"""What is for its owner alone is so from its first byte, and is replaced as a whole."""

import stat
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.private_file import read_private, write_first, write_private


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    """The mode is 600 whatever the umask, and nothing is left beside the file."""
    path = tmp_path / "folder" / "secret.json"
    write_private(path, {"a": 1})
    write_private(path, {"a": 2})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_private(path, "the secret") == {"a": 2}
    assert list(path.parent.iterdir()) == [path]


def test_the_first_one_wins(tmp_path: Path) -> None:
    """Of two that draw a secret at once, both go on with that of the first."""
    path = tmp_path / "secret.json"
    write_first(path, {"a": 1})
    write_first(path, {"a": 2})
    assert read_private(path, "the secret") == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_what_others_may_read_is_no_secret(tmp_path: Path) -> None:
    """It is refused with what to type."""
    path = tmp_path / "secret.json"
    write_private(path, {})
    path.chmod(0o644)
    with pytest.raises(PipelineError, match=r"the secret `.*` may be read by others \(mode 644\)"):
        read_private(path, "the secret")


def test_no_file_is_told_from_a_broken_one(tmp_path: Path) -> None:
    """Nothing there is None; what is there and no JSON lacks everything."""
    path = tmp_path / "secret.json"
    assert read_private(path, "the secret") is None
    write_private(path, {})
    path.write_text("{", encoding="utf-8")
    assert read_private(path, "the secret") == {}
