"""The audio that annotators hear: all clips about equally loud, so that gain is no cue to anger."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.flac import encode_flac
from ser.audio.lufs import set_loudness
from ser.audio.pcm import from_pcm16, to_pcm16

AUDIO_FOLDER = "audio"


def encode_playback(waveform: Mapping[str, Any], target_lufs: float | None) -> bytes:
    """Return stored samples as a FLAC file of the loudness wanted.

    Args:
        waveform: A row of `waveforms`: `pcm16` and `sample_rate`.
        target_lufs: Loudness wanted, as far as peaks allow; None for as it is.
    """
    if target_lufs is None:
        return encode_flac(waveform)
    samples = from_pcm16(np.frombuffer(waveform["pcm16"], "<i2"))
    played = to_pcm16(set_loudness(samples, waveform["sample_rate"], target_lufs))
    return encode_flac({**waveform, "pcm16": played.tobytes()})


def playback_folder(target_lufs: float | None) -> Path:
    """Return where audio of this loudness goes: files that are there are not written again.

    Example:
        >>> playback_folder(-23.0).as_posix(), playback_folder(None).as_posix()
        ('audio/lufs-23', 'audio')
    """
    folder = Path(AUDIO_FOLDER)
    return folder if target_lufs is None else folder / f"lufs{target_lufs:g}"
