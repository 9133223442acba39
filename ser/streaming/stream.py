"""Hear the emotion in a waveform while it arrives."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from ser.audio.files import RATES_HZ
from ser.audio.levels import HOP_S
from ser.audio.pcm import Waveform, from_pcm16
from ser.audio.resample import Resampler
from ser.audio.segment import TrimSettings
from ser.audio.timing import samples_to_seconds, seconds_to_samples
from ser.errors import ConfigurationError
from ser.features.spectral import LogMel
from ser.inference.recogniser import FrameRecogniser, Recogniser
from ser.streaming.memory import FrameMemory, SampleMemory
from ser.streaming.moments import Due, Moment, answer
from ser.streaming.speech import HANGOVER_S, SpeechNow, find_utterance

DEFAULT_TRIM = TrimSettings()
PROMPT_OUTPUTS = 320  # 20 ms at 16 kHz; a file is resampled by the half second
PIECE_S = 1.0  # a chunk of hours is looked at by the second, or its copy would be in memory


class EmotionStream:
    """Answer every ``hop_s`` what is heard in the speech of the last ``window_s``.

    The same audio gives the same moments, bit for bit, however it is cut into chunks: whatever
    is computed is computed for hops at fixed places of the stream. Each log-mel frame is computed
    once, silence is not judged at all, and what is kept does not grow with the stream.

    Args:
        recogniser: What judges.
        sample_rate: Of the chunks, one of `ser.audio.files.RATES_HZ`.
        hop_s: Time between answers, s, a multiple of 10 ms.
        window_s: Longest stretch of speech that is judged, s, at least ``hop_s``.
        shortest_s: Shortest stretch of speech that is judged, s.
        trim: How speech is told from noise.

    Raises:
        ConfigurationError: If a time or a rate lies outside its range.

    Example:
        ``stream.feed(chunk)`` for each chunk, then ``stream.finish()``. A server that has many
        streams answers them together: ``due = stream.collect(chunk)`` of each, then
        ``answer(recogniser, all_due)``.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        *,
        sample_rate: int,
        hop_s: float = 0.25,
        window_s: float = 3.0,
        shortest_s: float = 0.3,
        trim: TrimSettings = DEFAULT_TRIM,
    ) -> None:
        _check(sample_rate, hop_s, window_s, shortest_s)
        self.recogniser = recogniser
        self._source_rate = sample_rate
        self._rate = recogniser.sample_rate
        self._resampler = Resampler(sample_rate, self._rate, product_outputs=PROMPT_OUTPUTS)
        self._pending: npt.NDArray[np.float32] = np.empty(0, np.float32)
        self._hop, self._window, self._shortest, self._padding = (
            seconds_to_samples(seconds, self._rate)
            for seconds in (hop_s, window_s, shortest_s, trim.padding_s)
        )
        self._level_hop = seconds_to_samples(HOP_S, self._rate)
        self._trim = trim
        self._is_over = False
        # A window ends before now where speech did.
        kept = self._window + seconds_to_samples(HANGOVER_S, self._rate)
        self._frames: FrameMemory | None = None
        if isinstance(recogniser, FrameRecogniser) and isinstance(recogniser.features, LogMel):
            self._frames = FrameMemory(recogniser.features, kept)
            kept = self._frames.reach
        self._samples = SampleMemory(self._rate, kept)

    @property
    def heard_s(self) -> float:
        """How much of the stream the moments so far cover, s."""
        return samples_to_seconds(self._samples.end, self._rate)

    def feed(self, samples: Waveform) -> list[Moment]:
        """Take the next samples and return the moments that they complete, in order.

        Args:
            samples: Mono ``(S,)``, float32 in [−1, 1] or int16; S may be 0.

        Raises:
            ConfigurationError: If the samples are of another kind or not finite, which changes
                nothing, or if the stream is over.
        """
        return [answer(self.recogniser, [due])[0] for due in self._take(self._check(samples))]

    def finish(self) -> list[Moment]:
        """End the stream and return what is left; the last moment may be shorter than a hop.

        Raises:
            ConfigurationError: If the stream is over.
        """
        return [answer(self.recogniser, [due])[0] for due in self._take_rest()]

    def listen(self, chunks: Iterable[Waveform]) -> Iterator[Moment]:
        """Yield the moments of a whole stream, each as soon as its samples are there.

        Args:
            chunks: As for `feed`.

        Raises:
            ConfigurationError: As from `feed`.
        """
        for chunk in chunks:
            yield from self.feed(chunk)
        yield from self.finish()

    def collect(self, samples: Waveform) -> list[Due]:
        """Take the next samples as `feed` does, and leave the judging to `answer`."""
        return list(self._take(self._check(samples)))

    def collect_rest(self) -> list[Due]:
        """End the stream as `finish` does, and leave the judging to `answer`."""
        return list(self._take_rest())

    def _check(self, samples: Waveform) -> Waveform:
        if self._is_over:
            raise ConfigurationError("the stream is over; open another one for more samples")
        if samples.ndim != 1 or samples.dtype not in (np.float32, np.int16):
            raise ConfigurationError(
                "`samples` must be float32 or int16 with the shape (S,), but are "
                f"{samples.dtype} {samples.shape}"
            )
        if samples.dtype == np.float32 and not np.isfinite(samples).all():
            raise ConfigurationError("`samples` must be finite, but hold NaN or infinity")
        return samples

    def _take(self, samples: Waveform) -> Iterator[Due]:
        piece = seconds_to_samples(PIECE_S, self._source_rate)
        for first in range(0, len(samples), piece):
            arrived = self._resampler.push(from_pcm16(samples[first : first + piece]))
            yield from self._take_resampled(from_pcm16(arrived))

    def _take_rest(self) -> Iterator[Due]:
        self._check(np.empty(0, np.float32))
        self._is_over = True
        yield from self._take_resampled(from_pcm16(self._resampler.finish()))
        if len(self._pending):
            yield self._advance(self._pending, is_last=True)

    def _take_resampled(self, arrived: npt.NDArray[np.float32]) -> Iterator[Due]:
        # A copy: what is kept of the caller's array must not change with it.
        waiting = np.concatenate([self._pending, arrived])
        hops = len(waiting) // self._hop
        self._pending = waiting[hops * self._hop :].copy()
        for hop in range(hops):
            yield self._advance(waiting[hop * self._hop : (hop + 1) * self._hop])

    def _advance(self, samples: npt.NDArray[np.float32], *, is_last: bool = False) -> Due:
        """Hear the next hop and say what is to be judged of it."""
        start = self._samples.end
        self._samples.append(samples)
        if self._frames is not None:
            self._frames.update(self._samples, is_last=is_last)
        found = find_utterance(self._samples.levels_dbfs, self._trim)
        return self._make_due(start, found)

    def _make_due(self, start: int, found: SpeechNow | None) -> Due:
        now = self._samples.end
        start_s, end_s = (samples_to_seconds(at, self._rate) for at in (start, now))
        if found is None:
            return Due(Moment(start_s, end_s, is_speech=False), None)
        # Samples behind the last whole 10 ms belong to no level yet.
        measured = now - now % self._level_hop
        onset = measured - found.onset * self._level_hop
        end = now if not found.end else measured - found.end * self._level_hop
        onset_s = samples_to_seconds(onset, self._rate)
        if end - onset < self._shortest:
            return Due(Moment(start_s, end_s, is_speech=True, onset_s=onset_s), None)
        last = min(now, end + self._padding)
        first = max(0, onset - self._padding, last - self._window)
        heard_s = samples_to_seconds(last - first, self._rate)
        moment = Moment(start_s, end_s, is_speech=True, heard_s=heard_s, onset_s=onset_s)
        memory = self._samples if self._frames is None else self._frames
        return Due(moment, memory.read(first, last).copy())


def _check(sample_rate: int, hop_s: float, window_s: float, shortest_s: float) -> None:
    if sample_rate not in RATES_HZ:
        raise ConfigurationError(
            f"`sample_rate` must lie in {RATES_HZ[0]} … {RATES_HZ[-1]} Hz, but got {sample_rate}"
        )
    frames = hop_s / HOP_S
    if hop_s < HOP_S or abs(frames - round(frames)) > 1e-6:
        raise ConfigurationError(f"`hop_s` must be a multiple of {HOP_S} s, but got {hop_s}")
    if window_s < hop_s:
        raise ConfigurationError(f"`window_s` must be ≥ `hop_s` = {hop_s} s, but got {window_s}")
    if not 0 < shortest_s <= window_s:
        raise ConfigurationError(
            f"`shortest_s` must lie in (0, `window_s`] = (0, {window_s}] s, but got {shortest_s}"
        )
