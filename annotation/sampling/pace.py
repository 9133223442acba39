"""How long an answer takes: so much per second of sound, and so much whatever it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from annotation.columns import FloatArray

FEWEST_TIMES: Final = 20
"""Usable lead times from which a pace is fitted; before, that of simulated annotators stands in."""

LONGEST_S: Final = 3600.0
"""Longest lead time that can be time spent on one clip."""

_LEAST_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Pace:
    """A linear model of the median lead time.

    Attributes:
        per_second: Seconds per second of sound, at least 0.
        constant_s: Seconds whatever the clip, above 0.
    """

    per_second: float = 1.5
    constant_s: float = 3.0

    def expect(self, duration_s: npt.ArrayLike) -> FloatArray:
        """Return the median lead time of clips of these durations, (N,) seconds.

        Example:
            >>> Pace().expect([2.0, 4.0]).tolist()
            [6.0, 9.0]
        """
        return self.per_second * np.asarray(duration_s, np.float64) + self.constant_s


def fit_pace(duration_s: npt.ArrayLike, lead_time_s: npt.ArrayLike) -> Pace:
    """Fit the pace of votes, robustly and in logs: lead times are skewed, and some are breaks.

    Args:
        duration_s: Duration of the clip of each vote, (V,).
        lead_time_s: What the vote took, (V,); unknown (NaN) and absurd times are left out.

    Returns:
        The pace; the default where fewer than `FEWEST_TIMES` are usable.

    Example:
        >>> length = np.linspace(1.0, 6.0, 40)
        >>> pace = fit_pace(length, np.where(length > 5.9, 900.0, 2.0 * length + 1.0))
        >>> round(pace.per_second, 1), round(pace.constant_s, 1)
        (2.0, 1.0)
    """
    duration, lead = (np.asarray(part, np.float64) for part in (duration_s, lead_time_s))
    usable = is_usable(lead) & (duration > 0)
    if usable.sum() < FEWEST_TIMES:
        return Pace()
    duration, log_lead = duration[usable], np.log(lead[usable])

    def miss(pace: FloatArray) -> FloatArray:
        return np.asarray(np.log(pace[0] * duration + pace[1]) - log_lead)

    start = [Pace().per_second, Pace().constant_s]
    found = least_squares(
        miss, start, bounds=([0.0, _LEAST_S], [np.inf, np.inf]), loss="soft_l1", f_scale=0.1
    )
    return Pace(float(found.x[0]), float(found.x[1]))


def is_usable(lead_time_s: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which lead times can be true, (V,)."""
    return np.asarray((lead_time_s > 0) & (lead_time_s <= LONGEST_S))
