"""Time taken per vote: what is usable of it, and who is far from their own or the group's habit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from annotation.annotators.judgements import Judgements
from annotation.columns import FloatArray, IntArray

OUTLIER_Z: Final = 3.5
"""Robust z beyond which a time is an outlier (Iglewicz and Hoaglin 1993)."""

_NORMAL_MAD: Final = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""

_FEWEST_TIMES: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class LeadTimes:
    """How long each of A annotators takes.

    Attributes:
        usable: Times that can be true, (A,) int64.
        absurd: Times that cannot: zero, negative, infinite or longer than allowed, (A,) int64.
            They are counted here and are evidence of nothing.
        median_s: Median of the usable times, (A,) seconds; NaN without any.
        hasty: Usable times far below the annotator's own median, (A,) int64.
        slow: Usable times far above it, (A,) int64.
        z: Robust z of log time of each vote against its annotator, (V,); NaN where the time is
            unknown or absurd or the annotator has fewer than five or no spread.
        group_z: Robust z of the log median of each annotator against the others, (A,); strongly
            negative for one who hurries. NaN below five annotators with times.
    """

    usable: IntArray
    absurd: IntArray
    median_s: FloatArray
    hasty: IntArray
    slow: IntArray
    z: FloatArray
    group_z: FloatArray


def measure_lead_times(judgements: Judgements, *, longest_s: float = 3600.0) -> LeadTimes:
    """Compare each time with the annotator's median, and each median with the group's, in logs.

    Medians and median absolute deviations are used throughout, because a single forgotten browser
    tab would carry a mean and a variance away.

    Args:
        judgements: The votes; any lead time is accepted.
        longest_s: Longest time in seconds that can be time spent on one clip.

    Returns:
        The measures.

    Reference:
        B. Iglewicz and D. C. Hoaglin (1993). How to detect and handle outliers. ASQC.
    """
    lead, who = judgements.lead_time_s, judgements.annotator_index
    annotators = len(judgements.annotators)
    recorded = ~np.isnan(lead)
    valid = recorded & (lead > 0) & (lead <= longest_s)
    log_time = np.log(np.where(valid, lead, 1.0))
    middle, spread = _median_and_spread(log_time[valid], who[valid], annotators)
    z = np.full(len(lead), np.nan)
    scaled = valid & (spread[who] > 0)
    z[scaled] = (log_time[scaled] - middle[who[scaled]]) / spread[who[scaled]]
    usable = np.bincount(who[valid], minlength=annotators)
    spread_of_all = np.full(annotators, np.nan)
    timed = np.flatnonzero(usable >= _FEWEST_TIMES)
    centre, width = _median_and_spread(middle[timed], np.zeros(len(timed), np.int64), 1)
    if width[0] > 0:
        spread_of_all[timed] = (middle[timed] - centre[0]) / width[0]
    return LeadTimes(
        usable=usable.astype(np.int64),
        absurd=np.bincount(who[recorded & ~valid], minlength=annotators).astype(np.int64),
        median_s=np.exp(middle),
        hasty=np.bincount(who[np.nan_to_num(z) < -OUTLIER_Z], minlength=annotators),
        slow=np.bincount(who[np.nan_to_num(z) > OUTLIER_Z], minlength=annotators),
        z=z,
        group_z=spread_of_all,
    )


def _median_and_spread(
    values: FloatArray, group: IntArray, groups: int
) -> tuple[FloatArray, FloatArray]:
    """Return median and scaled median absolute deviation per group; no spread below five."""
    middle = _median(values, group, groups)
    spread = _NORMAL_MAD * _median(np.abs(values - middle[group]), group, groups)
    count = np.bincount(group, minlength=groups)
    return middle, np.where(count >= _FEWEST_TIMES, spread, np.nan)


def _median(values: FloatArray, group: IntArray, groups: int) -> FloatArray:
    ordered = values[np.lexsort((values, group))]
    count = np.bincount(group, minlength=groups)
    start = np.cumsum(count) - count
    has = count > 0
    out = np.full(groups, np.nan)
    lower, upper = start[has] + (count[has] - 1) // 2, start[has] + count[has] // 2
    out[has] = (ordered[lower] + ordered[upper]) / 2
    return out
