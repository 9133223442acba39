"""What every corpus yields: who it is, its utterances, its votes, and what did not fit."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from ser.labels import Taxonomy

VOTE_SCHEMA = pa.schema(
    [
        pa.field("native_id", pa.string(), nullable=False),
        pa.field("modality", pa.string(), nullable=False),  # audio, video or audiovisual
        pa.field("annotator", pa.string()),  # null = an anonymous count
        pa.field("label", pa.string()),
        pa.field("arousal", pa.float64()),
        pa.field("valence", pa.float64()),
        pa.field("dominance", pa.float64()),
        pa.field("count", pa.int32(), nullable=False),
        pa.field("lead_time_s", pa.float64()),
        pa.field("cast_at", pa.timestamp("us", tz="UTC")),
        pa.field("source_ref", pa.string(), nullable=False),  # unique within the corpus
    ]
)
VOTE_COLUMNS: tuple[str, ...] = tuple(VOTE_SCHEMA.names)


@dataclass(frozen=True)
class CorpusInfo:
    """What is published about a corpus, and how its folder has to look.

    Args:
        name: Stable short name, the first part of every clip id.
        version: Release the module was written for.
        title: Full published name.
        languages: BCP 47 tags of the spoken languages.
        licence: The owners' licence words.
        taxonomy: Classes of its intended labels and of its votes.
        url: Official page to get it from.
        citation: Paper to cite.
        layout: The expected folder tree, for a person.
    """

    name: str
    version: str
    title: str
    languages: tuple[str, ...]
    licence: str
    taxonomy: Taxonomy
    url: str
    citation: str
    layout: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """One speaker turn of a corpus as its names and tables describe it; nothing is decoded.

    Args:
        native_id: The corpus's own id, unique within it.
        path: Audio file relative to `Scan.folder`, with `/`; text, since a million path objects
            take half a gigabyte.
        speaker: Who speaks, unique within the corpus.
        session: Recorded meeting in which several speakers share a room.
        gender: `female` or `male`.
        age: Of the speaker when recorded, years.
        language: BCP 47 tag.
        sentence: Code of the prompted sentence; equal codes are equal words.
        transcript: The words.
        intended: Class the corpus's design asked the speaker for; never a vote.
        intensity: How strongly it was to be acted, in the corpus's words, such as `strong`.
    """

    native_id: str
    path: str
    speaker: str | None = None
    session: str | None = None
    gender: str | None = None
    language: str | None = None
    sentence: str | None = None
    transcript: str | None = None
    intended: str | None = None
    intensity: str | None = None
    age: float | None = None


@dataclass(frozen=True)
class Unrecognised:
    """A file or table row that is in the tree but did not become an utterance.

    Args:
        path: The file relative to the root, or as the table wrote it.
        reason: Code: `unrecognised_name`, `duplicate_native_id`, `path_outside_root`,
            `missing_file` or `invalid_row`.
        detail: What was expected and what was found, for a person.
    """

    path: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Scan:
    """Everything one look at a corpus folder found.

    Args:
        folder: What the paths of the utterances are relative to: the scanned root, or the
            folder of the manifest file.
        utterances: Sorted by native id, native ids distinct.
        unrecognised: What did not fit, sorted by path.
        out_of_scope: Number of audio files the corpus names but this project leaves out
            on purpose, e.g. the songs of RAVDESS.
    """

    folder: Path
    utterances: tuple[Utterance, ...]
    unrecognised: tuple[Unrecognised, ...] = ()
    out_of_scope: int = 0


class Corpus(Protocol):
    """A reader of one published collection."""

    @property
    def info(self) -> CorpusInfo:
        """Return what is published about the corpus."""

    def scan(self, root: Path) -> Scan:
        """List the utterances under `root` without decoding any audio.

        Args:
            root: Folder of the corpus.

        Returns:
            The utterances, and every file that did not fit with its reason.

        Raises:
            CorpusError: If the folder holds no utterance of this corpus; the message says what
                was expected and what was found.
        """

    def read_votes(self, root: Path) -> pa.Table | None:
        """Read the listeners' votes that come with the corpus.

        Args:
            root: Folder of the corpus; the audio need not be there.

        Returns:
            A table of `VOTE_SCHEMA`, or None when the corpus (or this copy) has no votes.

        Raises:
            CorpusError: If the votes are there but cannot be read.
        """
