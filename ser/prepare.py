"""From a file to its clips: mono, trimmed, 16-bit waveforms and what was measured on them."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ser.audio.files import Recording, downmix, open_recording
from ser.audio.finders import FinderName, SpeechFinder, find_finder
from ser.audio.flags import DC_OFFSET, Flag, flag_sound
from ser.audio.levels import HOP_S, WINDOW_HOPS, measure_levels
from ser.audio.loudness import level_dbfs
from ser.audio.pauses import split_at_pauses, track_threshold
from ser.audio.pcm import PCM16_SCALE, from_pcm16, to_pcm16
from ser.audio.quality import count_clipped, estimate_snr_db
from ser.audio.reasons import rejection
from ser.audio.resample import Resampler
from ser.audio.segment import SpeechSpan, TrimSettings
from ser.audio.source import Source, read_source
from ser.audio.store import IN_MEMORY_SAMPLES, SampleStore
from ser.audio.timing import samples_to_seconds, seconds_to_samples
from ser.errors import AudioError

MIN_DURATION_S = 0.1
LONGEST_CLIP_S = 60.0
LONGEST_PIECE_S = 20.0
LEVEL_FRAMES = 6000  # one minute
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
        clipped_fraction: Share of the whole source's samples at or beyond full scale, 0 … 1.
        snr_db: Estimated signal-to-noise ratio, dB; NaN when noise cannot be told from speech.
        segment: Where the clip begins and ends in the source, s, when it is one piece of a long
            recording, else None.
        flags: What is odd about it, sorted keys of `ser.audio.flags.FLAGS`.
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
    segment: tuple[float, float] | None = None
    flags: tuple[Flag, ...] = ()


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


@dataclass(frozen=True)
class Unchanged:
    """A file whose content is known already; nothing was decoded.

    Args:
        audio_sha256: Hash of the bytes, hex.
        source_bytes: Size of the file.
    """

    audio_sha256: str
    source_bytes: int


def prepare(
    source: Path | bytes,
    *,
    sample_rate: int = 16000,
    trim: TrimSettings = DEFAULT_TRIM,
    longest_clip_s: float = LONGEST_CLIP_S,
    known: Container[str] = frozenset(),
    vad: FinderName = "energy",
) -> Iterator[PreparedClip] | Rejected | Unchanged:
    """Read, hash, decode, downmix, resample, trim and measure one file; it is hashed first.

    A recording longer than ``longest_clip_s`` becomes several clips of at most 20 s, cut at its
    pauses. However long it is, no more than a few megabytes of it are in memory at a time.

    Args:
        source: A path, or the content of a file.
        sample_rate: Rate of the waveforms wanted, Hz.
        trim: How speech is found.
        longest_clip_s: Longest recording that stays one clip, s.
        known: Hashes of contents that need not be looked at again.
        vad: What finds the speech, see `ser.audio.finders.find_finder`.

    Returns:
        The clips, at least one, each made as it is asked for; every error is found before. Or
        why there are none.

    Example:
        >>> prepare(b"not a sound").reason
        'not_audio'
        >>> prepare(Path("/no/such/file.wav")).detail
        '`/no/such/file.wav` cannot be read: No such file or directory'
    """
    try:
        opened = read_source(source)
    except AudioError as error:
        return Rejected(error.reason, error.detail, "", 0)
    if opened.sha256 in known:
        return Unchanged(opened.sha256, opened.size)
    store = SampleStore(IN_MEMORY_SAMPLES)
    try:
        facts = _decode(opened, store, sample_rate)
        spans = _find_spans(store, facts, trim, longest_clip_s, find_finder(vad))
    except AudioError as error:
        store.close()
        return Rejected(error.reason, error.detail, opened.sha256, opened.size)
    return _make_clips(store, facts, spans, is_cut=facts.duration_s > longest_clip_s)


@dataclass(frozen=True, eq=False)
class _Facts:
    """What is known of a decoded source."""

    source: Source
    format: str
    source_rate: int
    channels: int
    sample_rate: int
    duration_s: float
    clipped_fraction: float
    flags: frozenset[Flag]


def _decode(source: Source, store: SampleStore, sample_rate: int) -> _Facts:
    """Fill the store with a file's sound, mono and at the rate wanted."""
    with open_recording(source) as recording:
        clipped = _convert(recording, store, sample_rate)
        frames = recording.frames or 0
        duration_s = samples_to_seconds(frames, recording.sample_rate)
        if duration_s < MIN_DURATION_S:
            raise rejection(
                "too_short", f"{duration_s:.3f} s of audio, at least {MIN_DURATION_S} s needed"
            )
        if recording.sample_rate < sample_rate:
            recording.flags.add("narrow_band")
        return _Facts(
            source=source,
            format=recording.format,
            source_rate=recording.sample_rate,
            channels=recording.channels,
            sample_rate=sample_rate,
            duration_s=duration_s,
            clipped_fraction=clipped / (frames * recording.channels),
            flags=frozenset(recording.flags),
        )


def _convert(recording: Recording, store: SampleStore, sample_rate: int) -> int:
    """Resample the blocks of a recording into the store and return how many samples clip."""
    resampler = Resampler(recording.sample_rate, sample_rate)
    clipped = 0
    for block in recording.blocks:
        clipped += count_clipped(block)
        store.append(to_pcm16(resampler.push(downmix(block))))
    store.append(to_pcm16(resampler.finish()))
    return clipped


def _find_spans(
    store: SampleStore,
    facts: _Facts,
    trim: TrimSettings,
    longest_clip_s: float,
    find: SpeechFinder,
) -> list[tuple[int, SpeechSpan]]:
    """Return the speech of the whole sound or of each of its pieces, and where each begins."""
    rate = facts.sample_rate
    if facts.duration_s <= longest_clip_s:
        return [(0, find(store.read(0, len(store)), rate, trim))]
    hop = seconds_to_samples(HOP_S, rate)
    levels = _measure_levels(store, rate)
    threshold = track_threshold(levels, trim)
    longest_s = min(LONGEST_PIECE_S, longest_clip_s)
    found = []
    for first, last in split_at_pauses(levels, threshold, longest_s=longest_s):
        end = len(store) if last == len(levels) else last * hop
        piece = store.read(first * hop, end)
        try:
            found.append((first * hop, find(piece, rate, trim)))
        except AudioError:
            # A finder other than the one that cut may hear no speech in a piece.
            continue
    if not found:
        raise rejection("no_speech", f"none in any piece of the {facts.duration_s:.0f} s")
    return found


def _measure_levels(store: SampleStore, sample_rate: int) -> npt.NDArray[np.float64]:
    """Return what `measure_levels` would of the whole sound, a minute of it at a time."""
    hop = seconds_to_samples(HOP_S, sample_rate)
    frames = len(store) // hop
    parts = []
    for first in range(0, frames, LEVEL_FRAMES):
        last = min(first + LEVEL_FRAMES, frames)
        # A frame's level depends on its neighbours.
        before = min(first, WINDOW_HOPS)
        after = min(frames - last, WINDOW_HOPS)
        samples = store.read((first - before) * hop, (last + after) * hop)
        levels = measure_levels(samples, sample_rate)
        parts.append(levels[before : before + last - first])
    return np.concatenate(parts)


def _make_clips(
    store: SampleStore, facts: _Facts, spans: list[tuple[int, SpeechSpan]], *, is_cut: bool
) -> Iterator[PreparedClip]:
    offset_counts = round(store.mean)
    dc_offset = store.mean / PCM16_SCALE
    with store:
        for offset, span in spans:
            start, end = offset + span.start, offset + span.end
            waveform = store.read(start, end)
            if abs(dc_offset) >= DC_OFFSET:
                centred = waveform.astype(np.int32) - offset_counts
                waveform = np.clip(centred, -32768, 32767).astype(np.int16)
            yield _make_clip(waveform, start, span, facts, dc_offset=dc_offset, is_cut=is_cut)


def _make_clip(
    waveform: npt.NDArray[np.int16],
    start: int,
    span: SpeechSpan,
    facts: _Facts,
    *,
    dc_offset: float,
    is_cut: bool,
) -> PreparedClip:
    start_s = samples_to_seconds(start, facts.sample_rate)
    # Resampling rounds the last sample up, to less than one sample behind the source's end.
    end_s = min(facts.duration_s, samples_to_seconds(start + len(waveform), facts.sample_rate))
    level, snr_db = level_dbfs(from_pcm16(waveform)), estimate_snr_db(span)
    flags = facts.flags | set(
        flag_sound(
            level_dbfs=level,
            snr_db=snr_db,
            clipped_fraction=facts.clipped_fraction,
            dc_offset=dc_offset,
        )
    )
    return PreparedClip(
        waveform=waveform,
        sample_rate=facts.sample_rate,
        audio_sha256=facts.source.sha256,
        source_bytes=facts.source.size,
        source_format=facts.format,
        source_rate=facts.source_rate,
        source_channels=facts.channels,
        duration_s=facts.duration_s,
        speech_start_s=start_s,
        speech_end_s=end_s,
        level_dbfs=level,
        clipped_fraction=facts.clipped_fraction,
        snr_db=snr_db,
        segment=(start_s, end_s) if is_cut else None,
        flags=tuple(sorted(flags | {"long_recording"} if is_cut else flags)),
    )
