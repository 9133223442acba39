"""Settings become what the page asks."""

from pathlib import Path

import pytest

from annotation.label_studio import InterfaceChoices
from pipelines.errors import SettingsError
from pipelines.labelling import interface_choices, playback_lufs
from pipelines.settings import load_settings


def test_nothing_set_is_what_the_page_asks_by_itself() -> None:
    """The defaults of the settings and of the page are the same."""
    assert interface_choices(load_settings()) == InterfaceChoices()
    assert playback_lufs(load_settings()) == -23.0


def test_every_part_can_be_chosen() -> None:
    """Each setting reaches the page."""
    given = {
        "question": "What?",
        "autoplay": False,
        "second_choice": True,
        "ratings": "valence,arousal",
        "rating_scale": 5,
        "transcript": "asked",
        "comment": False,
    }
    expected = InterfaceChoices(**{**given, "ratings": ("valence", "arousal")})
    assert interface_choices(load_settings(labelling=given)) == expected


def test_own_definitions_are_a_table_or_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What classes mean comes from the file of settings or from the environment, which wins."""
    assert load_settings().labelling.definitions == {}
    monkeypatch.chdir(tmp_path)
    Path("serloop.toml").write_text("[labelling.definitions]\njoy = 'as we mean it'\n")
    assert load_settings().labelling.definitions == {"joy": "as we mean it"}
    monkeypatch.setenv("SERLOOP_LABELLING__DEFINITIONS", '{"joy": "otherwise"}')
    assert load_settings().labelling.definitions == {"joy": "otherwise"}


def test_a_definition_needs_words() -> None:
    """An empty one would leave annotators without the usual meaning, too."""
    with pytest.raises(SettingsError, match=r"setting `labelling.definitions.joy`"):
        load_settings(labelling={"definitions": {"joy": ""}})


def test_loudness_may_be_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment, where everything is text."""
    monkeypatch.setenv("SERLOOP_ROUNDS__PLAYBACK_LUFS", "none")
    assert playback_lufs(load_settings()) is None
    monkeypatch.setenv("SERLOOP_ROUNDS__PLAYBACK_LUFS", "-18.5")
    assert playback_lufs(load_settings()) == -18.5


def test_a_loudness_that_would_hurt_is_refused() -> None:
    """0 LUFS is no speech anybody should hear."""
    with pytest.raises(SettingsError, match=r"setting `rounds.playback_lufs"):
        load_settings(rounds={"playback_lufs": 0})
