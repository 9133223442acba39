"""The corpora that benchmarks run on, and larger ones made of them."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

AUDIO = {".flac", ".wav"}
# Copies at other speeds and backwards: sounds of their own to every hash and fingerprint, and as
# hard to decode as the original.
SPEEDS = (1.0, 0.93, 1.07, 0.87, 1.13, 0.81)
VARIANTS = tuple(product(SPEEDS, (1, -1)))


@dataclass(frozen=True)
class Corpus:
    """A folder to ingest.

    Args:
        title: What the table calls it.
        reader: Name of the corpus for `serloop ingest`.
        root: The folder.
    """

    title: str
    reader: str
    root: Path

    @property
    def files(self) -> list[Path]:
        """Return the audio files, in order."""
        return sorted(path for path in self.root.rglob("*") if path.suffix in AUDIO)


def find_corpora() -> list[Corpus]:
    """Return the real corpora that are there."""
    default = Path(__file__).resolve().parents[3] / "shared" / "data"
    data = Path(os.environ.get("SERLOOP_DATA", default))
    known = [
        Corpus("RAVDESS 16 kHz", "ravdess", data / "ravdess" / "flac16k"),
        Corpus("RAVDESS 48 kHz", "ravdess", data / "ravdess" / "native_flac"),
        Corpus("URDU 44.1 kHz", "urdu", data / "urdu"),
    ]
    return [corpus for corpus in known if corpus.root.is_dir()]


def sample(corpus: Corpus, files: int, folder: Path) -> Corpus:
    """Copy a corpus, cut down to some of its files; readers need the layout around them."""
    root = folder / f"{corpus.root.name}-{files}"
    every = max(1, len(corpus.files) // files)
    chosen = set(corpus.files[::every][:files])
    for path in corpus.root.rglob("*"):
        if path in chosen or (path.is_file() and path.suffix not in AUDIO):
            target = root / path.relative_to(corpus.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    return Corpus(f"{corpus.title} ({len(chosen)})", corpus.reader, root)


def enlarge(corpus: Corpus, files: int, folder: Path, suffix: str = ".flac") -> Corpus:
    """Write a folder of many recordings made of those of a corpus.

    Args:
        corpus: Where the sounds come from.
        files: How many to write, at most `len(VARIANTS)` times those there are.
        folder: Where the new folder is made.
        suffix: Format of the new files.
    """
    title = f"{corpus.title} {suffix[1:].upper()}"
    root = folder / title.replace(" ", "-").lower()
    if files > len(VARIANTS) * len(corpus.files):
        raise ValueError(f"{corpus.title} gives at most {len(VARIANTS) * len(corpus.files)} files")
    for path, speed, step in islice(_variants(corpus), files):
        target = root / path.parent.name / f"{path.stem}-{speed}-{step}{suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
        soundfile.write(target, _stretch(samples, speed)[::step], rate, subtype="PCM_16")
    return Corpus(title, "folder", root)


def _variants(corpus: Corpus) -> Iterator[tuple[Path, float, int]]:
    for speed, step in VARIANTS:
        for path in corpus.files:
            yield path, speed, step


def _stretch(samples: npt.NDArray[np.int16], speed: float) -> npt.NDArray[np.int16]:
    if speed == 1.0:
        return samples
    at = np.arange(0, len(samples) - 1, speed)
    before = np.arange(len(samples))
    channels = [np.interp(at, before, channel) for channel in samples.T]
    return np.stack(channels, axis=1).round().astype(np.int16)
