"""The secrets are drawn once and nobody else's to read."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.gateway.keys import ensure_keys, read_keys


def test_secrets_are_drawn_once_for_their_owner_alone(tmp_path: Path) -> None:
    """Two long secrets that differ, kept with mode 600, and the same ever after."""
    path = tmp_path / "gateway" / "keys.json"
    assert read_keys(path) is None
    drawn = ensure_keys(path)
    assert (path.stat().st_mode & 0o777, ensure_keys(path)) == (0o600, drawn)
    assert drawn.webhook != drawn.password
    assert all(re.fullmatch(r"[\w-]{43}", secret) for secret in (drawn.webhook, drawn.password))
    assert drawn.webhook not in repr(drawn)
    assert drawn.password not in repr(drawn)
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_those_who_start_at_once_agree(tmp_path: Path) -> None:
    """Whoever was first has drawn the secrets of all."""
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda _: ensure_keys(tmp_path / "keys.json"), range(16)))
    assert len(set(drawn)) == 1


@pytest.mark.parametrize(
    ("mode", "text", "message"),
    [
        (0o640, "{}", r"may be read by others \(mode 640\); run `chmod 600"),
        (0o600, "{", "holds no secrets of the gateway; remove it"),
        (0o600, '{"webhook": "a"}', "holds no secrets of the gateway; remove it"),
        (0o600, "[]", "holds no secrets of the gateway; remove it"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused(
    tmp_path: Path, mode: int, text: str, message: str
) -> None:
    """One that others may read or that is broken is named with the remedy, and not replaced."""
    path = tmp_path / "keys.json"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(PipelineError, match=message):
        ensure_keys(path)
    assert path.read_text() == text
