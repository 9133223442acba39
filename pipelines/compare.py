"""Compare: which of two models is better on the clips both were kept from, if that can be said."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.clipset import INTENDED
from pipelines.errors import NothingToDoError
from pipelines.judged import JudgedClips
from pipelines.judgement import ALL, group_clips, without_nan
from pipelines.model_pairs import Pair, join_pairs, match_folds, read_pair
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.metrics.paired import PairedComparison
    from ser.metrics.statistic import SummedStatistic

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Difference:
    """One metric of two models on the same clips.

    Args:
        metric: Such as `uar` or `recall/anger`.
        group_name: What groups the clips, such as `gender`; `all` for no group.
        group_value: The group; `all` for every clip.
        first: The metric of the first model.
        second: The metric of the second.
        difference: First minus second.
        low: Lower end of its 95 % interval, speakers resampled; NaN for none.
        high: Upper end.
        p_value: Two-sided p of the permutation test over speakers; NaN where undefined.
        p_adjusted: The same, for reading it together with the other classes or groups (Holm).
        clips: Number of clips.
        speakers: Number of their speakers.
    """

    metric: str
    group_name: str
    group_value: str
    first: float
    second: float
    difference: float
    low: float
    high: float
    p_value: float
    p_adjusted: float
    clips: int
    speakers: int

    def row(self, **names: str) -> Row:
        """Return the figures as a row, after what names it."""
        shown = ("first", "second", "difference", "low", "high", "p_value", "p_adjusted")
        return {**names, **{name: getattr(self, name) for name in shown}}


@dataclass(frozen=True)
class CompareResult:
    """Two models on the same clips.

    Args:
        first: One model, or one per fold.
        second: The other, or the others.
        truth: `intended`, or the consensus run both were judged by.
        taxonomy: Class list of both.
        mapping: Mapping that labels came to it by; None for labels given in it.
        clips: Shared test clips with a decided label.
        speakers: Their speakers.
        permutations: Ways of swapping the models, speaker by speaker, that were tried.
        differences: Every metric, then every class, then the UAR of every group.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    truth: str
    taxonomy: str
    mapping: str | None
    clips: int
    speakers: int
    permutations: int
    differences: tuple[Difference, ...]

    @property
    def uar(self) -> Difference:
        """The difference that decides."""
        return next(of for of in self.differences if (of.metric, of.group_name) == ("uar", ALL))

    def rows(self) -> Sequence[Row]:
        """Return one row per metric of all clips."""
        return [of.row(metric=of.metric) for of in self._of_all() if "/" not in of.metric]

    def class_rows(self) -> Sequence[Row]:
        """Return the recall, one row per class."""
        recalls = [of for of in self._of_all() if of.metric.startswith("recall/")]
        return [of.row(recall_of=of.metric.partition("/")[2]) for of in recalls]

    def group_rows(self) -> Sequence[Row]:
        """Return the UAR, one row per group that is large enough."""
        return [
            of.row(grouped_by=of.group_name, group=of.group_value)
            for of in self.differences
            if of.group_name != ALL
        ]

    def sentence(self) -> str:
        """Say which model is better, or why nothing can be said."""
        uar = self.uar
        first, second = _call(self.first), _call(self.second)
        better, worse = (first, second) if uar.difference > 0 else (second, first)
        figures = (
            f"UAR {uar.first:.3f} against {uar.second:.3f}, difference {uar.difference:+.3f} "
            f"[{uar.low:+.3f}, {uar.high:+.3f}], p = {uar.p_value:.3g}; {self.clips} clips of "
            f"{self.speakers} speakers"
        )
        if uar.p_value < SIGNIFICANT and (uar.low > 0 or uar.high < 0):
            return f"{better} is better than {worse}: {figures}"
        least = 2 / 2**self.speakers
        few = f"; with {self.speakers} speakers no p is below {least:.3g}"
        return (
            f"nothing can be said about which of {first} and {second} is better: "
            f"{figures}{few if least >= SIGNIFICANT else ''}"
        )

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        differences = [without_nan(asdict(of)) for of in self.differences]
        return {**asdict(self), "differences": differences, "sentence": self.sentence()}

    def _of_all(self) -> list[Difference]:
        return [of for of in self.differences if of.group_name == ALL]


def compare(
    settings: Settings,
    progress: Progress,
    *,
    first: tuple[str, ...],
    second: tuple[str, ...],
    truth: str = INTENDED,
) -> CompareResult:
    """Compare two models on the clips both were evaluated on, speaker by speaker.

    Two ways of training that were cross-validated are compared on all speakers at once: models
    that hold out the same speakers form a pair.

    Args:
        settings: Where the warehouse is.
        progress: Where progress is shown.
        first: A model that was evaluated, or one per fold.
        second: Another one of the same taxonomy, or as many.
        truth: `intended`, or the id of a consensus run.

    Returns:
        The difference of every metric with its speaker-clustered bootstrap interval and the p of
        a permutation test, per class and per group as well.

    Raises:
        PipelineError: If a model is unknown, both are one or differ in their classes, or models
            of several folds do not pair.
        LeakageError: If one learned from what the other is tested on.
        NothingToDoError: If they share no predicted test clip with a label.
    """
    with open_store(settings) as store:
        pairs = match_folds(store, first, second)
        with progress.track("compare", len(pairs), "pairs") as advance:
            return compare_models(store, pairs, truth=truth, on_pair=advance)


def compare_models(
    store: Warehouse,
    pairs: Sequence[tuple[str, str]],
    *,
    truth: str,
    on_pair: Callable[[], None] = lambda: None,
) -> CompareResult:
    """Compare models in an open warehouse, see `compare`.

    Args:
        store: The warehouse.
        pairs: One model of either kind for each fold.
        truth: `intended`, or the id of a consensus run.
        on_pair: Called when a pair was read.
    """
    found = []
    for one, other in pairs:
        found.append(read_pair(store, one, other, truth=truth))
        on_pair()
    pair = join_pairs(found)
    kept = np.flatnonzero(pair.clips.is_decided)
    if not kept.size:
        raise NothingToDoError(f"`{truth}` is undecided about every clip that both models share")
    clips = pair.clips.take(kept)
    decided = Pair(clips, pair.first[kept], pair.second[kept])
    told = _told(decided)
    overall = {**_compare(told, clips.speakers), **_compare(_calibrated(decided), clips.speakers)}
    of_all = _differences(
        [(name, of) for name, of in overall.items() if "/" not in name], (ALL, ALL)
    )
    if truth != INTENDED:
        met = _compare(_met(pair), pair.clips.speakers)
        of_all += _differences(met.items(), (ALL, ALL))
    for metric in ("recall", "precision", "f1"):
        names = [f"{metric}/{name}" for name in clips.classes]
        of_all += _differences([(name, overall[name]) for name in names], (ALL, ALL))
    uar = overall["uar"]
    return CompareResult(
        first=tuple(first for first, _ in pairs),
        second=tuple(second for _, second in pairs),
        truth=truth,
        taxonomy=clips.taxonomy,
        mapping=clips.mapping,
        clips=uar.clips,
        speakers=uar.speakers,
        permutations=uar.permutations,
        differences=(*of_all, *_by_group(told, clips)),
    )


def _call(models: Sequence[str]) -> str:
    others = len(models) - 1
    return f"`{models[0]}`" + (f" and {others} more" if others else "")


def _told(pair: Pair) -> "tuple[SummedStatistic, SummedStatistic]":
    from ser.metrics.classification import classification_statistic  # noqa: PLC0415 - fast help

    first, second = (
        classification_statistic(pair.clips.labels, said.argmax(axis=1), pair.clips.classes)
        for said in (pair.first, pair.second)
    )
    return first, second


def _calibrated(pair: Pair) -> "tuple[SummedStatistic, SummedStatistic]":
    from ser.metrics.calibration import calibration_statistic  # noqa: PLC0415 - keeps help fast

    first, second = (
        calibration_statistic(pair.clips.labels, said) for said in (pair.first, pair.second)
    )
    return first, second


def _met(pair: Pair) -> "tuple[SummedStatistic, SummedStatistic]":
    from ser.metrics.vote_distributions import vote_statistic  # noqa: PLC0415 - keeps help fast

    first, second = (vote_statistic(pair.clips.targets, said) for said in (pair.first, pair.second))
    return first, second


def _compare(
    statistics: "tuple[SummedStatistic, SummedStatistic]", speakers: Sequence[str]
) -> "dict[str, PairedComparison]":
    from ser.metrics.paired import compare_paired  # noqa: PLC0415 - keeps help fast

    return compare_paired(*statistics, speakers)


def _by_group(
    statistics: "tuple[SummedStatistic, SummedStatistic]", clips: JudgedClips
) -> list[Difference]:
    from ser.metrics.groups import compare_groups  # noqa: PLC0415 - keeps help fast

    found: list[Difference] = []
    for name, (groups, order) in group_clips(clips.facts).items():
        judged = compare_groups(*statistics, groups, clips.speakers, order=order)
        uars = [(of.group, of.metrics["uar"]) for of in judged if of.metrics]
        adjusted = _adjust([uar for _, uar in uars])
        found += [
            _difference("uar", (name, group), uar, p)
            for (group, uar), p in zip(uars, adjusted, strict=True)
        ]
    return found


def _differences(
    found: "Iterable[tuple[str, PairedComparison]]", group: tuple[str, str]
) -> list[Difference]:
    """Return metrics that are read together."""
    named = list(found)
    adjusted = _adjust([of for _, of in named])
    return [_difference(name, group, of, p) for (name, of), p in zip(named, adjusted, strict=True)]


def _adjust(found: "Sequence[PairedComparison]") -> list[float]:
    from ser.metrics.paired import adjust_p_values  # noqa: PLC0415 - keeps help fast

    return adjust_p_values([of.p_value for of in found])


def _difference(
    metric: str, group: tuple[str, str], of: "PairedComparison", p_adjusted: float
) -> Difference:
    ends = of.difference
    return Difference(
        metric=metric,
        group_name=group[0],
        group_value=group[1],
        first=of.first,
        second=of.second,
        difference=ends.estimate,
        low=ends.low,
        high=ends.high,
        p_value=of.p_value,
        p_adjusted=p_adjusted,
        clips=of.clips,
        speakers=of.speakers,
    )
