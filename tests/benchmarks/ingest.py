"""Ingest against a plain per-file loop, as a ratio in one run.

`make bench` prints one row per corpus: clips per second of `serloop ingest` (whole path, commit
included, as many processes as cores) and of the loop most people write (soundfile, torchaudio's
Resample and MelSpectrogram per file, one process, results in memory), taken in turn.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import soundfile
import torch
import torchaudio

from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.settings import Settings

ROUNDS = 3
SAMPLE_RATE = 16000


def plain_loop(files: list[Path]) -> None:
    """Decode, downmix, resample and compute log-mel one file at a time."""
    mel = torchaudio.transforms.MelSpectrogram(
        SAMPLE_RATE, n_fft=512, hop_length=256, n_mels=64, power=2.0
    )
    features = []
    for path in files:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        waveform = torch.from_numpy(samples.mean(axis=1))
        if rate != SAMPLE_RATE:
            waveform = torchaudio.transforms.Resample(rate, SAMPLE_RATE)(waveform)
        features.append(torch.log(mel(waveform) + 1e-6).numpy())


def whole_path(corpus: str, root: Path) -> None:
    """Ingest into a new warehouse."""
    with tempfile.TemporaryDirectory() as home:
        ingest(Settings(home=Path(home)), SilentProgress(), corpus=corpus, root=root)


def measure(run: Callable[[], None]) -> float:
    """Return the seconds of one run."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def compare(corpus: str, root: Path) -> None:
    """Print clips per second of both and their ratio, medians of runs taken in turn."""
    files = sorted([*root.rglob("*.wav"), *root.rglob("*.flac")])
    ours, plain = [], []
    for _ in range(ROUNDS):
        ours.append(measure(lambda: whole_path(corpus, root)))
        plain.append(measure(lambda: plain_loop(files)))
    ratios = [slow / fast for slow, fast in zip(plain, ours, strict=True)]
    print(  # noqa: T201 - a benchmark's output is its result
        f"{corpus} {root.name:<12} {len(files):>5} clips   "
        f"serloop {len(files) / median(ours):7.1f} clips/s   "
        f"plain loop {len(files) / median(plain):7.1f} clips/s   "
        f"ratio {np.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
    )


def main() -> int:
    """Compare on every corpus there is."""
    torch.set_num_threads(1)
    data = Path(os.environ.get("SERLOOP_DATA", Path(__file__).parents[3] / "shared" / "data"))
    roots = [
        ("ravdess", data / "ravdess" / "flac16k"),
        ("ravdess", data / "ravdess" / "native_flac"),
        ("urdu", data / "urdu"),
    ]
    there = [(corpus, root) for corpus, root in roots if root.is_dir()]
    if not there:
        print(f"no corpus under `{data}`; set SERLOOP_DATA")  # noqa: T201
        return 1
    for corpus, root in there:
        compare(corpus, root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
