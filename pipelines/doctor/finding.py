"""What a doctor says of one thing, and of everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.runner import Row

State = Literal["ok", "note", "broken"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        subject: What.
        state: `ok`, `note` (works, but you may want to know) or `broken`.
        detail: What was found.
        remedy: What to do, if anything.
    """

    subject: str
    state: State
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was looked at."""

    findings: tuple[Finding, ...]

    @property
    def is_healthy(self) -> bool:
        """Return whether nothing is broken."""
        return all(finding.state != "broken" for finding in self.findings)

    def rows(self) -> Sequence[Row]:
        """Return one row per finding."""
        return [
            {"what": f.subject, "state": f.state, "found": f.detail, "remedy": f.remedy or None}
            for f in self.findings
        ]
