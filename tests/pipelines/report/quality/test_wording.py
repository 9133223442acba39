"""How the page writes its verdict and its evidence."""

from dataclasses import replace

import pytest

from pipelines.report.quality.testing import build_sample_quality
from pipelines.report.quality.wording import (
    write_cell,
    write_heading,
    write_sentence,
    write_verdict,
)

CONTENT = build_sample_quality()


def _with(*severities):
    findings = [item for item in CONTENT.findings if item.severity in severities]
    return replace(CONTENT, findings=tuple(findings))


@pytest.mark.parametrize(
    ("severities", "verdict"),
    [
        (("error", "warning", "note"), "1 error, 1 warning"),
        (("warning",), "1 warning"),
        (("note",), "1 note"),
        ((), "Nothing doubtful"),
    ],
)
def test_verdict_counts_the_worst(severities, verdict):
    """Notes are named only where there is nothing worse."""
    assert write_verdict(_with(*severities)) == verdict


def test_sentence_says_what_was_looked_for():
    """Clips, faults looked for, faults found, and that speech is synthetic."""
    sentence = write_sentence(CONTENT)
    assert sentence.startswith("120 clips of one corpus were looked at for 4 faults; 3 were found")
    assert "synthetic speech" in sentence


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        pytest.param(None, "speaker", "–", id="nothing"),
        pytest.param(1234, "clips", "1,234", id="count"),
        pytest.param(("a", "b"), "labels", "a, b", id="list"),
        pytest.param(9.87, "snr_db", "9.9", id="decibels"),
        pytest.param(-41.26, "level_dbfs", "−41.3", id="minus"),
        pytest.param(2.345, "speech_s", "2.35", id="seconds"),
        pytest.param(0.0012, "clipped_fraction", "0.12\N{NO-BREAK SPACE}%", id="small-share"),
        pytest.param(0.9955, "similarity", "99.55\N{NO-BREAK SPACE}%", id="almost-all"),
        pytest.param(0.5, "share", "50\N{NO-BREAK SPACE}%", id="share"),
        pytest.param(float("nan"), "z", "n/a", id="undefined"),
        pytest.param("anger", "intended", "anger", id="text"),
    ],
)
def test_cell_is_written_by_its_column(value, column, text):
    """The column's name tells unit and precision."""
    assert write_cell(value, column) == text


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("snr_db", "SNR, dB"),
        ("speech_s", "Speech, s"),
        ("source_bytes", "Source, bytes"),
        ("cramers_v", "Cramér’s V"),
        ("clips_of_class", "Clips of class"),
    ],
)
def test_heading_names_the_unit(column, text):
    """A unit at the end of a column's name is set apart."""
    assert write_heading(column) == text
