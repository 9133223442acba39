"""How the data-quality page writes its verdict, its evidence and its thresholds."""

from __future__ import annotations

import math

from pipelines.report.quality.content import SEVERITIES, Cell, QualityContent
from pipelines.report.wording import MINUS, NO_BREAK_SPACE, UNDEFINED, format_quantity, format_share

_HEADINGS = {
    "z": "Robust z",
    "cramers_v": "Cramér’s V",
    "clip_id": "Clip",
    "other_id": "Other clip",
    "now_at": "Now at",
    "clipped_fraction": "At full scale",
    "fact": "Not known",
    "snr_db": "SNR, dB",
}
_UNITS = {"dbfs": "dBFS", "db": "dB", "s": "s", "bytes": "bytes"}
_SHARES = {"share", "similarity", "certainty", "intended_share", "clipped_fraction"}


def write_verdict(content: QualityContent) -> str:
    """Return the page's heading: how many findings of each severity.

    Args:
        content: the records of the page.

    Returns:
        Text such as `1 error, 6 warnings`; notes are named only where there is nothing worse.
    """
    counts = {severity: content.count(severity) for severity in SEVERITIES}
    worse = [
        format_quantity(counts[severity], severity)
        for severity in ("error", "warning")
        if counts[severity]
    ]
    if worse:
        return ", ".join(worse)
    return format_quantity(counts["note"], "note") if counts["note"] else "Nothing doubtful"


def write_sentence(content: QualityContent) -> str:
    """Return the sentence under the heading: what was looked at, and for what.

    Args:
        content: the records of the page.
    """
    clips = format_quantity(sum(profile.clips for profile in content.profiles), "clip")
    synthetic = any(profile.is_synthetic for profile in content.profiles)
    return (
        f"{clips} of {content.scope} were looked at for {len(content.findings)} faults; "
        f"{len(content.found)} were found"
        + (", on synthetic speech among others." if synthetic else ".")
    )


def write_heading(column: str) -> str:
    """Return the heading of a column of evidence.

    Args:
        column: its name in the statement.

    Example:
        >>> write_heading("level_dbfs"), write_heading("other_intended")
        ('Level, dBFS', 'Other intended')
    """
    if column in _HEADINGS:
        return _HEADINGS[column]
    name, _, unit = column.rpartition("_")
    words = (f"{name}, {_UNITS[unit]}" if name and unit in _UNITS else column).replace("_", " ")
    return words[:1].upper() + words[1:]


def write_cell(value: Cell, column: str) -> str:
    """Return a value of the evidence as the page shows it.

    Args:
        value: the value.
        column: its column, whose name tells the unit.

    Example:
        >>> write_cell(-41.26, "level_dbfs"), write_cell(("anger", "fear"), "labels")
        ('−41.3', 'anger, fear')
    """
    if value is None:
        return "–"
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, float):
        return _write_number(value, column)
    return f"{value:,}" if isinstance(value, int) else value


def _write_number(value: float, column: str) -> str:
    if not math.isfinite(value):
        return UNDEFINED
    if column in _SHARES:
        return _write_share(value)
    digits = 1 if column.endswith(("_db", "_dbfs")) or column in {"z", "ratio"} else 2
    return f"{value:,.{digits}f}".replace("-", MINUS)


def _write_share(value: float) -> str:
    # A tenth of a per cent of clipped samples is a lot, and 99.6 % alike is not the same.
    is_fine = 0 < value < 0.1 or 0.9 < value < 1
    return f"{100 * value:.2f}{NO_BREAK_SPACE}%" if is_fine else format_share(value)
