"""The loop most people write: soundfile and torchaudio, one file after the other.

Per file: decode to float32, mean of the channels, `torchaudio.transforms.Resample` where the rate
differs, cut what is 40 dB below the loudest 25 ms at either end, `MelSpectrogram`, logarithm, and
`torch.save` of both. Run as `python -m tests.benchmarks.peers.plain_loop ROOT OUT`; without OUT
nothing is written.
"""

import json
import sys
import time
from pathlib import Path

import soundfile
import torch
import torchaudio

SAMPLE_RATE = 16000
FRAME = 400
RANGE_DB = 40.0


def trim(waveform: torch.Tensor) -> torch.Tensor:
    """Cut the quiet at either end."""
    if len(waveform) < FRAME:
        return waveform
    level = waveform.unfold(0, FRAME, FRAME).square().mean(dim=1)
    loud = torch.nonzero(level > level.max() * 10 ** (-RANGE_DB / 10))
    if not len(loud):
        return waveform
    return waveform[int(loud[0]) * FRAME : (int(loud[-1]) + 1) * FRAME]


def main(root: Path, out: Path | None) -> None:
    """Prepare every file, and print how many there were and how long they took."""
    started = time.perf_counter()
    files = sorted([*root.rglob("*.flac"), *root.rglob("*.wav")])
    mel = torchaudio.transforms.MelSpectrogram(
        SAMPLE_RATE, n_fft=512, hop_length=256, n_mels=64, power=2.0
    )
    for number, path in enumerate(files):
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        waveform = torch.from_numpy(samples.mean(axis=1))
        if rate != SAMPLE_RATE:
            waveform = torchaudio.transforms.Resample(rate, SAMPLE_RATE)(waveform)
        waveform = trim(waveform)
        log_mel = torch.log(mel(waveform) + 1e-6)
        if out is not None:
            # A view would be saved with all of the storage behind it.
            torch.save({"waveform": waveform.clone(), "log_mel": log_mel}, out / f"{number}.pt")
    print(json.dumps({"clips": len(files), "seconds": time.perf_counter() - started}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
