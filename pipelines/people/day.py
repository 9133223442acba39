"""Days, as people live them: from midnight to midnight of one time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from annotation.columns import FloatArray, IntArray
from pipelines.errors import SettingsError

# Every time zone in use is off UTC by a multiple of it.
_QUARTER_S = 900


@dataclass(frozen=True)
class Day:
    """A moment, and the day around it.

    Args:
        now: The moment, with a time zone.
        zone: Whose midnight ends the day.
    """

    now: datetime
    zone: tzinfo = UTC

    @property
    def name(self) -> str:
        """Return the date, such as `2026-11-03`."""
        return self.now.astimezone(self.zone).date().isoformat()

    @property
    def start(self) -> datetime:
        """Return the midnight at which it began."""
        local = self.now.astimezone(self.zone)
        return local.replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def end(self) -> datetime:
        """Return the midnight at which it ends."""
        # Not 24 hours later: a day has 23 or 25 when clocks change.
        return (self.start.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=self.zone)

    def numbers(self, seconds: FloatArray) -> IntArray:
        """Return the day of each moment, counted from 1 January of the year 1, (n,) int64.

        Args:
            seconds: Moments, (n,) seconds since 1970.
        """
        quarters, index = np.unique(np.floor(seconds / _QUARTER_S), return_inverse=True)
        days = [
            datetime.fromtimestamp(quarter * _QUARTER_S, self.zone).toordinal()
            for quarter in quarters.tolist()
        ]
        return np.array(days, np.int64)[index]


def read_day(time_zone: str, now: datetime | None = None) -> Day:
    """Return today.

    Args:
        time_zone: Name of the zone, such as `Europe/Berlin`.
        now: The moment; default: the present one.

    Raises:
        SettingsError: If this machine knows no such zone.

    Example:
        >>> read_day("UTC", datetime(2026, 11, 3, 12, tzinfo=UTC)).end.isoformat()
        '2026-11-04T00:00:00+00:00'
    """
    try:
        # Without a database of zones not even UTC is found by its name.
        zone = UTC if time_zone == "UTC" else ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            f"setting `people.time_zone`: no time zone `{time_zone}` is known here; name one such "
            "as `Europe/Berlin`"
        ) from error
    return Day(now or datetime.now(UTC), zone)
