"""How clips that came in differ from those a model learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftMeasure:
    """One measure.

    Args:
        name: such as `loudness`.
        value: the distance, in the unit of the measure.
        threshold: from which on it is an alarm.
        p_value: of the permutation test over speakers; None for none.
        is_alarm: whether somebody should look.
        detail: what was found, in words.
    """

    name: str
    value: float
    threshold: float
    p_value: float | None
    is_alarm: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftCheck:
    """Some clips held against those a model learned from.

    Args:
        model_id: the model.
        corpus: the corpus of the clips.
        reference_clips: clips of its training set.
        incoming_clips: clips that came in.
        measures: every measure, alarms first.
    """

    model_id: str
    corpus: str
    reference_clips: int
    incoming_clips: int
    measures: tuple[DriftMeasure, ...]

    @property
    def alarms(self) -> tuple[DriftMeasure, ...]:
        """Measures that somebody should look at."""
        return tuple(measure for measure in self.measures if measure.is_alarm)


def list_alarms(checks: Sequence[DriftCheck]) -> list[str]:
    """Return the names of the measures that alarm, each once, in order.

    Args:
        checks: any number of checks.
    """
    return list(dict.fromkeys(measure.name for check in checks for measure in check.alarms))
