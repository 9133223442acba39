"""What each kind of features costs per clip, against torchaudio.

`python -m tests.benchmarks.features` prints milliseconds of CPU per clip of 2.3 s (RAVDESS,
trimmed) on one thread, best of 50 taken in turn.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
import torch
import torchaudio

from ser.errors import ConfigurationError
from ser.features.registry import KINDS, build_features

ROUNDS = 50
CLIP_S = 2.3


def measure(run: Callable[[], object]) -> float:
    """Return the seconds of CPU that one call takes."""
    started = time.process_time()
    run()
    return time.process_time() - started


def main() -> int:
    """Print one row per kind."""
    torch.set_num_threads(1)
    noise = 3000 * np.random.default_rng(0).standard_normal(round(CLIP_S * 16000))
    clip = noise.astype(np.int16)
    floats = torch.from_numpy(clip / np.float32(32768))
    mel = torchaudio.transforms.MelSpectrogram(16000, n_fft=512, hop_length=256, n_mels=64)
    runs: dict[str, Callable[[], object]] = {
        "torchaudio log-mel": lambda: torch.log(mel(floats) + 1e-6)
    }
    for kind in KINDS:
        try:
            features = build_features(kind)
            features.compute([clip])
        except ConfigurationError as error:
            print(f"{kind}: {error}")  # noqa: T201 - a benchmark's output is its result
            continue
        runs[kind] = lambda features=features: features.compute([clip])
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(ROUNDS):
        for name, run in runs.items():
            best[name] = min(best[name], measure(run))
    reference = best["torchaudio log-mel"]
    for name, seconds in best.items():
        print(f"{name:<20} {1000 * seconds:7.2f} ms  {seconds / reference:6.2f}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
