"""From a file to a clip: the mono, trimmed, 16-bit waveform and what was measured on it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ser.audio.files import Recording, decode, downmix, read_source
from ser.audio.loudness import level_dbfs
from ser.audio.pcm import from_pcm16, to_pcm16
from ser.audio.quality import clipped_fraction, estimate_snr_db
from ser.audio.reasons import rejection
from ser.audio.resample import resample
from ser.audio.segment import TrimSettings, find_speech
from ser.audio.timing import samples_to_seconds
from ser.errors import AudioError

MIN_DURATION_S = 0.1
DEFAULT_TRIM = TrimSettings()


@dataclass(frozen=True, eq=False)
class PreparedClip:
    """A clip ready to be stored and heard.

    Args:
        waveform: Int16 mono ``(S,)``, the span from ``speech_start_s`` to ``speech_end_s``.
        sample_rate: Of ``waveform``, Hz.
        audio_sha256: Hash of the source file's bytes, hex.
        source_bytes: Size of the source file.
        source_format: Container as libsndfile names it, such as ``WAV`` or ``FLAC``.
        source_rate: Hz.
        source_channels: Channels before the downmix.
        duration_s: Of the whole source, s.
        speech_start_s: Where ``waveform`` begins in the source, padding included, s.
        speech_end_s: Where it ends, padding included, at most ``duration_s``, s.
        level_dbfs: RMS level of ``waveform``, dBFS; a full-scale sine is −3.01.
        clipped_fraction: Share of source samples at or beyond full scale, 0 … 1.
        snr_db: Estimated signal-to-noise ratio, dB; NaN when noise cannot be told from speech.
    """

    waveform: npt.NDArray[np.int16]
    sample_rate: int
    audio_sha256: str
    source_bytes: int
    source_format: str
    source_rate: int
    source_channels: int
    duration_s: float
    speech_start_s: float
    speech_end_s: float
    level_dbfs: float
    clipped_fraction: float
    snr_db: float


@dataclass(frozen=True)
class Rejected:
    """A file that cannot become a clip.

    Args:
        reason: Code, a key of `ser.audio.reasons.REASONS`.
        detail: What was expected and what was found.
        audio_sha256: Hash of the bytes, hex; empty when they could not be read.
        source_bytes: Size of the file; 0 when it could not be read.
    """

    reason: str
    detail: str
    audio_sha256: str
    source_bytes: int


def prepare_clip(
    source: Path | bytes, *, sample_rate: int = 16000, trim: TrimSettings = DEFAULT_TRIM
) -> PreparedClip:
    """Read, decode, downmix, resample, trim and measure one file; its bytes are read once.

    Args:
        source: A path, or the content of a file.
        sample_rate: Rate of the waveform wanted, Hz.
        trim: How speech is found.

    Raises:
        AudioError: With a ``reason`` of `ser.audio.reasons.REASONS`.

    Example:
        >>> prepare_clip(b"not a sound")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ser.errors.AudioError: not_audio: no decoder ... b'not a so': Format not recognised.
    """
    return _prepare(read_source(source), sample_rate, trim)


def prepare_batch(
    sources: Sequence[Path | bytes],
    *,
    sample_rate: int = 16000,
    trim: TrimSettings = DEFAULT_TRIM,
) -> list[PreparedClip | Rejected]:
    """Prepare many files; a bad one becomes a `Rejected` in its place.

    Args:
        sources: Paths, or contents of files.
        sample_rate: Rate of the waveforms wanted, Hz.
        trim: How speech is found.

    Returns:
        One entry per source, in order. `ser.features.spectral.LogMel.compute` takes the
        waveforms as they are.

    Example:
        >>> [rejected.reason for rejected in prepare_batch([b"", Path("/no/such/file.wav")])]
        ['empty', 'unreadable']
    """
    return [_prepare_or_reject(source, sample_rate, trim) for source in sources]


def _prepare_or_reject(
    source: Path | bytes, sample_rate: int, trim: TrimSettings
) -> PreparedClip | Rejected:
    try:
        data = read_source(source)
    except AudioError as error:
        return Rejected(error.reason, error.detail, "", 0)
    try:
        return _prepare(data, sample_rate, trim)
    except AudioError as error:
        digest = hashlib.sha256(data).hexdigest()
        return Rejected(error.reason, error.detail, digest, len(data))


def _prepare(data: bytes, sample_rate: int, trim: TrimSettings) -> PreparedClip:
    recording = decode(data)
    duration_s = _duration_of(recording)
    mono = resample(downmix(recording.samples), recording.sample_rate, sample_rate)
    span = find_speech(mono, sample_rate, trim)
    waveform = to_pcm16(mono[span.start : span.end])
    return PreparedClip(
        waveform=waveform,
        sample_rate=sample_rate,
        audio_sha256=hashlib.sha256(data).hexdigest(),
        source_bytes=len(data),
        source_format=recording.format,
        source_rate=recording.sample_rate,
        source_channels=recording.samples.shape[1],
        duration_s=duration_s,
        speech_start_s=samples_to_seconds(span.start, sample_rate),
        # Resampling rounds the last sample up, to less than one sample behind the source's end.
        speech_end_s=min(duration_s, samples_to_seconds(span.end, sample_rate)),
        level_dbfs=level_dbfs(from_pcm16(waveform)),
        clipped_fraction=clipped_fraction(recording.samples),
        snr_db=estimate_snr_db(span),
    )


def _duration_of(recording: Recording) -> float:
    duration_s = samples_to_seconds(len(recording.samples), recording.sample_rate)
    if duration_s < MIN_DURATION_S:
        raise rejection(
            "too_short", f"{duration_s:.3f} s of audio, at least {MIN_DURATION_S} s needed"
        )
    return duration_s
