"""Audit pinned dependencies for known vulnerabilities; what was not looked up is not called clean.

    python infra/audit.py [--tool FOLDER] FILE …

It exits with
    0  every pinned package was looked up, and none has an advisory that is not accepted;
    1  at least one has;
    3  something could not be looked up, so that nobody knows.

pip-audit does the work, in an environment of its own. It exits with 0 where it could look up
nothing, which is why its report is read instead. An advisory is accepted by a line in
`.ci/accepted_advisories`: its id, and why it does not matter here.
"""

import argparse
import json
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[1]
TOOL = "pip-audit==2.10.1"
ACCEPTED = TOP / ".ci" / "accepted_advisories"
CLEAN, VULNERABLE, UNKNOWN = 0, 1, 3
LONGEST_S = 600


def judge(
    report: Mapping[str, Any], pins: int, accepted: Mapping[str, str]
) -> tuple[int, list[str]]:
    """Return the exit code for a report, and what to say about it.

    Args:
        report: What pip-audit wrote as JSON.
        pins: How many packages it was given.
        accepted: Reasons by the ids of advisories that do not matter here.

    Example:
        >>> judge({"dependencies": [{"name": "a", "skip_reason": "not found"}]}, 1, {})[0]
        3
    """
    packages = report["dependencies"]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    found, lines = False, []
    for package in packages:
        for advisory in package.get("vulns", ()):
            names = {advisory["id"], *advisory.get("aliases", ())}
            reasons = [accepted[name] for name in sorted(names & accepted.keys())]
            found |= not reasons
            fixed = ", ".join(advisory.get("fix_versions", ())) or "no version yet"
            what = f"accepted: {reasons[0]}" if reasons else f"fixed in {fixed}"
            lines.append(f"{package['name']} {package['version']}: {advisory['id']} ({what})")
    missing = pins - len(packages) + len(skipped)
    if missing:
        named = f": {', '.join(skipped[:5])}{', …' if len(skipped) > 5 else ''}" if skipped else ""
        lines.append(f"NOT AUDITED: {missing} of {pins} packages could not be looked up{named}")
    else:
        lines.append(f"{pins} packages looked up")
    return VULNERABLE if found else UNKNOWN if missing else CLEAN, lines


def read_accepted(path: Path) -> dict[str, str]:
    """Return the reasons by the ids of accepted advisories.

    Raises:
        SystemExit: A line has no reason.
    """
    accepted = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        if not line or line.startswith("#"):
            continue
        name, _, reason = line.partition(" ")
        if not reason.strip():
            raise SystemExit(f"`{path.name}`: {name} is accepted without a reason; write it behind")
        accepted[name] = reason.strip()
    return accepted


def count_pins(path: Path) -> int:
    """Return how many packages a file of constraints pins."""
    return sum("==" in line for line in path.read_text(encoding="utf-8").splitlines())


def audit(tool: Path, path: Path) -> Mapping[str, Any] | str:
    """Return pip-audit's report on a file of constraints, or why there is none.

    Args:
        tool: Folder of its environment; made if need be.
        path: The file.
    """
    program = tool / "bin" / "pip-audit"
    try:
        if not program.exists():
            venv.create(tool, with_pip=True, clear=True)
            pip = [tool / "bin" / "python", "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, TOOL], check=True, timeout=LONGEST_S)  # noqa: S603 - our own pin
        options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
        run = subprocess.run(  # noqa: S603 - our own tool
            [program, *options, "--requirement", path],
            capture_output=True,
            check=False,
            text=True,
            timeout=LONGEST_S,
        )
        report: Mapping[str, Any] = json.loads(run.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return f"pip-audit gave no report: {error}"
    return report


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit files of constraints, say what was found, and return the exit code."""
    parser = argparse.ArgumentParser(description="Audit pinned dependencies.")
    parser.add_argument("--tool", type=Path, default=TOP / ".serloop" / "audit")
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args(arguments)
    accepted, codes = read_accepted(ACCEPTED), []
    for path in given.files:
        report = audit(given.tool, path)
        if isinstance(report, str):
            code, lines = UNKNOWN, [f"NOT AUDITED: {report}"]
        else:
            code, lines = judge(report, count_pins(path), accepted)
        codes.append(code)
        sys.stdout.write("".join(f"audit of {path}: {line}\n" for line in lines))
    return VULNERABLE if VULNERABLE in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
