"""What a reader is told about the votes it reads, and what it hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from annotation.errors import VoteError

MODALITIES: Final = ("audio", "video", "audiovisual")

REASONS: Final = MappingProxyType(
    {
        "broken_row": "It has another number of fields than the header, or is no object.",
        "missing_clip_id": "It names no clip.",
        "unknown_clip_id": "Its clip is none of the known ones.",
        "missing_annotator": "It names nobody, though this layout promises a person.",
        "reserved_annotator": "Its annotator bears the prefix reserved for pooled counts.",
        "unknown_label": "Its label is none of the classes.",
        "no_judgement": "It has neither a label nor a rating nor a count.",
        "bad_number": "A rating is not a finite number.",
        "bad_count": "A count is not a whole number of votes.",
        "wrong_total": "Its counts do not add up to the total it states.",
        "unknown_modality": "What was perceived is none of the known modalities.",
        "duplicate": "It repeats an earlier row of the same person or reference.",
        "repeated_judgement": "The person answered this very question before.",
        "practice": "It answers a practice question.",
        "distracted": "The first click came so late that the corpus left the answer out.",
        "malformed": "A field of the annotation does not have the type it should have.",
        "missing_choice": "The annotation holds no answer.",
        "two_choices": "The annotation holds several answers where one was allowed.",
        "unknown_choice": "The annotation's answer was not on offer.",
        "missing_rating": "The annotation lacks a rating that was required.",
        "bad_rating": "A rating of the annotation is no number of the scale.",
        "missing_transcript": "The annotation lacks the words that were asked for.",
        "bad_times": "It does not say from when to when the words are said.",
        "no_words": "It has neither words nor an emotion of them.",
    }
)
"""Why a row is no vote: every reason code and its sentence."""

NOTES: Final = MappingProxyType(
    {
        "bad_lead_time": "The lead time was no time a person takes; the vote counts without it.",
        "bad_time": "The time of the vote could not be read; the vote counts without it.",
    }
)
"""What was set aside of a row that is a vote all the same."""

QUARANTINE_SCHEMA: Final = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("row", pa.int64()),
        pa.field("source_ref", pa.string()),
        pa.field("clip_id", pa.string()),
        pa.field("annotator", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
    ]
)
"""A row that is no vote: where it stands, its reason code, what was found where what was expected.

`row` counts the records of the file from 1, without the header and blank lines; it is null where
the source has no rows. One row of a wide table can be refused in several cells.
"""

NOTE_SCHEMA: Final = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("row", pa.int64()),
        pa.field("vote_id", pa.string(), nullable=False),
        pa.field("code", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
    ]
)
"""A vote of which something was set aside: a code of `NOTES`, and what was found."""


@dataclass(frozen=True, slots=True, eq=False)
class VoteSource:
    """What a file cannot say about its own votes.

    Attributes:
        name: The `source` of the votes; with the same name, the same content gets the same ids.
        taxonomy: Name of the class list; `none` where there are ratings only.
        classes: The class names; without any, every label is unknown.
        spelling: How the file writes a class, such as `{"A": "anger"}`; a label that is not in
            here must be a class itself.
        clip_prefix: Put before each clip id, such as `crema-d/`.
        annotator_prefix: Put before each annotator, so that two corpora's `E2` stay apart.
        known_clips: Ids of the clips there are, with the prefix; others are quarantined. None
            accepts any.
        modality: What was perceived, where the file does not say.

    Raises:
        VoteError: The modality is unknown, or a spelling stands for no class.
    """

    name: str
    taxonomy: str = "none"
    classes: tuple[str, ...] = ()
    spelling: Mapping[str, str] = field(default_factory=dict)
    clip_prefix: str = ""
    annotator_prefix: str = ""
    known_clips: pa.Array | pa.ChunkedArray | None = None
    modality: str = "audio"

    def __post_init__(self) -> None:
        """Refuse what would quarantine every row."""
        if self.modality not in MODALITIES:
            msg = f"`modality` must be one of {MODALITIES}, but is `{self.modality}`"
            raise VoteError(msg)
        strangers = sorted(set(self.spelling.values()) - set(self.classes))
        if strangers:
            msg = f"`spelling` leads to {strangers}, none of the classes {list(self.classes)}"
            raise VoteError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class ImportedVotes:
    """What a file says; every judgement in it is either a vote or quarantined.

    Attributes:
        votes: `VOTE_SCHEMA`, in the order of the file.
        quarantined: `QUARANTINE_SCHEMA`, in the order of the file.
        notes: `NOTE_SCHEMA`, in the order of the file.
        ignored: Columns nobody asked for, sorted: a misspelt `anotator` would be among them.
    """

    votes: pa.Table
    quarantined: pa.Table
    notes: pa.Table
    ignored: tuple[str, ...] = ()

    def reason_counts(self) -> tuple[tuple[str, int], ...]:
        """Return how many rows were refused for each reason, the commonest first."""
        counted = pc.value_counts(self.quarantined["reason"].combine_chunks()).to_pylist()
        pairs = [(str(entry["values"]), int(entry["counts"])) for entry in counted]
        return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))
