"""Find speech with the Silero voice activity detector (extra ``[silero]``)."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt
import torch

from ser.audio.pcm import Waveform, from_pcm16
from ser.audio.segment import SpeechSpan, TrimSettings, find_speech, pad_samples, stretch
from ser.audio.timing import samples_to_seconds
from ser.errors import ConfigurationError

WINDOWS = {8000: 256, 16000: 512}  # samples the network judges at once, by rate: 32 ms
SPEECH_PROBABILITY = 0.5
SOFT_PROBABILITY = 0.1  # its authors' 0.35 loses twice as much of onsets and endings on RAVDESS


class _Detector(Protocol):
    def audio_forward(self, waveforms: torch.Tensor, sample_rate: int) -> torch.Tensor: ...


def find_speech_silero(waveform: Waveform, sample_rate: int, settings: TrimSettings) -> SpeechSpan:
    """Return the span from the first to the last speech, padded, by a neural network.

    Silero VAD (Silero Team, 2021, github.com/snakers4/silero-vad, MIT licence) gives the
    probability of speech every 32 ms. Speech is a window at or above 0.5, and windows at or above
    0.1 at most ``gap_s`` from speech or from another such window; ``padding_s`` is added. Where
    no window is speech (6 of 240 RAVDESS clips cut to their speech, all of strong emotion) the
    span is that of `ser.audio.segment.find_speech`: clips that people labelled are not refused.
    The levels in the result are those of that function too. It runs on one thread; equal
    waveforms give equal spans.

    Args:
        waveform: Mono float32 of full scale ±1, or int16 ``(S,)``, at least 10 ms.
        sample_rate: 8000 or 16000 Hz.
        settings: What is kept around the speech.

    Raises:
        AudioError: ``no_speech`` if no sound at or above ``silence_dbfs`` lasts
            ``min_speech_s``.
        ConfigurationError: At another rate, or if the package ``silero-vad`` is not installed.

    Example:
        >>> second = np.zeros(16000, dtype=np.float32)
        >>> find_speech_silero(second, 16000, TrimSettings())  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ser.errors.AudioError: no_speech: no sound of 0.05 s reaches -65.0 dBFS; ...
    """
    probabilities = measure_probabilities(waveform, sample_rate)
    energy = find_speech(waveform, sample_rate, settings)
    loud = np.flatnonzero(probabilities >= SPEECH_PROBABILITY)
    if not len(loud):
        return energy
    soft = np.flatnonzero(probabilities >= SOFT_PROBABILITY)
    window = WINDOWS[sample_rate]
    gap = int(settings.gap_s / samples_to_seconds(window, sample_rate))
    first, last = stretch(int(loud[0]), int(loud[-1]) + 1, soft, 1, gap)
    start, end = pad_samples(
        first * window, last * window, len(waveform), sample_rate, settings.padding_s
    )
    return replace(energy, start=start, end=end)


def measure_probabilities(waveform: Waveform, sample_rate: int) -> npt.NDArray[np.float32]:
    """Return the probability of speech of each 32 ms, 0 … 1 ``(W,)``.

    Args:
        waveform: Mono float32 of full scale ±1, or int16 ``(S,)``; zeros follow what fills no
            window.
        sample_rate: 8000 or 16000 Hz.

    Raises:
        ConfigurationError: At another rate, or if the package ``silero-vad`` is not installed.

    Example:
        >>> measure_probabilities(np.zeros(1024, dtype=np.float32), 16000).shape
        (2,)
    """
    if sample_rate not in WINDOWS:
        raise ConfigurationError(
            f"Silero VAD needs `sample_rate` 8000 or 16000 Hz, but got {sample_rate}; resample "
            "first, or use the energy threshold"
        )
    detector = load_silero()
    with _one_thread(), torch.inference_mode():
        found = detector.audio_forward(torch.from_numpy(from_pcm16(waveform)), sample_rate)
    return cast("npt.NDArray[np.float32]", found[0].numpy())


@cache
def load_silero() -> _Detector:
    """Load the network once per process, from the weights in its package.

    Raises:
        ConfigurationError: If the package ``silero-vad`` is not installed.

    Example:
        >>> load_silero() is load_silero()
        True
    """
    with _one_thread(), warnings.catch_warnings():
        # torch.jit, which the package is made for, is deprecated but has no end date.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            # Importing the package sets torch to one thread, in the whole process.
            from silero_vad import load_silero_vad  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                f"the Silero VAD needs `{error.name}`: run `pip install 'serloop[silero]'`, or use "
                "the energy threshold"
            ) from error
        return cast("_Detector", load_silero_vad())


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch use one thread inside, and as many as before outside."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
