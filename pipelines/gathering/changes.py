"""What is different from the round before."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipelines.campaign import ARMS
from pipelines.clipset import INTENDED
from pipelines.compare import compare_models
from pipelines.errors import NothingToDoError
from pipelines.gathering.line import read_past_line, read_round_numbers
from pipelines.models import require_model
from pipelines.report.changes import Changes, LabelFlip, ScoreChange, SettingChange
from pipelines.report.content import CurvePoint, PairedDifference
from pipelines.tracking import flatten
from warehouse import Warehouse, queries

# What differs between any two rounds, and is told elsewhere on the page.
_DATA = {"arm", "clips", "corpus", "dev_speakers", "labels", "round_id", "test_speakers"}
_SHOWN_CHARACTERS = 60

Labels = dict[str, tuple[str | None, int]]


def read_changes(
    store: Warehouse, campaign: str, number: int, curve: Sequence[CurvePoint]
) -> Changes | None:
    """Compare a round with the one before it that was learned from.

    Args:
        store: The warehouse.
        campaign: The campaign.
        number: The round.
        curve: The curve up to that round.

    Returns:
        What changed; None where there is no round before.
    """
    earlier = [point.round for point in curve if point.round < number]
    if not earlier:
        return None
    since = max(earlier)
    then, now = ({p.arm: p for p in curve if p.round == of} for of in (since, number))
    before, after = (read_arm_labels(store, points.values()) for points in (then, now))
    models = [require_model(store, points["active"].model_id) for points in (then, now)]
    champions = [_name_champion(store, campaign, of) for of in (since, number)]
    return Changes(
        since=since,
        votes=(count_votes(before), count_votes(after)),
        clips=(len(before), len(after)),
        kept=len(before.keys() & after.keys()),
        flips=find_flips(before, after),
        scores=tuple(
            _compare(store, then[arm], now[arm]) for arm in ARMS if arm in then and arm in now
        ),
        champions=(champions[0], champions[1]),
        settings=_compare_settings(models[0], models[1]),
    )


def read_arm_labels(store: Warehouse, points: Iterable[CurvePoint]) -> Labels:
    """Return label and number of votes of every clip that the models of some arms learned from.

    Args:
        store: The warehouse.
        points: Points of the curve, one per arm; of a clip in both arms the active one's counts.
    """
    found: Labels = {}
    for point in sorted(points, key=lambda point: point.arm, reverse=True):
        table = queries.select_consensus(store, require_model(store, point.model_id)["labels"])
        columns = (table[name].to_pylist() for name in ("clip_id", "label", "votes"))
        found |= {clip_id: (label, votes) for clip_id, label, votes in zip(*columns, strict=True)}
    return found


def count_votes(labels: Labels) -> int:
    """Return how many votes labels stand on."""
    return sum(votes for _, votes in labels.values())


def measure_difference(store: Warehouse, first: str, second: str) -> PairedDifference | None:
    """Return UAR of one model minus that of another on the same clips; None where nobody can.

    Args:
        store: The warehouse.
        first: A model.
        second: Another one; the same has no difference.
    """
    if first == second:
        return None
    try:
        uar = compare_models(store, [(first, second)], truth=INTENDED).uar
    except NothingToDoError:
        return None
    return PairedDifference(uar=uar.difference, low=uar.low, high=uar.high)


def _name_champion(store: Warehouse, campaign: str, number: int) -> str | None:
    champion = read_past_line(store, campaign, number).champion
    of_round = read_round_numbers(store, campaign).get(champion or "")
    return champion if of_round is None else f"round {of_round}"


def find_flips(before: Labels, after: Labels) -> tuple[LabelFlip, ...]:
    """Return the clips that had a label, or a tie, both times, and not the same one.

    Args:
        before: Label, None for a tie, and number of votes by clip.
        after: The same, later.

    Example:
        >>> before = {"a": ("joy", 1), "b": (None, 2)}
        >>> found = find_flips(before, {"a": ("joy", 2), "b": ("joy", 3)})
        >>> [(flip.clip_id, flip.before, flip.after, flip.votes_after) for flip in found]
        [('b', None, 'joy', 3)]
    """
    return tuple(
        LabelFlip(
            clip_id=clip_id,
            before=before[clip_id][0],
            after=after[clip_id][0],
            votes_before=before[clip_id][1],
            votes_after=after[clip_id][1],
        )
        for clip_id in sorted(before.keys() & after.keys())
        if before[clip_id][0] != after[clip_id][0]
    )


def _compare(store: Warehouse, then: CurvePoint, now: CurvePoint) -> ScoreChange:
    return ScoreChange(
        arm=now.arm,
        before=then.uar,
        after=now.uar,
        difference=measure_difference(store, now.model_id, then.model_id),
    )


def _compare_settings(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[SettingChange, ...]:
    before, after = (_settings(model) for model in (then, now))
    return tuple(
        SettingChange(
            name=name,
            before=before.get(name, "unset")[:_SHOWN_CHARACTERS],
            after=after.get(name, "unset")[:_SHOWN_CHARACTERS],
        )
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )


def _settings(model: Mapping[str, Any]) -> dict[str, str]:
    own = {name: value for name, value in model["config"].items() if name not in _DATA}
    return {**flatten(own), "code_version": model["code_version"]}
