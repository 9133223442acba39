"""A synthetic corpus with words, and settings that read them with a tiny text encoder."""

import json
from pathlib import Path

from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from ser.corpora.synthetic import EMOTIONS, write_synthetic_corpus
from tests.pipelines.places import make_settings
from tests.ser.text.tiny import write_tiny_text

CORPUS = "spoken"
# A letter for each emotion, which the tiny encoder knows.
LETTERS = dict(zip(EMOTIONS, "kmqvxz", strict=True))
SPEAKERS = {"test_speakers": ("SYNM05", "SYNF06"), "dev_speakers": ("SYNM01", "SYNF02")}


def sentence(emotion: str, speaker: str) -> str:
    """Return words that tell an emotion, and a little of whose they are."""
    return " ".join([LETTERS[emotion], LETTERS[emotion], "abcdefg"[int(speaker[-1])]])


def write_spoken_corpus(root: Path, *, silent: int = 0) -> None:
    """Write 72 clips of six speakers with their words, every so-and-so-many-th without."""
    write_synthetic_corpus(root, speakers=6, sentences=2, repetitions=1, seed=0)
    rows = []
    for number, path in enumerate(sorted(root.rglob("SYN*.wav"))):
        speaker, emotion, *_ = path.stem.split("_")
        words = sentence(emotion, speaker)
        rows.append(
            {
                "path": str(path.relative_to(root)),
                "native_id": path.stem,
                "speaker": speaker,
                "label": emotion,
                "transcript": None if silent and number % silent == 0 else words,
            }
        )
    (root / "manifest.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")


def ingest_spoken(root: Path, *, silent: int = 0) -> Settings:
    """Write and ingest the corpus below a folder, with a text encoder in `models`."""
    write_spoken_corpus(root / "corpus", silent=silent)
    write_tiny_text(root / "encoders" / "tiny")
    settings = make_settings(root / "home")
    ingest(settings, SilentProgress(), corpus="manifest", root=root / "corpus", name=CORPUS)
    return settings


def reading(settings: Settings, models: Path, kind: str = "late", **fusion: object) -> Settings:
    """Return settings that read words with the tiny encoder."""
    given = {"kind": kind, "text_model": "tiny", "size": 16, "heads": 2, **fusion}
    return settings.model_copy(
        update={"models": models, "fusion": settings.fusion.model_copy(update=given)}
    )
