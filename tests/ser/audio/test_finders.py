"""Names stand for ways of finding speech."""

import pytest

from ser.audio.finders import find_finder
from ser.audio.segment import find_speech
from ser.audio.silero import find_speech_silero
from ser.errors import ConfigurationError


def test_names_find_their_functions():
    """Each name gives the function of its module."""
    assert find_finder("energy") is find_speech
    assert find_finder("silero") is find_speech_silero


def test_unknown_name_is_refused():
    """Another name is refused with those there are."""
    with pytest.raises(ConfigurationError, match="must be 'energy' or 'silero', but got 'webrtc'"):
        find_finder("webrtc")
