"""One annotation → the answer it holds, or the reason it cannot be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal, cast

from annotation.label_studio.choices import (
    ABSTENTIONS,
    CANNOT_TELL,
    CHOICE,
    COMMENT,
    SECOND_CHOICE,
    TRANSCRIPT,
    InterfaceChoices,
)

SKIPPED: Final = "skipped"

Reason = Literal[
    "malformed",
    "missing_clip_id",
    "unknown_clip_id",
    "missing_annotator",
    "missing_choice",
    "two_choices",
    "unknown_choice",
    "missing_rating",
    "bad_rating",
    "missing_transcript",
]


class QuarantinedError(Exception):
    """Carries the reason from the check that failed to the loop that files it."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class Answer:
    """What one annotator said about one clip.

    Attributes:
        label: The class; None for an abstention.
        abstention: `skipped`, `cannot_tell` or `not_speech`; None for a label.
        ratings: By dimension; empty for an abstention.
        second_choice: A class other than the label.
        comment: Remarks, not empty.
        transcript: The words as heard, not empty.
    """

    label: str | None = None
    abstention: str | None = None
    ratings: Mapping[str, float] = field(default_factory=dict)
    second_choice: str | None = None
    comment: str | None = None
    transcript: str | None = None


def read_answer(
    annotation: Mapping[str, object], classes: Sequence[str], asked: InterfaceChoices
) -> Answer:
    """Read the regions of an annotation; controls that were not asked for are ignored.

    Whoever abstains need not rate or transcribe, and what they rated before does not count.

    Args:
        annotation: As Label Studio exports it.
        classes: Class names the interface offered.
        asked: What else it asked.

    Raises:
        QuarantinedError: A required control is missing, two choices were made on a single one, a
            choice was not on offer, or a value is not what the control gives.

    Example:
        >>> region = {"from_name": "emotion", "type": "choices", "value": {"choices": ["joy"]}}
        >>> read_answer({"result": [region]}, ["joy"], InterfaceChoices()).label
        'joy'
    """
    result = annotation.get("result")
    if annotation.get("was_cancelled") is True:
        comment = None
        # A skip counts whatever was on the page; its remark often says why.
        with suppress(QuarantinedError):
            comment = _read_text(result, COMMENT) if asked.comment else None
        return Answer(abstention=SKIPPED, comment=comment)
    choice = _read_choice(result, CHOICE, (*classes, *ABSTENTIONS))
    if choice is None:
        raise QuarantinedError("missing_choice", f"no choice for `{CHOICE}` among the regions")
    comment = _read_text(result, COMMENT) if asked.comment else None
    if choice in ABSTENTIONS:
        why = "cannot_tell" if choice == CANNOT_TELL else "not_speech"
        return Answer(abstention=why, comment=comment)
    second = _read_choice(result, SECOND_CHOICE, classes) if asked.second_choice else None
    return Answer(
        label=choice,
        ratings={name: _read_rating(result, name, asked.rating_scale) for name in asked.ratings},
        # Twice the same is one emotion heard, not a mistake worth losing the vote for.
        second_choice=None if second == choice else second,
        comment=comment,
        transcript=_read_transcript(result) if asked.transcript == "asked" else None,
    )


def _read_choice(result: object, name: str, offered: Sequence[str]) -> str | None:
    choices = _read_texts(result, name, "choices")
    if len(choices) > 1:
        detail = f"one choice was allowed for `{name}`, but got {choices}"
        raise QuarantinedError("two_choices", detail)
    if not choices:
        return None
    if choices[0] not in offered:
        detail = f"`{choices[0]}` is none of what `{name}` offered: {list(offered)}"
        raise QuarantinedError("unknown_choice", detail)
    return choices[0]


def _read_rating(result: object, name: str, scale: int) -> float:
    found = [value.get("rating") for value in _values(result, name)]
    if not found:
        raise QuarantinedError("missing_rating", f"no rating for `{name}` among the regions")
    rating = found[0] if len(found) == 1 else found
    # A bool is an int, and a rating that came as text may mean another scale.
    is_step = isinstance(rating, int | float) and rating in range(1, scale + 1)
    if not is_step or isinstance(rating, bool):
        detail = f"`{name}` must be one whole number from 1 to {scale}, but is {rating!r}"
        raise QuarantinedError("bad_rating", detail)
    return float(cast("float", rating))


def _read_transcript(result: object) -> str:
    text = _read_text(result, TRANSCRIPT)
    if text is None:
        raise QuarantinedError("missing_transcript", f"no text for `{TRANSCRIPT}`")
    return text


def _read_text(result: object, name: str) -> str | None:
    return "\n".join(text.strip() for text in _read_texts(result, name, "text")).strip() or None


def _read_texts(result: object, name: str, kind: str) -> list[str]:
    found: list[str] = []
    for value in _values(result, name):
        texts = value.get(kind)
        # Imported text areas may hold one text where the page writes a list.
        if kind == "text" and isinstance(texts, str):
            texts = [texts]
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            detail = f"`value.{kind}` of `{name}` must be a list of texts, but `value` is {value!r}"
            raise QuarantinedError("malformed", detail)
        found += texts
    return found


def _values(result: object, name: str) -> list[Mapping[str, object]]:
    """Return what the regions of one control hold."""
    if not isinstance(result, list):
        raise QuarantinedError("malformed", f"`result` must be a list, but is {result!r}")
    regions = [region for region in result if isinstance(region, Mapping)]
    values = [region.get("value") for region in regions if region.get("from_name") == name]
    for value in values:
        if not isinstance(value, Mapping):
            detail = f"`value` of `{name}` must be an object, but `value` is {value!r}"
            raise QuarantinedError("malformed", detail)
    return [value for value in values if isinstance(value, Mapping)]
