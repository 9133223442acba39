"""Agreement over time: round by round of a campaign, or by equal numbers of votes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.agreement import Statistic, count_alpha, estimate, pair_agreement, people_per_class
from annotation.columns import IntArray
from annotation.votes import build_vote_matrix
from pipelines.opinions import split_by_round
from pipelines.report.opinions.content import AgreementStep, Estimate, Timeline
from pipelines.report.wording import format_quantity

MAX_BINS: Final = 12
MAX_ROUNDS: Final = 24
VOTES_PER_BIN: Final = 30
"""Votes below which a stretch of time is too short to be compared with another."""


def measure_timeline(votes: pa.Table, classes: Sequence[str], asks: pa.Table) -> Timeline:
    """Measure agreement within each round, else within stretches of equally many votes.

    Args:
        votes: labelled rows of the ledger that stand, on one modality.
        classes: C class names.
        asks: clips asked about with their rounds, in order of campaign and number.

    Returns:
        The steps, or a sentence on why there are none.
    """
    rounds = [(name, part) for name, part in split_by_round(votes, asks) if part.num_rows]
    if rounds:
        steps = [_measure(part, classes, name, f"round {name}") for name, part in rounds]
        return Timeline(unit="round", steps=tuple(steps[-MAX_ROUNDS:]), note=_on_rounds(rounds))
    timed = votes.filter(pc.is_valid(votes["cast_at"])).sort_by("cast_at")
    if not timed.num_rows:
        note = "No vote says when it was cast, so nothing can be said about agreement over time."
        return Timeline(unit="time", steps=(), note=note)
    parts = list(_by_time(timed))
    steps = [
        _measure(part, classes, name, span)
        for part, (name, span) in zip(parts, _name_stretches(parts), strict=True)
    ]
    if len(steps) < 2 or not any(step.alpha.is_known for step in steps):
        return Timeline(unit="time", steps=(), note=_on_short(steps, timed))
    untimed = _count(votes) - _count(timed)
    note = f"{format_quantity(untimed, 'vote')} without a time left out." if untimed else ""
    return Timeline(unit="time", steps=tuple(steps), note=note)


def estimate_of(statistic: Statistic) -> Estimate:
    """Return a statistic with its 95 % interval from resampled clips."""
    found = estimate(statistic)
    return Estimate(found.value, found.low, found.high)


def _on_rounds(rounds: Sequence[object]) -> str:
    if len(rounds) <= MAX_ROUNDS:
        return ""
    return f"The last {MAX_ROUNDS} of {len(rounds)} rounds; `serloop agreement --by round` has all."


def _by_time(timed: pa.Table) -> Iterator[pa.Table]:
    """Cut votes that are sorted by time; votes of one moment stay together."""
    moments = timed["cast_at"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
    _, moment = np.unique(moments, return_inverse=True)
    weight = np.bincount(moment, weights=timed["count"].to_numpy())
    total = weight.sum()
    bins = int(np.clip(total // VOTES_PER_BIN, 1, MAX_BINS))
    middle = np.cumsum(weight) - weight / 2
    stretch: IntArray = np.floor(middle / total * bins).astype(np.int64)[moment]
    starts = np.flatnonzero(np.diff(stretch, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(stretch)], strict=True):
        yield timed.slice(start, end - start)


def _name_stretches(parts: Sequence[pa.Table]) -> Iterator[tuple[str, str]]:
    ends = [(_moment(part, 0), _moment(part, -1)) for part in parts]
    is_daily = len({start.date() for start, _ in ends}) == len(ends)
    for start, end in ends:
        name = f"{start:%Y-%m-%d}" if is_daily else f"{start:%m-%d %H:%M}"
        if is_daily and start.date() != end.date():
            span = f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"
        elif is_daily:
            span = name
        else:
            span = f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
        yield name, span


def _moment(part: pa.Table, row: int) -> datetime:
    found: datetime = part["cast_at"][row].as_py()
    return found.astimezone(UTC)


def _measure(part: pa.Table, classes: Sequence[str], name: str, span: str) -> AgreementStep:
    counts = people_per_class(build_vote_matrix(part, classes))
    alpha = count_alpha(counts)
    return AgreementStep(
        name=name,
        span=span,
        alpha=estimate_of(alpha),
        pairs=estimate_of(pair_agreement(counts)),
        clips=int(alpha.used.sum()),
        votes=int((alpha.people * alpha.used).sum()),
    )


def _on_short(steps: Sequence[AgreementStep], timed: pa.Table) -> str:
    first, last = _moment(timed, 0), _moment(timed, -1)
    if first == last:
        return f"All votes bear the same time, {first:%Y-%m-%d %H:%M} UTC: there is no course."
    if len(steps) < 2:
        votes = format_quantity(_count(timed), "vote")
        return f"{votes} with a time are too few to be parted into stretches of {VOTES_PER_BIN}."
    return "Within no stretch of time did two people judge the same clip, so none can be compared."


def _count(votes: pa.Table) -> int:
    return int(pc.sum(votes["count"]).as_py() or 0)
