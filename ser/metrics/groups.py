"""How well a model does for each kind of speaker or sound, and for whom it does worst."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError
from ser.metrics.bootstrap import AnyStatistic, Interval, bootstrap_metrics, check_comparable
from ser.metrics.paired import PairedComparison, compare_paired
from ser.metrics.statistic import IntArray, Statistic

Result = TypeVar("Result")

UNKNOWN = "(unknown)"
# Of 30 clips, an accuracy has a standard error of up to .09; fewer tell hardly anything.
MIN_CLIPS = 30
MIN_SPEAKERS = 2


@dataclass(frozen=True)
class GroupResult(Generic[Result]):
    """What was found for one group of clips.

    Args:
        group: Its name, such as `female`.
        clips: Number of clips.
        speakers: Number of speakers.
        metrics: What was found by name of the metric; empty where the group is too small to be
            judged and is only listed.
    """

    group: str
    clips: int
    speakers: int
    metrics: Mapping[str, Result]


def bootstrap_groups(
    statistic: Statistic,
    groups: Sequence[str | None],
    speakers: Sequence[str],
    *,
    order: Sequence[str] = (),
    min_clips: int = MIN_CLIPS,
    min_speakers: int = MIN_SPEAKERS,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> tuple[GroupResult[Interval], ...]:
    """Return metrics with intervals for each group by itself, see `bootstrap_metrics`.

    Args:
        statistic: Metrics of N clips, such as `classification_statistic` returns. A group's UAR
            averages the classes that occur in it.
        groups: Group of each clip, such as its gender; None where unknown.
        speakers: Speaker of each clip.
        order: Groups to put first, in this order; the rest follow by name, the unknown last.
        min_clips: Clips below which a group is only listed.
        min_speakers: Speakers below which a group is only listed.
        resamples: Number of resamples, at least 1.
        confidence: Share of resamples inside the interval, in (0, 1).
        seed: Seed of the draw.

    Raises:
        ConfigurationError: If there is no clip, not one group and speaker per clip, or a
            parameter lies outside its range.

    Example:
        >>> from ser.metrics.classification import classification_statistic
        >>> truth = np.array([0, 1, 0, 1])
        >>> statistic = classification_statistic(truth, truth, ["calm", "joy"])
        >>> found = bootstrap_groups(statistic, ["f", "f", "f", "m"], "abac", min_clips=2)
        >>> [(of.group, of.clips, of.speakers, len(of.metrics)) for of in found]
        [('f', 3, 2, 10), ('m', 1, 1, 0)]
    """

    def judge(positions: IntArray, names: Sequence[str]) -> Mapping[str, Interval]:
        return bootstrap_metrics(
            statistic.take(positions),
            names,
            resamples=resamples,
            confidence=confidence,
            seed=seed,
        )

    members = _members(groups, speakers, order, len(statistic.rows))
    return _by_group(judge, members, min_clips, min_speakers)


def compare_groups(
    first: AnyStatistic,
    second: AnyStatistic,
    groups: Sequence[str | None],
    speakers: Sequence[str],
    *,
    order: Sequence[str] = (),
    min_clips: int = MIN_CLIPS,
    min_speakers: int = MIN_SPEAKERS,
    resamples: int = 2000,
    permutations: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> tuple[GroupResult[PairedComparison], ...]:
    """Compare two models in each group by itself, see `compare_paired`.

    Args:
        first: Metrics of N clips under the first model.
        second: The same metrics of the same clips under the second model.
        groups: Group of each clip; None where unknown.
        speakers: Speaker of each clip.
        order: Groups to put first, in this order; the rest follow by name, the unknown last.
        min_clips: Clips below which a group is only listed.
        min_speakers: Speakers below which a group is only listed.
        resamples: Bootstrap resamples, at least 1.
        permutations: Most permutations to try, at least 1.
        confidence: Share of resamples inside the interval, in (0, 1).
        seed: Seed of both draws.

    Raises:
        ConfigurationError: As `bootstrap_groups`, and if the models differ in metrics or clips.
    """
    check_comparable(first, second)

    def judge(positions: IntArray, names: Sequence[str]) -> Mapping[str, PairedComparison]:
        return compare_paired(
            first.take(positions),
            second.take(positions),
            names,
            resamples=resamples,
            permutations=permutations,
            confidence=confidence,
            seed=seed,
        )

    members = _members(groups, speakers, order, len(first.rows))
    return _by_group(judge, members, min_clips, min_speakers)


def worst_group(
    found: Sequence[GroupResult[Interval]], metric: str, *, is_error: bool = False
) -> GroupResult[Interval] | None:
    """Return the judged group with the worst estimate, the first of equals.

    The worst of many small groups is partly bad luck: read its interval.

    Args:
        found: What `bootstrap_groups` returned.
        metric: Name of the metric.
        is_error: Whether a larger value is worse, as for `ece` or `rmse`.

    Returns:
        The group; None where no group is large enough, or none has the metric defined.

    Raises:
        ConfigurationError: If a judged group does not have the metric.

    Example:
        >>> found = [GroupResult(name, 40, 4, {"uar": Interval(uar, 0.0, 1.0)})
        ...          for name, uar in (("female", 0.7), ("male", 0.6))]
        >>> worst_group(found, "uar").group
        'male'
    """
    judged = [group for group in found if group.metrics]
    for group in judged:
        if metric not in group.metrics:
            raise ConfigurationError(
                f"`metric` must be one of {list(group.metrics)}, but got `{metric}`"
            )
    defined = [group for group in judged if np.isfinite(group.metrics[metric].estimate)]
    sign = -1 if is_error else 1
    return min(defined, key=lambda group: sign * group.metrics[metric].estimate, default=None)


def name_bins(
    values: npt.NDArray[np.floating], edges: Sequence[float], unit: str = ""
) -> tuple[list[str | None], tuple[str, ...]]:
    """Turn numbers, such as the signal-to-noise ratio or the age, into named groups.

    Args:
        values: One number per clip, ``(N,)``; NaN where unknown.
        edges: Ascending; a value equal to an edge falls above it.
        unit: Put after each name.

    Returns:
        The group of each clip, None where unknown, and the names of all groups, ascending.

    Raises:
        ConfigurationError: If the edges do not ascend.

    Example:
        >>> name_bins(np.array([3.0, 20, np.nan]), [10, 20], "dB")
        (['< 10 dB', '≥ 20 dB', None], ('< 10 dB', '10 – 20 dB', '≥ 20 dB'))
    """
    if not edges or (np.diff(edges) <= 0).any():
        raise ConfigurationError(f"`edges` must ascend and be at least one, but are {list(edges)}")
    after = f" {unit}" if unit else ""
    between = [f"{low:g} – {high:g}{after}" for low, high in pairwise(edges)]
    names = (f"< {edges[0]:g}{after}", *between, f"≥ {edges[-1]:g}{after}")
    bins = np.searchsorted(edges, values, side="right").tolist()
    is_known = np.isfinite(values).tolist()
    return [
        names[place] if known else None for place, known in zip(bins, is_known, strict=True)
    ], names


@dataclass(frozen=True, eq=False)
class _Members:
    group: str
    positions: IntArray
    speakers: list[str]


def _members(
    groups: Sequence[str | None], speakers: Sequence[str], order: Sequence[str], clips: int
) -> list[_Members]:
    if not len(groups) == len(speakers) == clips or not clips:
        raise ConfigurationError(
            "`groups` and `speakers` must have one entry per clip and there must be a clip, but "
            f"got {len(groups)} and {len(speakers)} for {clips} clips"
        )
    names = [UNKNOWN if name is None else name for name in groups]
    place = {name: position for position, name in enumerate(order)}
    ordered = sorted(
        set(names), key=lambda name: (place.get(name, len(place)), name == UNKNOWN, name)
    )
    at: dict[str, list[int]] = {name: [] for name in ordered}
    for position, name in enumerate(names):
        at[name].append(position)
    return [
        _Members(name, np.array(found, np.int64), [speakers[position] for position in found])
        for name, found in at.items()
    ]


def _by_group(
    judge: Callable[[IntArray, Sequence[str]], Mapping[str, Result]],
    members: Sequence[_Members],
    min_clips: int,
    min_speakers: int,
) -> tuple[GroupResult[Result], ...]:
    found = []
    for of in members:
        clips, n_speakers = len(of.positions), len(set(of.speakers))
        is_judged = clips >= min_clips and n_speakers >= min_speakers
        metrics = judge(of.positions, of.speakers) if is_judged else {}
        found.append(GroupResult(of.group, clips, n_speakers, metrics))
    return tuple(found)
