"""Numbers as the page writes them; one rule each, used by text and charts alike."""

from __future__ import annotations

import math

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
UNDEFINED = "n/a"


def format_score(value: float | None, *, signed: bool = False) -> str:
    """Write a score between -1 and 1 with two decimals and no leading zero.

    Args:
        value: the score; None or NaN when undefined.
        signed: write a plus sign before a value above zero.

    Returns:
        Text such as `.61`, or `n/a` when undefined.

    Example:
        >>> format_score(0.614), format_score(1.0), format_score(0.04, signed=True)
        ('.61', '1.00', '+.04')
    """
    if value is None or math.isnan(value):
        return UNDEFINED
    magnitude = f"{abs(value):.2f}"
    digits = magnitude.removeprefix("0")
    if magnitude == "0.00":
        return digits
    if value < 0:
        return MINUS + digits
    return "+" + digits if signed else digits


def format_interval(low: float, high: float) -> str:
    """Write an interval so that a line never breaks inside it.

    Args:
        low: lower end.
        high: upper end.

    Returns:
        Text such as `[.55, .67]` with a no-break space, or `[n/a]` when an end is undefined.

    Example:
        >>> format_interval(float("nan"), 0.67)
        '[n/a]'
    """
    if math.isnan(low) or math.isnan(high):
        return f"[{UNDEFINED}]"
    return f"[{format_score(low)},{NO_BREAK_SPACE}{format_score(high)}]"


def format_share(value: float | None) -> str:
    """Write a share of a whole in whole per cent.

    Args:
        value: share in [0, 1]; None or NaN when undefined.

    Returns:
        Text such as `63 %` with a no-break space, or `n/a`.

    Example:
        >>> format_share(None)
        'n/a'
    """
    if value is None or math.isnan(value):
        return UNDEFINED
    return f"{100 * value:.0f}{NO_BREAK_SPACE}%"


def format_count(value: int) -> str:
    """Write a count with thousands apart.

    Args:
        value: the count.

    Returns:
        Text such as `1,440`.

    Example:
        >>> format_count(1440)
        '1,440'
    """
    return f"{value:,}"


def format_quantity(value: int, noun: str) -> str:
    """Write a count with its noun in the right number.

    Args:
        value: the count.
        noun: the noun in the singular; its plural takes an s.

    Returns:
        Text such as `1 vote` or `240 votes`.

    Example:
        >>> format_quantity(1, "vote"), format_quantity(1440, "clip")
        ('1 vote', '1,440 clips')
    """
    return f"{format_count(value)} {noun}{'' if value == 1 else 's'}"


def format_hours(hours: float) -> str:
    """Write a length of speech, in minutes below one hour.

    Args:
        hours: the length in hours.

    Returns:
        Text such as `1.5 h` or `12 min` with a no-break space.

    Example:
        >>> format_hours(0.2).replace(NO_BREAK_SPACE, " ")
        '12 min'
    """
    if hours < 1:
        return f"{60 * hours:.0f}{NO_BREAK_SPACE}min"
    return f"{hours:.1f}{NO_BREAK_SPACE}h"


def format_seconds(seconds: float) -> str:
    """Write a length of work, in seconds below a minute and a half, else as `format_hours` does.

    Args:
        seconds: the length.

    Returns:
        Text such as `8 s`, `12 min` or `1.5 h` with a no-break space.

    Example:
        >>> format_seconds(34.2).replace(NO_BREAK_SPACE, " ")
        '34 s'
    """
    if seconds < 90:
        return f"{seconds:.0f}{NO_BREAK_SPACE}s"
    return format_hours(seconds / 3600)


def with_note(name: str, note: str) -> str:
    """Append a note to a name, if there is one.

    Args:
        name: the name, such as an axis title.
        note: what must be said wherever the name stands, or nothing.

    Returns:
        Both with a middle dot between, or the name alone.

    Example:
        >>> with_note("votes", "synthetic speech")
        'votes · synthetic speech'
    """
    return f"{name} · {note}" if note else name
