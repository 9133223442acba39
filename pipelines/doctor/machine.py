"""This machine: the interpreter, packages, disk and cores."""

import importlib
import os
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import version

from pipelines.doctor.finding import Finding, State
from pipelines.settings import Settings

# A corpus of 100 hours takes about 12 GB as 16-bit audio and features together.
FREE_GB_WANTED = 5


def check_python() -> Iterator[Finding]:
    """Tell the version."""
    yield Finding("python", "ok", ".".join(map(str, sys.version_info[:3])))


def check_packages() -> Iterator[Finding]:
    """Import what everything needs."""
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


def check_disk(settings: Settings) -> Iterator[Finding]:
    """See whether the home can be written to, and how much fits."""
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


def check_threads(settings: Settings) -> Iterator[Finding]:
    """Compare the threads asked for with the cores."""
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
