"""What drift found: one record per measure, as tables, events and words."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from pipelines.convert import to_table
from pipelines.runner import Event, Row

ALARM = "serloop.drift.alarm"


@dataclass(frozen=True)
class DriftMeasure:
    """One way in which clips differ.

    Args:
        measure: `loudness`, `snr`, `duration`, `features`, `classes` or `embedding`.
        unit: Of `value` and `threshold`: `dB`, `s`, `share` (of the clips) or `SD`.
        value: The distance between known and incoming clips.
        threshold: Beyond which it is an alarm; known from the other measures as well.
        p_value: How often speakers that change sides are as far apart; adjusted, so that all
            measures may be read together.
        is_alarm: Whether it is beyond.
        reference_clips: Known clips that were compared: as many of each speaker as came in.
        incoming_clips: Those that came in, likewise.
        detail: What was found, in words.
    """

    measure: str
    unit: str
    value: float
    threshold: float
    p_value: float
    is_alarm: bool
    reference_clips: int
    incoming_clips: int
    detail: str


@dataclass(frozen=True)
class DriftResult:
    """How incoming clips differ from those a model learned from.

    Args:
        drift_id: Names it in the warehouse; follows from the clips, the model and the settings.
        model_id: The model.
        corpus: The corpus that the clips came into.
        snapshot: The snapshot read.
        incoming_clips: Clips that came in.
        false_alarm: Probability at most of any alarm where nothing drifted.
        measures: What was measured; empty where nothing came in.
        unmeasured: What could not be, and why.
        notes: What else to bear in mind.
    """

    drift_id: str
    model_id: str
    corpus: str
    snapshot: int
    incoming_clips: int
    false_alarm: float
    measures: tuple[DriftMeasure, ...]
    unmeasured: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    @property
    def alarms(self) -> tuple[DriftMeasure, ...]:
        """The measures that are beyond their thresholds."""
        return tuple(of for of in self.measures if of.is_alarm)

    def rows(self) -> Sequence[Row]:
        """Return one row per measure."""
        return [
            {
                "measure": of.measure,
                "value": of.value,
                "threshold": of.threshold,
                "unit": of.unit,
                "p_value": of.p_value,
                "alarm": "yes" if of.is_alarm else "no",
                "found": of.detail,
            }
            for of in self.measures
        ]

    def events(self) -> Sequence[Event]:
        """Return the alarm, if there is one; it names every measure that is beyond."""
        if not self.alarms:
            return []
        payload = {
            "drift_id": self.drift_id,
            "corpus": self.corpus,
            "incoming_clips": self.incoming_clips,
            "alarms": {of.measure: of.detail for of in self.alarms},
        }
        return [Event(ALARM, f"serloop.model.{self.model_id}", payload)]

    def sentence(self) -> str:
        """Say whether somebody should look, and what could not be said."""
        if not self.incoming_clips:
            return (
                f"no clip came into `{self.corpus}` since `{self.model_id}` was trained; name "
                "another corpus with --corpus to compare with that"
            )
        clips = f"{self.incoming_clips} clips of `{self.corpus}`"
        named = ", ".join(of.measure for of in self.alarms)
        said = (
            f"{clips} are unlike those that `{self.model_id}` learned from: {named}"
            if named
            else f"{clips} are not unlike those that `{self.model_id}` learned from"
        )
        lacking = [f"{name} was not measured: {reason}" for name, reason in self.unmeasured]
        return "; ".join([said, *lacking, *self.notes])

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        measures = [
            {name: _plain(value) for name, value in asdict(of).items()} for of in self.measures
        ]
        return {
            **asdict(self),
            "measures": measures,
            "unmeasured": dict(self.unmeasured),
            "sentence": self.sentence(),
        }

    def table(self, measured_at: datetime) -> pa.Table:
        """Return the rows of `drifts`."""
        shared = {
            "drift_id": self.drift_id,
            "model_id": self.model_id,
            "corpus": self.corpus,
            "snapshot": self.snapshot,
            "measured_at": measured_at,
        }
        measures = [asdict(of) for of in self.measures]
        return to_table("drifts", [{**of, **shared} for of in measures])


def _plain(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
