"""A real Label Studio for tests, started from a database that was made once and kept."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines.label_studio.environment import PINS
from pipelines.label_studio.places import HOST, find_places
from pipelines.label_studio.server import down, up
from pipelines.progress import SilentProgress
from pipelines.settings import Settings

# Read when this is imported: tests run without the settings of whoever starts them.
ENVIRONMENT = os.environ.get("SERLOOP_LABEL_STUDIO__ENVIRONMENT")
WHY_NOT = "no real Label Studio: set SERLOOP_LABEL_STUDIO__ENVIRONMENT to its virtual environment"
MARKS = [
    pytest.mark.slow,
    pytest.mark.label_studio,
    pytest.mark.skipif(ENVIRONMENT is None, reason=WHY_NOT),
]
"""Of modules whose every test needs the real one."""

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "serloop"


def free_port() -> int:
    """Return a port that nothing listens on, and that nobody is given who asks for any port.

    A server that is killed and started again must find its port as it left it, so it is none of
    those from which outgoing connections, and other tests, get theirs.
    """
    while True:
        port = secrets.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port


def real_settings(home: Path, **section: object) -> Settings:
    """Return the settings of a real server on a free port; nothing is started."""
    given = {"environment": ENVIRONMENT, "port": free_port(), **section}
    return Settings(home=home, label_studio=given)


def warm_settings(home: Path) -> Settings:
    """Return the settings of a real server whose database and login are there already.

    Making a database takes 40 s or more, so the first call of a machine does and keeps it.
    """
    settings = real_settings(home)
    shutil.copytree(_find_initialised(), find_places(settings).folder)
    return settings


def _find_initialised() -> Path:
    kept = CACHE / f"label-studio-{sha256(PINS.read_bytes()).hexdigest()[:16]}"
    if kept.exists():
        return kept
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        settings = real_settings(Path(folder))
        places = find_places(settings)
        try:
            up(settings, SilentProgress())
        finally:
            down(settings)
        ready = Path(folder) / "ready"
        ready.mkdir()
        places.data.rename(ready / "data")
        places.login.rename(ready / "login.json")
        # Another run may have been quicker; either will do.
        if not kept.exists():
            ready.rename(kept)
    return kept


@contextmanager
def run_postgres() -> Iterator[str]:
    """Run the system's PostgreSQL, or skip with the reason; give an empty database's address.

    The one from pip, which other tests use, lacks `pg_trgm`, and Label Studio needs it.
    """
    initdb = shutil.which("initdb")
    if initdb is None:
        pytest.skip("no `initdb` on the path: install PostgreSQL with its contrib modules")
    binaries = Path(initdb).resolve().parent
    # PostgreSQL refuses to run as root.
    owner = "nobody" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="serloop-pg-") as folder:
        if owner is not None:
            shutil.chown(folder, owner)

        def run(program: str, *arguments: str) -> None:
            command = [str(binaries / program), *arguments]
            subprocess.run(
                command, check=True, user=owner, cwd=folder, stdout=subprocess.DEVNULL, timeout=120
            )

        data = f"{folder}/data"
        run("initdb", "-D", data, "-U", "serloop", "--auth=trust", "--no-sync")
        options = f"-k {folder} -F -c listen_addresses="
        run("pg_ctl", "-D", data, "-l", f"{folder}/log", "-o", options, "-w", "start")
        try:
            database = ["-h", folder, "-U", "serloop", "-d", "postgres"]
            run("psql", *database, "-c", "CREATE DATABASE labels")
            yield f"postgresql://serloop@/labels?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
