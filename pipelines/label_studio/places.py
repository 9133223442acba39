"""Where everything of our own Label Studio lies: one folder under `home`."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.settings import Settings

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Places:
    """The folders and files of one server.

    Args:
        folder: What holds all the others.
        environment: Virtual environment in which it is installed.
        is_adopted: Whether a setting named that environment, so that it is never changed.
        data: Its SQLite database, uploads and secret key.
        files: Its document root; audio that it serves lies in a folder below.
        login: Name, password and token of its first user, readable by its owner alone.
        process: Which process it is.
        lock: Held by the server for as long as it lives.
        log: What it prints.
        install_log: What pip printed.
    """

    folder: Path
    environment: Path
    is_adopted: bool
    data: Path
    files: Path
    login: Path
    process: Path
    lock: Path
    log: Path
    install_log: Path

    @property
    def audio(self) -> Path:
        """Return the folder of exported clips: a local storage must lie below `files`."""
        return self.files / "audio"


def find_places(settings: Settings) -> Places:
    """Return where everything lies; nothing is made.

    Args:
        settings: The home, and the environment if it is another.
    """
    # The server runs in a folder of its own, so that it needs absolute paths.
    folder = settings.home.resolve() / "label-studio"
    adopted = settings.label_studio.environment
    return Places(
        folder=folder,
        environment=adopted.absolute() if adopted else folder / "environment",
        is_adopted=adopted is not None,
        data=folder / "data",
        files=folder / "files",
        login=folder / "login.json",
        process=folder / "process.json",
        lock=folder / "server.lock",
        log=folder / "server.log",
        install_log=folder / "install.log",
    )


def own_url(settings: Settings, port: int | None = None) -> str:
    """Return the address of a server of our own, on the port it was started with if given."""
    return f"http://{HOST}:{port or settings.label_studio.port}"
