"""Why a file cannot become a clip: the closed list of reason codes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from ser.errors import AudioError

Reason = Literal[
    "unreadable",
    "empty",
    "not_audio",
    "unsupported_format",
    "truncated",
    "not_finite",
    "too_short",
    "no_speech",
]

REASONS: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        "unreadable": "the operating system cannot read the file",
        "empty": "the file has no bytes, or no audio frames",
        "not_audio": "no decoder recognises the bytes",
        "unsupported_format": "audio, but not WAV, FLAC, Ogg, MP3 or AIFF at 4 … 768 kHz",
        "truncated": "less audio can be decoded than the header promises: cut off or damaged",
        "not_finite": "the samples hold NaN or infinity",
        "too_short": "less than 0.1 s of audio",
        "no_speech": "nothing louder than silence lasts long enough to be speech",
    }
)


def rejection(reason: Reason, detail: str) -> AudioError:
    """Return the error for a file that cannot become a clip, its code checked by the types.

    Args:
        reason: One of `REASONS`.
        detail: What was expected and what was found, for a person.

    Example:
        >>> str(rejection("empty", "0 bytes"))
        'empty: 0 bytes'
    """
    return AudioError(reason, detail)
