"""What the gate found, as rows, sentences and events."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pipelines.judgement import without_nan
from pipelines.runner import Event, Link, Row

Verdict = Literal["promoted", "refused", "waiting"]
BETTER = "better"
COMPARABLE = "comparable"


@dataclass(frozen=True)
class Check:
    """One thing the gate looked at.

    Args:
        check_name: Such as `better`, `calibration`, `gender=female`, `noise`, `gain=up`.
        is_passed: Whether the candidate may pass, as far as this goes.
        metric: Such as `uar` or `ece`.
        candidate: The metric of the candidate; None where nothing was measured.
        champion: The metric of the champion; None where there is none.
        difference: Candidate minus champion.
        low: Lower end of its interval, speakers resampled; None for none.
        high: Upper end.
        p_value: One-sided p of a permutation test; None where none was made.
        threshold: What the difference was held to.
        clips: Clips it is about.
        reason: What was found, in words.
    """

    check_name: str
    is_passed: bool
    metric: str
    candidate: float | None
    champion: float | None
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    threshold: float | None
    clips: int
    reason: str


@dataclass(frozen=True)
class Decision:
    """Whether a model may replace the champion of its line.

    Args:
        gate_id: Deterministic name; of both models, the truth and the limits.
        line: The campaign, or else the corpus.
        model_id: The candidate.
        champion_id: The champion it met; None where there was none.
        truth: `intended`, or the consensus run both were judged by.
        clips: Test clips both were kept from.
        speakers: Their speakers.
        limits: The settings of the gate, as JSON.
        snapshot: The snapshot both were judged on.
        checks: Everything that was looked at, what failed first.
    """

    gate_id: str
    line: str
    model_id: str
    champion_id: str | None
    truth: str
    clips: int
    speakers: int
    limits: str
    snapshot: int
    checks: tuple[Check, ...]

    @property
    def is_passed(self) -> bool:
        """Whether every check passed."""
        return all(check.is_passed for check in self.checks)

    @property
    def reason(self) -> str:
        """Why, in words: what failed, or how much better it is."""
        failed = [check.reason for check in self.checks if not check.is_passed]
        told = failed or [of.reason for of in self.checks if of.check_name == BETTER]
        return "; ".join(told)


@dataclass(frozen=True)
class GateResult:
    """What the gate decided, and what became of the model.

    Args:
        gate_id: Name of the decision; None for a champion that somebody chose without one.
        line: The campaign, or else the corpus.
        model_id: The candidate.
        champion_id: The champion it met; None where there was none.
        is_passed: Whether every check passed.
        state: `promoted`, `refused`, or `waiting` for a person's approval.
        checks: Everything that was looked at, what failed first.
        reason: Why, in words.
        clips: Test clips both were kept from.
        speakers: Their speakers.
        is_new: False where it had been decided before.
        page: The page about it, where there is one.
    """

    gate_id: str | None
    line: str
    model_id: str
    champion_id: str | None
    is_passed: bool
    state: Verdict
    checks: tuple[Check, ...]
    reason: str
    clips: int
    speakers: int
    is_new: bool
    page: str | None = None

    def rows(self) -> Sequence[Row]:
        """Return one row per check, what failed first."""
        return [
            {
                "check": check.check_name,
                "passed": "yes" if check.is_passed else "no",
                "metric": check.metric,
                "candidate": check.candidate,
                "champion": check.champion,
                "difference": check.difference,
                "low": check.low,
                "high": check.high,
                "p": check.p_value,
                "limit": check.threshold,
                "clips": check.clips,
            }
            for check in self.checks
        ]

    def sentence(self) -> str:
        """Say what was decided and why."""
        if self.state == "promoted":
            # Who was promoted before may have been replaced since.
            said = "is champion of" if self.is_new else "was promoted in"
        else:
            said = "is refused in" if self.state == "refused" else "passed and waits in"
        before = "" if self.is_new else " (decided before)"
        return f"`{self.model_id}` {said} `{self.line}`{before}: {self.reason}"

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        checks = [without_nan(asdict(check)) for check in self.checks]
        return {**asdict(self), "checks": checks, "sentence": self.sentence()}

    def links(self) -> Sequence[Link]:
        """Return the page about the decision, where there is one."""
        return [] if self.page is None else [Link(f"Report of {self.line}", self.page)]

    def events(self) -> Sequence[Event]:
        """Return the decision, once: one that was made before is no news."""
        if not self.is_new:
            return []
        better = next((of for of in self.checks if of.check_name == BETTER), None)
        facts = {
            "line": self.line,
            "gate_id": self.gate_id,
            "champion_id": self.champion_id,
            "reason": self.reason,
            "uar": None if better is None else better.candidate,
            "champion_uar": None if better is None else better.champion,
        }
        return [Event(f"serloop.gate.{self.state}", f"serloop.model.{self.model_id}", facts)]
