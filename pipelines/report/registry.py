"""Who is champion, and what the gate decided about a round's model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipelines.gate.records import Check
from pipelines.report.wording import format_score

State = Literal["candidate", "champion", "retired", "refused", "waiting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDecision:
    """What the gate decided about a round's model.

    Args:
        model_id: the candidate.
        champion_id: the champion it met; None where there was none.
        is_passed: whether every check passed.
        clips: test clips both were kept from.
        speakers: their speakers.
        truth: the labels both were judged by.
        decided_at: when, as text.
        checks: every check, failed ones first.
    """

    model_id: str
    champion_id: str | None
    is_passed: bool
    clips: int
    speakers: int
    truth: str
    decided_at: str
    checks: tuple[Check, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """Checks that stand against it."""
        return tuple(check for check in self.checks if not check.is_passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """The model that is in use.

    Args:
        model_id: the model.
        round: the round it was trained after; None for one of no round of the campaign.
        uar: its UAR on the test speakers; NaN where not judged.
        uar_low: lower end of its interval.
        uar_high: upper end.
    """

    model_id: str
    round: int | None
    uar: float
    uar_low: float
    uar_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryChange:
    """One change in the line.

    Args:
        number: its number in the line.
        kind: `promoted`, `refused`, `waiting` or `rolled_back`.
        model_id: the model it is about.
        round: the round of that model; None for none.
        champion_id: the champion from then on; None for none.
        actor: who did it.
        reason: why, in words.
        changed_at: when, as text.
    """

    number: int
    kind: str
    model_id: str
    round: int | None
    champion_id: str | None
    actor: str
    reason: str
    changed_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Everything that the sections on gate and champion show.

    Args:
        line: where one model is champion.
        candidate: the round's model of the active arm.
        state: what became of it, as `pipelines.registry.states` has it.
        champion: the model in use; None before the first.
        decision: what the gate said of the candidate; None where it was not asked.
        history: changes up to this round, the newest first.
    """

    line: str
    candidate: str
    state: State = "candidate"
    champion: Champion | None = None
    decision: GateDecision | None = None
    history: tuple[RegistryChange, ...] = ()

    @property
    def last_change(self) -> RegistryChange | None:
        """The newest change that is about the candidate."""
        return next((of for of in self.history if of.model_id == self.candidate), None)


def write_limit(check: Check) -> str:
    """Say what a check was held to.

    Args:
        check: the check.

    Returns:
        A figure such as `−.05`, or nothing where no limit was recorded.

    Example:
        >>> write_limit(Check(check_name="calibration", is_passed=True, metric="ece",
        ...     candidate=0.08, champion=0.07, difference=0.01, low=None, high=None, p_value=None,
        ...     threshold=0.05, clips=120, reason=""))
        '+.05'
    """
    return "" if check.threshold is None else format_score(check.threshold, signed=True)
