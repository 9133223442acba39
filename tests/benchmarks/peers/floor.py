"""The floor: what no ingest can leave out, in two processes and with our own kernels.

Per file: decode with the decoder that we use, mean of the channels, one resample where the rate
differs, one short-time Fourier transform and one mel product. No hash, no check, no trimming, no
measurement, no logarithm; nothing is written or sent back. Run as
`python -m tests.benchmarks.peers.floor ROOT PROCESSES`.
"""

import json
import multiprocessing
import sys
import time
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.fft
import soundfile

from ser.audio.flac import open_flac, read_stream_info
from ser.audio.resample import resample
from ser.features.mel import mel_filters

SAMPLE_RATE = 16000
N_FFT = 512
HOP = 256
BANDS = 64
FILES_PER_MESSAGE = 32


def decode(path: Path) -> tuple[npt.NDArray[np.int16], int]:
    """Return the samples ``(S, channels)`` and their rate."""
    if path.suffix == ".flac":
        data = path.read_bytes()
        info = read_stream_info(data)
        blocks = open_flac(data, info, info.frames + 1)
        return next(blocks), info.sample_rate
    return soundfile.read(path, dtype="int16", always_2d=True)


@lru_cache(maxsize=1)
def tables() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the window ``(N_FFT,)`` and the mel filters ``(N_FFT // 2 + 1, BANDS)``."""
    window = np.hanning(N_FFT + 1)[:-1].astype(np.float32)
    filters = mel_filters(sample_rate=SAMPLE_RATE, n_fft=N_FFT, bands=BANDS, f_min=20, f_max=8000)
    return window, filters


def work(path: Path) -> int:
    """Do the least for one file, and return the number of its frames."""
    samples, rate = decode(path)
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1, dtype=np.float32)
    waveform = np.pad(resample(mono, rate, SAMPLE_RATE), N_FFT // 2)
    window, filters = tables()
    frames = np.lib.stride_tricks.sliding_window_view(waveform, N_FFT)[::HOP] * window
    spectrum = scipy.fft.rfft(frames, overwrite_x=True)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return len(power @ filters)


def main(root: Path, processes: int) -> None:
    """Work on every file, and print how many there were and how long they took."""
    started = time.perf_counter()
    files = sorted([*root.rglob("*.flac"), *root.rglob("*.wav")])
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        frames = sum(pool.imap_unordered(work, files, FILES_PER_MESSAGE))
    if not frames:
        sys.exit(f"no audio under `{root}`")
    print(json.dumps({"clips": len(files), "seconds": time.perf_counter() - started}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
