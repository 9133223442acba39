"""What trimming loses of speech and keeps of silence, in noise, on RAVDESS.

`python -m tests.benchmarks.trimming` takes every third clip of the even actors (240 clips, all
emotions), adds 0.3 to 1.5 s of silence at both ends and noise at 20, 10, 5 and 0 dB, and prints a
table per detector: `energy` (the default, whose settings were chosen on the odd actors),
`silero`, and `single` (the default before: one threshold 6 dB above the 10th percentile of the
levels). `--detectors nothing` does not trim: it loses 0 and keeps 100 %. A second table takes
clips cut to their speech, where a detector can only lose.

**Reference.** Found on the clean clip, where the studio's noise lies 60 dB below the voice, so
that no detector's judgement is needed, and with other means than the detectors use. Rumble below
100 Hz is filtered out. A 10 ms frame is active when its power less that of the clip's noise (10th
percentile) is within 35 dB of the voice's loudest 50 ms and four times the noise; active frames
count from 30 ms on end, gaps up to 0.1 s are closed. Of the stretches so found only those count
that hold 50 ms of voice (normalised autocorrelation above 0.6 at 70 to 500 Hz): all sentences
begin and end in a voiced word, so what is left out is breath, sighs and handling noise. The
speech goes from the first to the last stretch. Between 20 and 35 dB the spans grow by 30 ms per
5 dB, the decay of the voice in the room; from 40 dB on by much more, which is breath.

**Noise.** White; pink; babble (six other speakers' speech without pauses, at equal level); hum
(50 Hz, four harmonics, and an offset of twice its RMS). SNR is the mean power of the reference
span over that of the noise. The mixture is rounded to 16 bits.

**Columns.** Lost: part of the reference span that is cut off, mean of the clips, and the share of
clips that lose more than 5 %; a clip refused as holding no speech counts as lost. Start, end:
what is kept minus reference, padding included: median, and 95th percentile of the absolute
value; early starts and late ends are padding. Kept: part of what is not speech that stays.
"""

import argparse
import os
import sys
import timeit
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from ser.audio.finders import find_finder
from ser.audio.levels import HOP_S, hold, measure_levels
from ser.audio.segment import TrimSettings
from ser.errors import AudioError

RATE = 16000
HOP = round(HOP_S * RATE)
SNRS_DB = (20, 10, 5, 0)
NOISES = ("white", "pink", "babble", "hum")
PADDING_S = (0.3, 1.5)
TALKERS = 6
RANGE_DB = 35.0

Span = tuple[int, int]
Detector = Callable[[np.ndarray], Span]


@cache
def read_clip(path: Path) -> np.ndarray:
    """Return a clip without its offset, float64."""
    samples, _ = soundfile.read(path)
    return samples - samples.mean()


@cache
def reference_span(path: Path) -> Span:
    """Return where the speech of a clean clip is, in samples."""
    clip = high_pass(read_clip(path))
    frames = len(clip) // HOP
    power = (clip[: frames * HOP].reshape(frames, HOP) ** 2).mean(axis=1)
    noise = np.percentile(power, 10)
    speech = np.maximum(power - noise, 0)
    is_active = (speech >= np.sort(speech)[-5] * 10 ** (-RANGE_DB / 10)) & (power >= 4 * noise)
    hits = np.flatnonzero(np.convolve(is_active, np.ones(3), "valid") == 3)
    breaks = np.flatnonzero(np.diff(hits) > 13)
    starts, ends = hits[np.append(0, breaks + 1)], hits[np.append(breaks, -1)] + 3
    is_voiced = is_active & find_voice(clip, frames)
    voiced = np.flatnonzero(np.convolve(is_voiced, np.ones(5), "valid") == 5)
    first, last = np.searchsorted(starts, voiced[[0, -1]], "right") - 1
    return int(starts[first]) * HOP, int(ends[last]) * HOP


def high_pass(clip: np.ndarray) -> np.ndarray:
    """Return the clip without what is below 60 Hz, and less of what is below 100 Hz."""
    spectrum = np.fft.rfft(clip)
    frequency = np.fft.rfftfreq(len(clip), 1 / RATE)
    return np.fft.irfft(spectrum * np.clip((frequency - 60) / 40, 0, 1), len(clip))


def find_voice(clip: np.ndarray, frames: int) -> np.ndarray:
    """Return which frames are periodic, by the autocorrelation of 40 ms."""
    width, lags = 4 * HOP, np.arange(RATE // 500, RATE // 70)
    blocks = np.lib.stride_tricks.sliding_window_view(clip, width)[::HOP]
    correlation = np.fft.irfft(np.abs(np.fft.rfft(blocks, 2048)) ** 2)[:, lags]
    energy = np.cumsum(blocks**2, axis=1)
    both = energy[:, width - 1 - lags] * (energy[:, -1:] - energy[:, lags - 1])
    is_periodic = (correlation / np.sqrt(np.maximum(both, 1e-20))).max(axis=1) > 0.6
    found = np.zeros(frames, dtype=bool)
    centred = is_periodic[: frames - 1]
    found[1 : 1 + len(centred)] = centred
    return found


def make_noise(kind: str, size: int, others: list[Path], rng: np.random.Generator) -> np.ndarray:
    """Return noise of power one."""
    if kind == "white":
        noise = rng.standard_normal(size)
    elif kind == "pink":
        spectrum = np.fft.rfft(rng.standard_normal(size))
        frequency = np.fft.rfftfreq(size, 1 / RATE)
        noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(frequency, 20)), size)
    elif kind == "hum":
        time = np.arange(size) / RATE
        noise = sum(np.sin(2 * np.pi * (50 * n * time + rng.random())) / n for n in (1, 2, 3, 5, 7))
    else:
        noise = sum(talk(size, others, rng) for _ in range(TALKERS))
    return noise / np.sqrt(np.mean(noise**2))


def talk(size: int, others: list[Path], rng: np.random.Generator) -> np.ndarray:
    """Return speech of one clip after the other, at equal power."""
    parts, length = [], 0
    offset = int(rng.integers(RATE))
    while length < size + offset:
        path = others[rng.integers(len(others))]
        part = read_clip(path)[slice(*reference_span(path))]
        parts.append(part / np.sqrt(np.mean(part**2)))
        length += len(part)
    return np.concatenate(parts)[offset : offset + size]


def mixtures(
    paths: list[Path], pool: list[Path], *, padded: bool, snrs_db: tuple[int, ...] = SNRS_DB
) -> Iterator[tuple[str, np.ndarray, Span]]:
    """Yield a condition, the int16 waveform, and where its speech is, for all noises and SNRs."""
    for index, path in enumerate(paths):
        rng = np.random.default_rng([7, index])
        clip, (start, end) = read_clip(path), reference_span(path)
        power = np.mean(clip[start:end] ** 2)
        lead, tail = (rng.uniform(*PADDING_S, 2) * RATE).astype(int)
        clip = np.pad(clip, (lead, tail)) if padded else clip[start:end]
        span = (start + lead, end + lead) if padded else (0, end - start)
        others = [other for other in pool if other.parent != path.parent]
        yield "clean", to_int16(clip), span
        for kind in NOISES:
            noise = make_noise(kind, len(clip), others, rng)
            for snr_db in snrs_db:
                gain = np.sqrt(power / 10 ** (snr_db / 10))
                offset = 2 * gain if kind == "hum" else 0.0
                yield f"{kind} {snr_db:>2} dB", to_int16(clip + gain * noise + offset), span


def to_int16(waveform: np.ndarray) -> np.ndarray:
    """Round to 16 bits, made softer where it would clip."""
    gain = min(1.0, 0.95 / np.abs(waveform).max())
    return np.rint(waveform * gain * 32768).astype(np.int16)


def single_threshold(waveform: np.ndarray) -> Span:
    """Trim as serloop did before: one threshold, one padding."""
    frames = len(waveform) // HOP
    blocks = waveform[: frames * HOP].reshape(frames, HOP) / 32768
    power = np.convolve((blocks**2).mean(axis=1), np.ones(3), "same")
    power /= np.convolve(np.ones(frames), np.ones(3), "same")
    levels = 10 * np.log10(np.maximum(power, 1e-10))
    held = hold(levels, 5)
    threshold = max(np.percentile(levels, 10) + 6, held.max() - 40)
    hits = np.flatnonzero(held >= min(threshold, held.max() - 15))
    padding = RATE // 10
    start, end = int(hits[0]) * HOP - padding, (int(hits[-1]) + 5) * HOP + padding
    return max(0, start), min(len(waveform), end)


def make_detectors(names: list[str]) -> dict[str, Detector]:
    """Return what to compare by name."""

    def through(name: str) -> Detector:
        finder = find_finder(name)

        def detect(waveform: np.ndarray) -> Span:
            try:
                span = finder(waveform, RATE, TrimSettings())
            except AudioError:
                return 0, 0
            return span.start, span.end

        return detect

    own = {"single": single_threshold, "nothing": lambda waveform: (0, len(waveform))}
    return {name: own[name] if name in own else through(name) for name in names}


def judge(found: Span, truth: Span, size: int) -> tuple[float, float, float, float]:
    """Return share of speech lost, start and end error in ms, share of silence kept."""
    (start, end), (first, last) = found, truth
    speech = last - first
    heard = max(0, min(end, last) - max(start, first))
    kept = (end - start - heard) / max(size - speech, 1)
    return 1 - heard / speech, (start - first) * 1e3 / RATE, (end - last) * 1e3 / RATE, kept


def report(title: str, rows: dict[str, list[tuple[float, ...]]]) -> None:
    """Print one line per condition."""
    print(f"\n{title}")  # noqa: T201 - a benchmark's output is its result
    print(  # noqa: T201
        f"{'':<13}{'lost %':>7}{'clips>5%':>10}{'start ms':>10}{'p95':>7}{'end ms':>8}{'p95':>7}"
        f"{'silence kept %':>16}"
    )
    for condition, values in rows.items():
        lost, start, end, kept = np.array(values).T
        print(  # noqa: T201
            f"{condition:<13}{100 * lost.mean():7.2f}{100 * np.mean(lost > 0.05):10.1f}"
            f"{np.median(start):10.0f}{np.percentile(np.abs(start), 95):7.0f}"
            f"{np.median(end):8.0f}{np.percentile(np.abs(end), 95):7.0f}{100 * kept.mean():16.0f}"
        )


def compare(detectors: dict[str, Detector], paths: list[Path], pool: list[Path]) -> None:
    """Print the tables: padded clips, then clips that are all speech."""
    for padded, layout in ((True, "silence added"), (False, "cut to the speech")):
        tables: dict[str, dict[str, list]] = {name: defaultdict(list) for name in detectors}
        for condition, waveform, truth in mixtures(paths, pool, padded=padded):
            for name, detect in detectors.items():
                row = judge(detect(waveform), truth, len(waveform))
                tables[name][condition].append(row)
        for name, rows in tables.items():
            report(f"{name}, {len(paths)} clips, {layout}", rows)


def time_each(detectors: dict[str, Detector], path: Path) -> None:
    """Print the time of each on one clip, the best of many."""
    waveform = to_int16(read_clip(path))
    print(f"\nms per clip of {len(waveform) / RATE:.1f} s, one thread")  # noqa: T201
    for name, detect in detectors.items():
        detect(waveform)
        number = 3 if name == "silero" else 200
        best = min(timeit.repeat(lambda d=detect: d(waveform), number=number, repeat=9)) / number
        print(f"{name:<10}{best * 1e3:9.3f}")  # noqa: T201
    levels = min(timeit.repeat(lambda: measure_levels(waveform, RATE), number=200, repeat=9)) / 200
    print(f"(levels alone {levels * 1e3:.3f})")  # noqa: T201


def main() -> int:
    """Compare on the clips asked for."""
    parser = argparse.ArgumentParser(description="What trimming loses and keeps.")
    parser.add_argument("--actors", choices=("even", "odd", "all"), default="even")
    parser.add_argument("--every", type=int, default=3, help="take every n-th clip")
    parser.add_argument("--detectors", nargs="+", default=["energy", "silero", "single"])
    options = parser.parse_args()
    data = Path(os.environ.get("SERLOOP_DATA", Path(__file__).parents[3] / "shared" / "data"))
    parity = {"even": (0,), "odd": (1,), "all": (0, 1)}[options.actors]
    pool = [
        path
        for path in sorted((data / "ravdess" / "flac16k").rglob("*.flac"))
        if int(path.stem[-2:]) % 2 in parity
    ]
    if not pool:
        print(f"no RAVDESS under `{data}`; set SERLOOP_DATA")  # noqa: T201
        return 1
    detectors = make_detectors(options.detectors)
    compare(detectors, pool[:: options.every], pool)
    time_each(detectors, pool[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
