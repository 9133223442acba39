"""Names become text that every table takes."""

import os

import pytest

from ser.paths import escape_path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"a b.wav", "a b.wav"),
        ("élan 語 😀.wav".encode(), "élan 語 😀.wav"),
        (b"caf\xe9.wav", "caf\\xe9.wav"),
        (b"\xff\xfe/x.wav", "\\xff\\xfe/x.wav"),
    ],
)
def test_names_of_files(name, text):
    """UTF-8 stays, other bytes are escaped."""
    assert escape_path(os.fsdecode(name)) == text


def test_half_a_character_is_escaped():
    """What JSON can hold and no name can does not raise."""
    assert escape_path("a\ud83d.wav") == "a\\ud83d.wav"
