"""A corpus of calls that grows, written from the synthetic one."""

import csv
import wave
from pathlib import Path

import numpy as np


def write_calls(root: Path, source: Path, speakers: list[str], *, gain: float = 1.0) -> None:
    """Add the clips of some speakers to a folder with a manifest.

    Args:
        root: Where the calls lie.
        source: Folder of a synthetic corpus.
        speakers: Its folders to add.
        gain: What samples are multiplied by.
    """
    root.mkdir(parents=True, exist_ok=True)
    manifest = root / "manifest.csv"
    is_new = not manifest.exists()
    with manifest.open("a", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        if is_new:
            rows.writerow(["path", "speaker", "label"])
        for path in sorted(path for name in speakers for path in source.glob(f"{name}/*.wav")):
            amplify(path, root / path.name, gain)
            rows.writerow([path.name, path.parent.name, path.stem.split("_")[1]])


def amplify(source: Path, target: Path, gain: float) -> None:
    """Copy a recording, louder."""
    with wave.open(str(source)) as read:
        parameters, samples = read.getparams(), read.readframes(read.getnframes())
    louder = np.clip(gain * np.frombuffer(samples, "<i2"), -32768, 32767).astype("<i2")
    with wave.open(str(target), "wb") as written:
        written.setparams(parameters)
        written.writeframes(louder.tobytes())
