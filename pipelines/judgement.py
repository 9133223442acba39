"""Every figure of one model on one set of clips: overall, per class, calibrated, per group."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.judged import JudgedClips

if TYPE_CHECKING:
    from ser.metrics.bootstrap import Interval
    from ser.metrics.confused_pairs import ConfusedPair
    from ser.metrics.statistic import SummedStatistic
    from ser.metrics.temperature import Temperature

ALL = "all"
SCALED = "_scaled"
CALIBRATION = ("nll", "brier", "ece")
# Edges of the bins of the signal-to-noise ratio: street, office, studio.
SNR_EDGES_DB = (10.0, 20.0, 30.0)
AGE_EDGES = (18.0, 30.0, 45.0, 60.0)
Posterior = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Figure:
    """One metric of a model on all clips, or on those of a group.

    Args:
        metric: Such as `uar`, `recall/anger`, `ece` or `ccc/arousal`.
        group_name: What groups the clips, such as `gender`; `all` for no group.
        group_value: The group, such as `female`; `all` for every clip.
        value: The metric, NaN where undefined.
        low: Lower end of its 95 % interval, speakers resampled; NaN for none.
        high: Upper end.
        clips: Number of clips.
        speakers: Number of their speakers.
    """

    metric: str
    group_name: str
    group_value: str
    value: float
    low: float
    high: float
    clips: int
    speakers: int

    def document(self) -> dict[str, Any]:
        """Return the figure as values that JSON can write: null for NaN."""
        return without_nan(asdict(self))


@dataclass(frozen=True)
class Scaling:
    """What was done about calibration.

    Args:
        reason: On whom the temperature was fitted, or why none was.
        temperature: Scaling fitted on a model's dev speakers; None for none.
        speakers: Number of those speakers.
    """

    reason: str
    temperature: "Temperature | None" = None
    speakers: int = 0

    def figures(self) -> list[Figure]:
        """Return the temperature as a figure, if there is one."""
        if self.temperature is None:
            return []
        of = self.temperature
        nan = float("nan")
        return [Figure("temperature", ALL, ALL, of.value, nan, nan, of.dev_clips, self.speakers)]


@dataclass(frozen=True)
class Judgement:
    """What a model is worth on one set of clips.

    Args:
        figures: Every metric, those of all clips first.
        confusion: Counts, truth × prediction, row-major ``(C·C,)``.
        confused: The pairs of classes that are confused most, the worst first.
        worst: The UAR of the group with the lowest one; None where no group is large enough.
    """

    figures: tuple[Figure, ...]
    confusion: tuple[int, ...]
    confused: "tuple[ConfusedPair, ...]"
    worst: Figure | None


def judge(
    clips: JudgedClips,
    posterior: Posterior,
    *,
    scaling: Scaling,
    is_soft: bool = False,
) -> Judgement:
    """Judge what a model says of clips by every metric, with intervals over speakers.

    Args:
        clips: N clips with their truth, at least one of them decided.
        posterior: What the model says of them, ``(N, C)``.
        scaling: Temperature fitted on other clips, to report calibration with it as well.
        is_soft: Whether the truth is a distribution over people's answers, to be met as such.
    """
    from ser.metrics.classification import (  # noqa: PLC0415 - keeps help fast
        classification_statistic,
        confusion_matrix,
    )
    from ser.metrics.confused_pairs import most_confused  # noqa: PLC0415
    from ser.metrics.vote_distributions import vote_statistic  # noqa: PLC0415

    kept = np.flatnonzero(clips.is_decided)
    decided, said = clips.take(kept), posterior[kept]
    labels, predicted = decided.labels, said.argmax(axis=1)
    told = classification_statistic(labels, predicted, clips.classes)
    figures = [*resample(told, decided.speakers)]
    for name, statistic in _calibrations(labels, said, scaling.temperature).items():
        found = resample(statistic, decided.speakers)
        figures += [replace(figure, metric=f"{figure.metric}{name}") for figure in found]
    if is_soft:
        figures += resample(vote_statistic(clips.targets, posterior), clips.speakers)
    grouped, worst = _judge_groups(told, decided)
    confusion = confusion_matrix(labels, predicted, len(clips.classes))
    return Judgement(
        figures=(*figures, *scaling.figures(), *grouped),
        confusion=tuple(confusion.ravel().tolist()),
        confused=most_confused(confusion, clips.classes),
        worst=worst,
    )


def group_clips(facts: pa.Table) -> dict[str, tuple[list[str | None], tuple[str, ...]]]:
    """Return the groupings that say something about clips: those with two groups at least.

    Args:
        facts: The columns `pipelines.judged.FACTS` of N clips.

    Returns:
        By name of the grouping, the group of each clip, None where unknown, and the order of
        groups.

    Example:
        >>> facts = {"gender": ["f", "m"], "age": [None, 32], "language": ["en", "en"]}
        >>> found = group_clips(pa.table({**facts, "snr_db": [5.0, 25.0]}))
        >>> found["gender"][0], found["snr"][0], sorted(found)
        (['f', 'm'], ['< 10 dB', '20 – 30 dB'], ['gender', 'snr'])
    """
    from ser.metrics.groups import name_bins  # noqa: PLC0415 - keeps help fast

    found: dict[str, tuple[list[str | None], tuple[str, ...]]] = {
        name: (facts[name].to_pylist(), ()) for name in ("gender", "language")
    }
    for name, column, edges, unit in (
        ("age", "age", AGE_EDGES, "years"),
        ("snr", "snr_db", SNR_EDGES_DB, "dB"),
    ):
        numbers = facts[column].cast(pa.float64()).to_numpy(zero_copy_only=False)
        found[name] = name_bins(numbers, edges, unit)
    return {name: of for name, of in found.items() if len(set(of[0]) - {None}) > 1}


def resample(statistic: "SummedStatistic", speakers: Sequence[str]) -> list[Figure]:
    """Return metrics of clips as figures, with intervals over their speakers.

    Args:
        statistic: Metrics of N clips.
        speakers: Speaker of each clip, N names.
    """
    from ser.metrics.bootstrap import bootstrap_metrics  # noqa: PLC0415 - keeps help fast

    intervals = bootstrap_metrics(statistic, speakers)
    return _figures(intervals, (ALL, ALL), len(speakers), len(set(speakers)))


def without_nan(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with None for NaN, which JSON does not know.

    Example:
        >>> without_nan({"low": float("nan"), "metric": "uar"})
        {'low': None, 'metric': 'uar'}
    """
    return {
        name: None if isinstance(value, float) and np.isnan(value) else value
        for name, value in values.items()
    }


def _calibrations(
    labels: npt.NDArray[np.int64], said: Posterior, temperature: "Temperature | None"
) -> "dict[str, SummedStatistic]":
    """Return calibration by what to put after the names of its metrics."""
    from ser.metrics.calibration import calibration_statistic  # noqa: PLC0415 - keeps help fast

    found = {"": calibration_statistic(labels, said)}
    if temperature is not None:
        found[SCALED] = calibration_statistic(labels, temperature.apply(said))
    return found


def _judge_groups(
    statistic: "SummedStatistic", clips: JudgedClips
) -> tuple[list[Figure], Figure | None]:
    """Return the figures of each group that is large enough, and the lowest UAR among them."""
    from ser.metrics.groups import bootstrap_groups  # noqa: PLC0415 - keeps help fast

    figures: list[Figure] = []
    for name, (groups, order) in group_clips(clips.facts).items():
        for of in bootstrap_groups(statistic, groups, clips.speakers, order=order):
            figures += _figures(of.metrics, (name, of.group), of.clips, of.speakers)
    told = [figure for figure in figures if figure.metric == "uar"]
    return figures, min(told, key=lambda figure: figure.value, default=None)


def _figures(
    intervals: "Mapping[str, Interval]", group: tuple[str, str], clips: int, speakers: int
) -> list[Figure]:
    return [
        Figure(metric, *group, of.estimate, of.low, of.high, clips, speakers)
        for metric, of in intervals.items()
    ]
