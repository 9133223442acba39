"""How fast, how soon, how right and in how much memory a stream is heard, on RAVDESS.

`python -m tests.benchmarks.streaming --model ID [--bundle FOLDER …] [--actors 2,5,14,15,16]` with
SERLOOP_HOME naming the home of the model, which was trained without these actors.

**Speed.** Seconds of one core per second of sound (RTF): resampling from 48 kHz, levels, speech,
features and a judgement every 250 ms, fed in chunks of 20 ms. It is the processor's time, which
other programs change little; the time of each answer (p50, p99) is the clock's. `speech` is clips
cut to their speech and joined, so that nearly every moment is judged; `clips` are whole, with
their silence. The model in PyTorch and each bundle take turns, and the best of three counts: a
ratio in one run.

**Onset.** From the beginning of speech to the end of the first moment with a posterior, in time
of the stream; judging it comes on top, and is in the last table. The beginning is that of
`tests.benchmarks.trimming.reference_span`, found on the whole clip by other means. Clips lose
0 … 0.24 s of the silence before them, so that speech begins anywhere between two moments.

**Accuracy.** UAR of the answers by the time since the beginning of the speech they judge, with
that of the whole clips as `ser.prepare` cuts them.

**Memory.** Resident memory while hours of sound are fed as fast as it goes (`--hours`, 2).
"""
# ruff: noqa: T201 - a benchmark's output is its result

import argparse
import os
import sys
import time
from itertools import cycle, pairwise
from pathlib import Path

import numpy as np
import soundfile

from pipelines.models import load_weights, require_model
from pipelines.settings import load_settings
from pipelines.workspace import open_store
from ser.audio.pcm import from_pcm16
from ser.audio.resample import resample
from ser.corpora.ravdess import EMOTIONS
from ser.export.bundle import load_bundle
from ser.export.runtime import open_recogniser
from ser.features.registry import rebuild_features
from ser.inference.recogniser import ModelRecogniser, Recogniser
from ser.metrics.classification import unweighted_average_recall
from ser.prepare import prepare
from ser.streaming.moments import Due, Moment, answer
from ser.streaming.stream import EmotionStream
from ser.threads import use_threads
from tests.benchmarks.trimming import reference_span

RATE, SOURCE_RATE = 16000, 48000
CHUNK_S = 0.02
SPEED_S = 60.0
TURNS = 3
SINCE_S = (0.3, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 4.0)
BATCH = 32


def find_clips(actors: set[int]) -> list[Path]:
    """Return the clips of some actors."""
    data = Path(os.environ.get("SERLOOP_DATA", Path(__file__).parents[3] / "shared" / "data"))
    folder = data / "ravdess" / "flac16k"
    return [path for path in sorted(folder.rglob("*.flac")) if int(path.stem[-2:]) in actors]


def read_whole(path: Path) -> np.ndarray:
    """Return all of a clip, int16."""
    samples, _ = soundfile.read(path, dtype="int16")
    return samples


def late_s(clip: int) -> float:
    """Return what a clip loses of the silence before it, s: actors begin a second after a cue."""
    return clip % 25 * 0.01


def read_late(path: Path, clip: int) -> np.ndarray:
    """Return a clip whose speech begins anywhere in a hop."""
    return read_whole(path)[round(late_s(clip) * RATE) :]


def read_speech(path: Path) -> np.ndarray:
    """Return a clip as models are trained on it, int16."""
    (clip,) = prepare(path)  # type: ignore[misc] - none of RAVDESS is refused
    return clip.waveform


def listen(recogniser: Recogniser, sound: np.ndarray, rate: int) -> tuple[float, list[float], int]:
    """Feed a sound in chunks; return seconds needed, those of each answer, and their number."""
    stream = EmotionStream(recogniser, sample_rate=rate)
    chunk = round(CHUNK_S * rate)
    waits, judged, began = [], 0, time.process_time()
    for first in range(0, len(sound), chunk):
        start = time.perf_counter()
        moments = stream.feed(sound[first : first + chunk])
        if moments and moments[-1].posterior is not None:
            waits.append(time.perf_counter() - start)
            judged += len(moments)
    return time.process_time() - began, waits, judged


def compare_speed(recognisers: dict[str, Recogniser], paths: list[Path]) -> None:
    """Print what each recogniser needs for speech and for clips."""
    print(f"\n{'speed':<60}{'sound':>8}{'judged':>8}{'RTF':>9}{'p50 ms':>8}{'p99 ms':>8}")
    for name, read in (("speech", read_speech), ("clips", read_whole)):
        joined = np.concatenate([read(path) for path in paths])[: round(SPEED_S * RATE)]
        sound = resample(from_pcm16(joined), RATE, SOURCE_RATE)
        hops = len(joined) / RATE * 4
        best: dict[str, tuple[float, list[float], int]] = {}
        for _ in range(TURNS):
            for label, of in recognisers.items():
                took = listen(of, sound, SOURCE_RATE)
                best[label] = min(best.get(label, took), took, key=lambda found: found[0])
        for label, (seconds, waits, judged) in best.items():
            p50, p99 = np.percentile(waits, [50, 99]) * 1e3
            share, rtf = judged / hops, seconds / len(joined) * RATE
            print(f"{label:<60}{name:>8}{share:8.0%}{rtf:9.4f}{p50:8.1f}{p99:8.1f}")


def hear_clips(recogniser: Recogniser, paths: list[Path]) -> list[list[Moment]]:
    """Return the moments of each clip, judged in batches of similar length."""
    due: list[tuple[int, Due]] = []
    for clip, path in enumerate(paths):
        stream = EmotionStream(recogniser, sample_rate=RATE)
        found = stream.collect(read_late(path, clip)) + stream.collect_rest()
        due += [(clip, of) for of in found]
    due.sort(key=lambda of: 0 if of[1].window is None else len(of[1].window))
    heard: list[list[Moment]] = [[] for _ in paths]
    for first in range(0, len(due), BATCH):
        part = due[first : first + BATCH]
        for (clip, _), moment in zip(part, answer(recogniser, [of for _, of in part]), strict=True):
            heard[clip].append(moment)
    return [sorted(moments, key=lambda moment: moment.end_s) for moments in heard]


def report_onsets(heard: list[list[Moment]], paths: list[Path]) -> None:
    """Print how soon after speech begins the first answer is due."""
    delays, early = [], 0
    for clip, (path, moments) in enumerate(zip(paths, heard, strict=True)):
        start, end = (at / RATE - late_s(clip) for at in reference_span(path))
        ends = [of.end_s for of in moments if of.posterior is not None]
        early += sum(at <= start or at > end + 1 for at in ends)
        delays.append(next((at - start for at in ends if at > start), np.inf))
    values = np.array(delays)
    quantiles = np.quantile(values, [0.05, 0.5, 0.9, 0.95, 0.99, 1.0])
    print("\nonset to first answer, s: 5, 50, 90, 95, 99, 100 %", quantiles.round(3).tolist())
    print(f"within 0.6 s: {np.mean(values <= 0.6):.1%} of {len(paths)} clips; never: ", end="")
    print(f"{np.isinf(values).sum()}; answers before speech or 1 s behind it: {early}")


def report_accuracy(recogniser: Recogniser, heard: list[list[Moment]], paths: list[Path]) -> None:
    """Print the UAR by time since the speech began, of last answers, and of whole clips."""
    classes = recogniser.classes
    truth = np.array([classes.index(EMOTIONS[path.stem[6:8]]) for path in paths])

    def rate(clips: list[int], posteriors: list[np.ndarray]) -> str:
        prediction = np.array([of.argmax() for of in posteriors], np.int64)
        found = unweighted_average_recall(truth[clips], prediction, len(classes))
        return f"{found:.3f} ({len(clips)} answers)"

    print("\nUAR by seconds since the speech began")
    for low, high in pairwise(SINCE_S):
        said = [
            (clip, of.posterior)
            for clip, moments in enumerate(heard)
            for of in moments
            if of.posterior is not None and low <= of.end_s - (of.onset_s or 0) + 1e-6 < high
        ]
        if said:
            print(f"  {low:4.2f} … {high:4.2f} s   {rate(*map(list, zip(*said, strict=True)))}")
    last = {
        clip: of.posterior
        for clip, moments in enumerate(heard)
        for of in moments
        if of.posterior is not None
    }
    print(f"  last answer     {rate(list(last), list(last.values()))}")
    whole = [recogniser.judge([read_speech(path)])[0] for path in paths]
    print(f"  whole clip      {rate(list(range(len(paths))), whole)}")


def report_memory(recogniser: Recogniser, paths: list[Path], hours: float) -> None:
    """Print the resident memory while hours of sound are fed."""
    stream = EmotionStream(recogniser, sample_rate=RATE)
    fed, began, next_s = 0, time.perf_counter(), 60.0
    print("\nmemory, MB after s of sound: ", end="")
    for path in cycle(paths):
        sound = read_whole(path)
        stream.feed(sound)
        fed += len(sound)
        if fed / RATE >= next_s:
            print(f"{resident_mb():.0f} ({next_s:.0f})", end="  ", flush=True)
            next_s *= 2
        if fed / RATE >= hours * 3600:
            break
    print(f"\n{resident_mb():.0f} MB after {hours} h, in {time.perf_counter() - began:.0f} s")


def resident_mb() -> float:
    """Return the memory this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description="How well a stream is heard.")
    parser.add_argument("--model", required=True)
    parser.add_argument("--bundle", nargs="*", type=Path, default=[])
    parser.add_argument("--actors", default="2,5,14,15,16")
    parser.add_argument("--parts", nargs="+", default=["speed", "answers", "memory"])
    parser.add_argument("--hours", type=float, default=2.0)
    options = parser.parse_args()
    use_threads(1)
    paths = find_clips({int(actor) for actor in options.actors.split(",")})
    if not paths:
        print("no RAVDESS; set SERLOOP_DATA")
        return 1
    model = load_model(options.model)
    recognisers = {options.model: model}
    for folder in options.bundle:
        bundle = load_bundle(folder)
        label = f"{folder.name} ({bundle.precision}, features {bundle.features})"
        recognisers[label] = open_recogniser(bundle)
    if "speed" in options.parts:
        compare_speed(recognisers, paths)
    if "answers" in options.parts:
        heard = hear_clips(model, paths)
        report_onsets(heard, paths)
        report_accuracy(model, heard, paths)
    if "memory" in options.parts:
        report_memory(list(recognisers.values())[-1], paths, options.hours)
    return 0


def load_model(model_id: str) -> Recogniser:
    """Return a model of the home in PyTorch, whatever bundles it has."""
    settings = load_settings()
    with open_store(settings) as store:
        row = require_model(store, model_id)
    features = rebuild_features(row["config"]["features"])
    return ModelRecogniser(load_weights(settings, row), features, name=model_id)


if __name__ == "__main__":
    sys.exit(main())
