"""A server that runs already is reached by its address and its token."""

from pathlib import Path

import pytest

from pipelines.errors import SettingsError
from pipelines.label_studio.connect import connect
from pipelines.settings import Settings

URL = "https://labels.example.org/studio/"


@pytest.mark.parametrize("source", ["setting", "file"])
def test_a_token_is_given_or_read(tmp_path: Path, source: str) -> None:
    """Blanks around a token in a file are not part of it."""
    path = tmp_path / "token"
    path.write_text(" abc\n")
    path.chmod(0o600)
    given = {"token": "abc"} if source == "setting" else {"token_file": path}
    with connect(Settings(label_studio={"url": URL, **given})) as api:
        assert (api.url, api.token_kind) == ("https://labels.example.org/studio", "legacy")


def test_an_address_needs_exactly_one_token(tmp_path: Path) -> None:
    """Neither none nor two."""
    both = {"token": "abc", "token_file": tmp_path}
    for given in ({}, both):
        with pytest.raises(SettingsError, match="set either SERLOOP_LABEL_STUDIO__TOKEN or"):
            connect(Settings(label_studio={"url": URL, **given}))


def test_a_token_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """Whoever logs in to this machine could answer in everybody's name."""
    path = tmp_path / "token"
    path.write_text("abcdef")
    path.chmod(0o640)
    section = {"url": URL, "token_file": path}
    with pytest.raises(SettingsError, match=r"may be read by others \(mode 640\); run `chmod 600"):
        connect(Settings(label_studio=section))


def test_a_token_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """The message names the setting and the file."""
    section = {"url": URL, "token_file": tmp_path / "gone"}
    with pytest.raises(SettingsError, match=r"label_studio.token_file`: `.*gone` cannot be read"):
        connect(Settings(label_studio=section))
