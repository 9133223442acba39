"""How the page writes numbers."""

import math

import pytest

from pipelines.report.wording import (
    NO_BREAK_SPACE,
    format_hours,
    format_interval,
    format_quantity,
    format_score,
    format_share,
)


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [
        pytest.param(0.614, False, ".61", id="no-leading-zero"),
        pytest.param(1.0, False, "1.00", id="one"),
        pytest.param(0.0, True, ".00", id="zero-has-no-sign"),
        pytest.param(-0.001, False, ".00", id="rounds-to-zero"),
        pytest.param(-0.04, False, "−.04", id="negative"),
        pytest.param(0.04, True, "+.04", id="signed"),
        pytest.param(math.nan, False, "n/a", id="nan"),
        pytest.param(None, False, "n/a", id="none"),
    ],
)
def test_format_score(value, signed, text):
    """Scores have two decimals; what is undefined says so."""
    assert format_score(value, signed=signed) == text


def test_interval_does_not_break():
    """The two ends are held together by a no-break space."""
    assert format_interval(0.55, 0.67) == f"[.55,{NO_BREAK_SPACE}.67]"


def test_interval_with_an_undefined_end_is_undefined():
    """One known end is not an interval."""
    assert format_interval(0.55, math.nan) == "[n/a]"


def test_share_is_in_whole_per_cent():
    """Shares are written without decimals."""
    assert format_share(0.714) == f"71{NO_BREAK_SPACE}%"


@pytest.mark.parametrize(("value", "text"), [(0, "0 votes"), (1, "1 vote"), (1200, "1,200 votes")])
def test_quantity_agrees_with_its_noun(value, text):
    """Only one is singular."""
    assert format_quantity(value, "vote") == text


def test_long_speech_is_in_hours():
    """From one hour on, hours are shown with one decimal."""
    assert format_hours(1.48) == f"1.5{NO_BREAK_SPACE}h"
