"""One step on the way from sound to a model: what is known of it, and what is not."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pipelines.runner import Row

Kind = Literal[
    "audio",
    "trim",
    "features",
    "votes",
    "consensus",
    "snapshot",
    "model",
    "prediction",
    "evaluation",
    "gate",
    "registry",
    "drift",
    "round",
]
Fact = str | int | float | bool | datetime | Sequence[str] | Mapping[str, Any] | None
UNKNOWN = "unknown"
LISTED = 5  # names that a table shows of many
DIGITS = 12  # of a hash that a table shows


@dataclass(frozen=True)
class Step:
    """A step.

    Args:
        kind: What kind of step it is.
        name: Which one.
        facts: What is recorded of it; None for what should be known and is not.
    """

    kind: Kind
    name: str
    facts: Mapping[str, Fact]

    def row(self) -> Row:
        """Return the step as a row for people: long hashes and lists are cut."""
        known = ", ".join(f"{name} {_told(fact)}" for name, fact in self.facts.items())
        return {"step": self.kind, "which": self.name, "known": known}

    def document(self) -> dict[str, Any]:
        """Return the step as values that JSON can write, nothing cut; null is unknown."""
        return {"step": self.kind, "which": self.name, "facts": _plain(self.facts)}


def _plain(fact: Any) -> Any:  # noqa: ANN401 - any fact
    if isinstance(fact, Mapping):
        return {name: _plain(value) for name, value in fact.items()}
    if isinstance(fact, list | tuple):
        return [_plain(value) for value in fact]
    if isinstance(fact, float):
        return fact if math.isfinite(fact) else None
    return fact.isoformat() if isinstance(fact, datetime) else fact


def _told(fact: Fact) -> str:
    if isinstance(fact, Mapping):
        return " ".join(f"{name}={_told(value)}" for name, value in fact.items()) or "none"
    if isinstance(fact, list | tuple):
        more = f" and {len(fact) - LISTED} more" if len(fact) > LISTED else ""
        return (" ".join(map(_told, fact[:LISTED])) or "none") + more
    return _told_alone(fact)


def _told_alone(fact: Fact) -> str:
    if fact is None:
        return UNKNOWN
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if isinstance(fact, float):
        return f"{fact:.4g}"
    if isinstance(fact, datetime):
        return f"{fact:%Y-%m-%d %H:%M}"
    return str(fact)[:DIGITS] if _is_hash(str(fact)) else str(fact)


def _is_hash(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
