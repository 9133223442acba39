"""The audit of dependencies calls clean only what it looked up."""

from pathlib import Path

import pytest

from infra import audit

ROOT = Path(__file__).parents[1]
PINNED = {"name": "a", "version": "1.0", "vulns": []}
ADVISORY = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"]}
REPORTS = {
    "clean": ([PINNED], 1, {}, audit.CLEAN, "1 packages looked up"),
    "vulnerable": (
        [{**PINNED, "vulns": [ADVISORY]}],
        1,
        {},
        audit.VULNERABLE,
        "a 1.0: PYSEC-1 (fixed in 1.1)",
    ),
    "accepted": (
        [{**PINNED, "vulns": [ADVISORY]}],
        1,
        {"CVE-1": "not called"},
        audit.CLEAN,
        "a 1.0: PYSEC-1 (accepted: not called)",
    ),
    "skipped": (
        [PINNED, {"name": "b", "skip_reason": "not found"}],
        2,
        {},
        audit.UNKNOWN,
        "NOT AUDITED: 1 of 2 packages could not be looked up: b",
    ),
    "left-out": ([], 2, {}, audit.UNKNOWN, "NOT AUDITED: 2 of 2 packages could not be looked up"),
    "vulnerable-and-skipped": (
        [{**PINNED, "vulns": [ADVISORY]}, {"name": "b", "skip_reason": "not found"}],
        2,
        {},
        audit.VULNERABLE,
        "NOT AUDITED: 1 of 2 packages could not be looked up: b",
    ),
}


@pytest.mark.parametrize(
    ("packages", "pins", "accepted", "code", "line"), REPORTS.values(), ids=REPORTS
)
def test_an_audit_calls_clean_only_what_it_looked_up(packages, pins, accepted, code, line) -> None:
    """pip-audit itself says 'no known vulnerabilities' where it could look up nothing."""
    found, lines = audit.judge({"dependencies": packages}, pins, accepted)
    assert found == code
    assert line in lines


def test_an_audit_without_a_report_is_none(tmp_path: Path, capsys) -> None:
    """Whatever goes wrong, nothing is called clean."""
    tool = tmp_path / "bin" / "pip-audit"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
    tool.chmod(0o755)
    assert audit.main(["--tool", str(tmp_path), str(ROOT / "constraints.txt")]) == audit.UNKNOWN
    assert "NOT AUDITED: pip-audit gave no report" in capsys.readouterr().out


def test_an_advisory_is_accepted_with_a_reason(tmp_path: Path) -> None:
    """A bare id is refused."""
    path = tmp_path / "accepted"
    path.write_text("# comment\nCVE-1 we never call it\n")
    assert audit.read_accepted(path) == {"CVE-1": "we never call it"}
    path.write_text("CVE-2\n")
    with pytest.raises(SystemExit, match="CVE-2 is accepted without a reason"):
        audit.read_accepted(path)
