"""What sets of classes are worth for speakers they were not chosen on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipelines.abstaining.calibration_clips import groups_of
from pipelines.judged import JudgedClips
from pipelines.runner import Row

if TYPE_CHECKING:
    from ser.metrics.bootstrap import Interval

EVERYONE = "all"
UNKNOWN = "(unknown)"


@dataclass(frozen=True)
class Promise:
    """What sets are worth for some speakers, each counted alike, with intervals over speakers.

    Args:
        group: Which of them; `all` for every one.
        clips: Their clips.
        speakers: How many there are.
        coverage: Share of sets that hold the right class.
        set_size: Mean number of classes in a set.
        answered: Share of sets of exactly one class.
        answered_accuracy: Share of those that are right; NaN without any.
    """

    group: str
    clips: int
    speakers: int
    coverage: "Interval"
    set_size: "Interval"
    answered: "Interval"
    answered_accuracy: "Interval"

    def row(self) -> Row:
        """Return the numbers, and the ends of the interval of the coverage."""
        return {
            "group": self.group,
            "clips": self.clips,
            "speakers": self.speakers,
            "coverage": self.coverage.estimate,
            "coverage_low": self.coverage.low,
            "coverage_high": self.coverage.high,
            "set_size": self.set_size.estimate,
            "answered": self.answered.estimate,
            "answered_accuracy": self.answered_accuracy.estimate,
        }


def measure_sets(
    clips: JudgedClips, sets: npt.NDArray[np.bool_], group: str
) -> tuple[Promise, ...]:
    """Return what sets are worth for all speakers, and for each group of them.

    Args:
        clips: N clips.
        sets: Whether each class is in the set of each clip, ``(N, C)``.
        group: What speakers are grouped by; `all` for nothing.
    """
    everyone = np.arange(len(clips.clip_ids))
    found = [_measure(clips, sets, everyone, EVERYONE)]
    if group != EVERYONE:
        names = np.array([UNKNOWN if name is None else name for name in groups_of(clips, group)])
        found += [
            _measure(clips, sets, np.flatnonzero(names == name), name)
            for name in sorted(set(names.tolist()), key=lambda name: (name == UNKNOWN, name))
        ]
    return tuple(found)


def _measure(
    clips: JudgedClips,
    sets: npt.NDArray[np.bool_],
    at: npt.NDArray[np.int64],
    group: str,
) -> Promise:
    from ser.metrics.bootstrap import bootstrap_metrics  # noqa: PLC0415 - keeps help fast
    from ser.metrics.selective import set_statistic  # noqa: PLC0415

    speakers = [clips.speakers[position] for position in at]
    worth = bootstrap_metrics(set_statistic(clips.labels[at], sets[at], speakers), speakers)
    return Promise(
        group,
        len(at),
        len(set(speakers)),
        worth["coverage"],
        worth["set_size"],
        worth["answered"],
        worth["answered_accuracy"],
    )
