"""Doctor: find out what is missing or broken before a run does, and say what to do about it."""

import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from pipelines.errors import PipelineError
from pipelines.runner import Row
from pipelines.settings import Settings, load_settings

State = Literal["ok", "note", "broken"]
# A corpus of 100 hours takes about 12 GB as 16-bit audio and features together.
FREE_GB_WANTED = 5
PREFECT_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        subject: What.
        state: `ok`, `note` (works, but you may want to know) or `broken`.
        detail: What was found.
        remedy: What to do, if anything.
    """

    subject: str
    state: State
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was looked at."""

    findings: tuple[Finding, ...]

    @property
    def is_healthy(self) -> bool:
        """Return whether nothing is broken."""
        return all(finding.state != "broken" for finding in self.findings)

    def rows(self) -> Sequence[Row]:
        """Return one row per finding."""
        return [
            {"what": f.subject, "state": f.state, "found": f.detail, "remedy": f.remedy or None}
            for f in self.findings
        ]


def diagnose(home: Path | None = None) -> Diagnosis:
    """Look at the interpreter, the packages, the settings, the warehouse, and the services.

    Args:
        home: Folder of everything serloop writes, if not the setting.
    """
    findings = [*_check_python(), *_check_packages()]
    try:
        settings = load_settings(home=home)
    except PipelineError as error:
        findings.append(Finding("settings", "broken", str(error), "correct the setting named"))
        return Diagnosis(tuple(findings))
    findings.append(Finding("settings", "ok", "every setting is known and valid"))
    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _check_disk,
        _check_warehouse,
        _check_prefect,
        _check_threads,
    )
    findings += [finding for check in checks for finding in check(settings)]
    return Diagnosis(tuple(findings))


def _check_python() -> Iterator[Finding]:
    yield Finding("python", "ok", ".".join(map(str, sys.version_info[:3])))


def _check_packages() -> Iterator[Finding]:
    for name in ("duckdb", "pyarrow", "torch", "torchaudio", "soundfile", "prefect", "sklearn"):
        distribution = "scikit-learn" if name == "sklearn" else name
        try:
            importlib.import_module(name)
        except (ImportError, OSError) as error:
            yield Finding(name, "broken", str(error), "run `make test`, which repairs .venv")
        else:
            yield Finding(name, "ok", version(distribution))
    import soundfile  # noqa: PLC0415 - its absence is a finding, not a crash

    if "MP3" not in soundfile.available_formats():
        yield Finding(
            "mp3",
            "note",
            f"libsndfile {soundfile.__libsndfile_version__} cannot read MP3",
            "install libsndfile 1.1 or newer to ingest MP3",
        )


def _check_disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.home.resolve()
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        yield Finding("home", "broken", f"`{folder}` is no writable folder", "set SERLOOP_HOME")
        return
    free_gb = shutil.disk_usage(folder).free / 1e9
    state: State = "ok" if free_gb >= FREE_GB_WANTED else "note"
    remedy = "" if state == "ok" else f"free some space: {FREE_GB_WANTED} GB is comfortable"
    yield Finding("home", state, f"`{settings.home}`, {free_gb:.0f} GB free", remedy)


def _check_warehouse(settings: Settings) -> Iterator[Finding]:
    from pipelines.workspace import (  # noqa: PLC0415 - its absence is a finding
        has_warehouse,
        open_store,
    )
    from warehouse.errors import WarehouseError  # noqa: PLC0415

    if not has_warehouse(settings):
        yield Finding("warehouse", "note", "there is none yet", "`serloop ingest` makes it")
        return
    try:
        with open_store(settings) as store:
            failed = store.check()
            yield Finding("warehouse", "ok", f"opens, snapshot {store.snapshot}")
    except (WarehouseError, PipelineError) as error:
        yield Finding("warehouse", "broken", str(error), "check SERLOOP_WAREHOUSE__CATALOG")
        return
    for check in failed:
        yield Finding(
            f"check {check.name}",
            "broken",
            f"{check.rows.num_rows} rows: {check.purpose}",
            "see the rows with `serloop status --json`",
        )


def _check_prefect(_: Settings) -> Iterator[Finding]:
    address = os.environ.get("PREFECT_API_URL")
    if not address:
        yield Finding(
            "prefect server",
            "note",
            "PREFECT_API_URL is not set: stages run directly",
            "start one with `prefect server start` and set it to see runs in a UI",
        )
        return
    import httpx  # noqa: PLC0415 - only needed with a server

    try:
        answer = httpx.get(f"{address.rstrip('/')}/health", timeout=PREFECT_TIMEOUT_S)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        yield Finding(
            "prefect server",
            "broken",
            f"{address} does not answer: {error}",
            "start it, correct PREFECT_API_URL, or unset it to run directly",
        )
    else:
        yield Finding("prefect server", "ok", address)


def _check_threads(settings: Settings) -> Iterator[Finding]:
    cores = os.cpu_count() or 1
    wanted = (settings.compute.processes or cores) * settings.compute.threads
    if wanted > cores:
        yield Finding(
            "compute",
            "note",
            f"{wanted} threads on {cores} cores",
            "threads that wait for each other are slower than fewer: lower "
            "SERLOOP_COMPUTE__PROCESSES or __THREADS",
        )
    else:
        yield Finding("compute", "ok", f"{wanted} threads on {cores} cores")
