"""Sound: bytes to waveform, speech span, level and quality.

``ser.audio.silero`` and ``augment`` need torch and are imported by their full names.
"""

from ser.audio.pcm import from_pcm16, to_pcm16
from ser.audio.reasons import REASONS, Reason
from ser.audio.segment import SpeechSpan, TrimSettings, find_speech
from ser.audio.timing import samples_to_seconds, seconds_to_samples

__all__ = [
    "REASONS",
    "Reason",
    "SpeechSpan",
    "TrimSettings",
    "find_speech",
    "from_pcm16",
    "samples_to_seconds",
    "seconds_to_samples",
    "to_pcm16",
]
