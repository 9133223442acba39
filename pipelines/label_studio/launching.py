"""What a server of our own is started with, whoever starts it."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.label_studio.identity import ensure_login
from pipelines.label_studio.places import HOST, Places
from pipelines.label_studio.variables import build_variables
from pipelines.pinned_environment import find_python
from pipelines.settings import Settings


@dataclass(frozen=True)
class Launch:
    """How a server is started.

    Args:
        command: Program and arguments; anybody may read them, so that they hold no secret.
        variables: Its whole environment.
    """

    command: tuple[str, ...]
    variables: Mapping[str, str]


def prepare_launch(settings: Settings, places: Places) -> Launch:
    """Make a server's login and folders, and return how it is started; its lock must be held.

    Args:
        settings: Its port, first user and database.
        places: Where it lies.

    Raises:
        SettingsError: If the database's address cannot be used.
    """
    given = settings.label_studio
    login = ensure_login(places.login, given.username)
    database = given.database.get_secret_value() if given.database else None
    variables = build_variables(places, login, database=database)
    places.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    places.audio.mkdir(parents=True, exist_ok=True)
    command = (str(find_python(places.environment)), "-m", "label_studio.server", "start")
    where = ("--no-browser", "--internal-host", HOST, "--port", str(given.port))
    return Launch((*command, *where), variables)
