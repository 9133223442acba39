"""A real Label Studio for tests, started from a database that was made once and kept."""

import os
import shutil
import socket
import tempfile
from hashlib import sha256
from pathlib import Path

from pipelines.label_studio.environment import PINS
from pipelines.label_studio.places import HOST, find_places
from pipelines.label_studio.server import down, up
from pipelines.progress import SilentProgress
from pipelines.settings import Settings

# Read when this is imported: tests run without the settings of whoever starts them.
ENVIRONMENT = os.environ.get("SERLOOP_LABEL_STUDIO__ENVIRONMENT")
WHY_NOT = "no real Label Studio: set SERLOOP_LABEL_STUDIO__ENVIRONMENT to its virtual environment"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "serloop"


def free_port() -> int:
    """Return a port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
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
