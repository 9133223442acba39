"""Where the services of one machine lie, and where they are reached."""

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.settings import Settings

HOST = "127.0.0.1"
POOL = "serloop"
"""Where workers look for work on Prefect's server."""
# The kernel takes 107 bytes at most, and while binding the name is a little longer.
LONGEST_SOCKET = 92
# Not the folder of temporary files that is set: whoever asks later may have another.
SHORT_FOLDER = "/tmp"  # noqa: S108 - of a folder in it that only we may enter
# They say where another server is, who we are there, or how it is run.
FOREIGN = ("PREFECT_API", "PREFECT_PROFILE", "PREFECT_HOME", "PREFECT_SERVER", "PREFECT_UI")
HEARTBEAT_S = 10
# As `serloop`, whatever the path; a module in the current folder does not take its place.
SERLOOP = (sys.executable, "-P", "-c", "from pipelines.cli import main; main()")


@dataclass(frozen=True)
class StackPlaces:
    """The folders and files of the services.

    Args:
        home: What holds all of them, an absolute path.
        folder: Of what supervises them, for its owner alone.
        logs: What services print.
        configuration: What the supervisor is told.
        socket: Where it is spoken to.
        lock: Held by whoever starts or stops services.
        looks: What the watch saw last.
        prefect: Database and settings of Prefect.
    """

    home: Path
    folder: Path
    logs: Path
    configuration: Path
    socket: Path
    lock: Path
    looks: Path
    prefect: Path

    @property
    def mark(self) -> tuple[str, str]:
        """Return the environment variable that everything started here inherits."""
        return "SUPERVISOR_SERVER_URL", f"unix://{self.socket}"


def find_stack_places(settings: Settings) -> StackPlaces:
    """Return where everything lies; nothing is made."""
    home = settings.home.resolve()
    folder = home / "stack"
    return StackPlaces(
        home=home,
        folder=folder,
        logs=folder / "logs",
        configuration=folder / "supervisord.conf",
        socket=_short(folder / "control.sock"),
        lock=folder / "change.lock",
        looks=folder / "looks.json",
        prefect=home / "prefect",
    )


def prefect_url(settings: Settings) -> str:
    """Return the address of the pages of Prefect's server."""
    return f"http://{HOST}:{settings.stack.prefect_port}"


def prefect_api_url(settings: Settings) -> str:
    """Return what PREFECT_API_URL must be to use the server that `serloop up` runs.

    Example:
        >>> prefect_api_url(Settings())
        'http://127.0.0.1:4200/api'
    """
    return f"{prefect_url(settings)}/api"


def build_prefect_variables(
    settings: Settings, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return an environment in which Prefect's client finds the server that `serloop up` runs.

    Args:
        settings: The home, and the server's port.
        environment: What else is in it. What it says about other servers is left out.
    """
    kept = {name: value for name, value in environment.items() if not name.startswith(FOREIGN)}
    return {
        **kept,
        "PREFECT_API_URL": prefect_api_url(settings),
        "PREFECT_HOME": str(find_stack_places(settings).prefect),
        "PREFECT_WORKER_HEARTBEAT_SECONDS": str(HEARTBEAT_S),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


def _short(path: Path) -> Path:
    """Return a path that the kernel takes for a socket."""
    if len(os.fsencode(path)) <= LONGEST_SOCKET:
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(SHORT_FOLDER) / f"serloop-{os.getuid()}" / f"{name}.sock"
