"""A day goes from midnight to midnight where people live."""

from datetime import UTC, datetime

import numpy as np
import pytest

from pipelines.errors import SettingsError
from pipelines.people.day import read_day


def test_midnight_is_that_of_the_zone() -> None:
    """Half past eleven at night in London is tomorrow in Berlin."""
    day = read_day("Europe/Berlin", datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    assert day.name == "2026-07-02"
    assert day.start == datetime(2026, 7, 1, 22, tzinfo=UTC)


def test_a_day_on_which_clocks_change_has_another_length() -> None:
    """25 hours at the end of summer time."""
    day = read_day("Europe/Berlin", datetime(2026, 10, 25, 12, tzinfo=UTC))
    assert (day.end.astimezone(UTC) - day.start.astimezone(UTC)).total_seconds() == 25 * 3600


def test_moments_are_given_the_day_they_fall_on() -> None:
    """One quarter of an hour before midnight and one after are apart."""
    day = read_day("Asia/Kathmandu", datetime(2026, 1, 1, tzinfo=UTC))
    around = datetime(2026, 1, 1, 18, 15, tzinfo=UTC).timestamp()
    first, second = day.numbers(np.array([around - 1, around]))
    assert second - first == 1


def test_an_unknown_zone_is_named() -> None:
    """The message says which setting, and what to write."""
    with pytest.raises(SettingsError, match=r"`people.time_zone`: no time zone `Mars/Base`"):
        read_day("Mars/Base")
