"""What a page may send of a correction, and what is noted of it."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

_ID = re.compile(r"[0-9a-f]{32}")
LONGEST_NAME = 40
LONGEST_LEAD_S = 3600.0


class MalformedError(ValueError):
    """What came is no correction."""


@dataclass(frozen=True)
class Request:
    """What the page sends.

    Args:
        event: Id of this click, made by the page: sent twice, it counts once.
        segment: Id of the segment, made by the page; whoever knows it may correct it.
        session: Id of the visit.
        annotator: What whoever corrects wants to be called.
        label: The right class; None to take a correction back.
        heard: What the model had said; None where it was not sure.
        lead_time_s: Time from opening the choice to making it, s.
        consent: `CONSENT_ID` of the words that were agreed to.
        sound: WAV file in base64.
    """

    event: str
    segment: str
    session: str
    annotator: str
    label: str | None = None
    heard: str | None = None
    lead_time_s: float | None = None
    consent: str | None = None
    sound: str | None = None


@dataclass(frozen=True)
class Correction:
    """A click as it is noted; the order of clicks is that of `cast_at`.

    Args:
        event: As of `Request`.
        segment: Native id of its clip.
        session: The clip's session.
        annotator: Who judged, and the clip's speaker.
        label: As of `Request`.
        heard: As of `Request`.
        lead_time_s: As of `Request`.
        cast_at: When it came.
        model_id: The model that was corrected.
        classes: What was offered.
        consent: The words that were agreed to.
    """

    event: str
    segment: str
    session: str
    annotator: str
    label: str | None
    heard: str | None
    lead_time_s: float | None
    cast_at: datetime
    model_id: str
    classes: tuple[str, ...]
    consent: str | None


def read_request(document: object) -> Request:
    """Check what came.

    Args:
        document: Decoded JSON.

    Raises:
        MalformedError: It is no correction; the message names the field.

    Example:
        >>> ids = {name: "0" * 32 for name in ("event", "segment", "session")}
        >>> read_request({**ids, "annotator": " Ann  Bee "}).annotator
        'Ann Bee'
        >>> read_request({**ids, "annotator": ""})
        Traceback (most recent call last):
        pipelines.serving.page.record.MalformedError: `annotator` must be 1 to 40 characters
    """
    if not isinstance(document, dict) or not set(document) <= set(Request.__dataclass_fields__):
        fields = ", ".join(Request.__dataclass_fields__)
        raise MalformedError(f"a correction is an object with only {fields}")
    for name in ("event", "segment", "session"):
        value = document.get(name)
        if not isinstance(value, str) or not _ID.fullmatch(value):
            raise MalformedError(f"`{name}` must be 32 hexadecimal digits")
    for name in ("label", "heard", "consent", "sound"):
        if not isinstance(document.get(name), str | None):
            raise MalformedError(f"`{name}` must be text, or absent")
    return Request(
        **{
            **document,
            "annotator": _read_name(document.get("annotator")),
            "lead_time_s": _read_lead(document.get("lead_time_s")),
        }
    )


def write_correction(correction: Correction) -> bytes:
    """Write a correction as JSON; `load_correction` reads it."""
    document = asdict(correction) | {"cast_at": correction.cast_at.isoformat()}
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False).encode()


def load_correction(content: bytes) -> Correction:
    """Read what `write_correction` wrote."""
    document: Mapping[str, Any] = json.loads(content)
    return Correction(
        **{
            **document,
            "cast_at": datetime.fromisoformat(document["cast_at"]),
            "classes": tuple(document["classes"]),
        }
    )


def _read_name(value: object) -> str:
    # Several spaces, or two ways to write an é, make no other person.
    name = " ".join(unicodedata.normalize("NFC", value).split()) if isinstance(value, str) else ""
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or "/" in name:
        raise MalformedError(
            f"`annotator` must be 1 to {LONGEST_NAME} characters"
            + (" without `/`" if "/" in name else "")
        )
    return name


def _read_lead(value: object) -> float | None:
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= float(value) <= LONGEST_LEAD_S:  # type: ignore[arg-type]
        raise MalformedError(f"`lead_time_s` must be 0 to {LONGEST_LEAD_S:.0f} s")
    return float(value)  # type: ignore[arg-type]
