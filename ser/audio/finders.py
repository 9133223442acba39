"""Which way of finding speech a name stands for."""

from collections.abc import Callable
from typing import Literal

from ser.audio.pcm import Waveform
from ser.audio.segment import SpeechSpan, TrimSettings, find_speech
from ser.errors import ConfigurationError

FinderName = Literal["energy", "silero"]
SpeechFinder = Callable[[Waveform, int, TrimSettings], SpeechSpan]


def find_finder(name: str) -> SpeechFinder:
    """Return a function that finds the speech in a clip.

    Args:
        name: ``energy`` (`ser.audio.segment.find_speech`) or ``silero``
            (`ser.audio.silero.find_speech_silero`, which needs the extra ``[silero]``).

    Raises:
        ConfigurationError: If there is no such way, or its package is not installed.

    Example:
        >>> find_finder("energy").__name__
        'find_speech'
    """
    if name == "energy":
        return find_speech
    if name == "silero":
        # It loads torch, which the energy threshold does without.
        from ser.audio.silero import find_speech_silero, load_silero  # noqa: PLC0415

        load_silero()
        return find_speech_silero
    raise ConfigurationError(f"`name` must be 'energy' or 'silero', but got {name!r}")
