"""Where the gateway keeps what it must not forget, and where it is reached."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from pipelines.settings import Settings

WEBHOOK_PATH = "/webhooks/label-studio"
BACKEND_PATH = "/ml"
REPORTS_PATH = "/reports"
# Nobody can be sent to an address that means 'all of mine'.
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - named, not bound


@dataclass(frozen=True)
class GatewayPlaces:
    """The files of the gateway.

    Args:
        keys: Its secrets, readable by its owner alone.
        wakes: What it was told and has not yet done.
        lock: Held for as long as it runs.
    """

    keys: Path
    wakes: Path
    lock: Path


def find_gateway_places(settings: Settings) -> GatewayPlaces:
    """Return where everything lies; nothing is made."""
    folder = settings.home / "gateway"
    return GatewayPlaces(folder / "keys.json", folder / "wakes.json", folder / "gateway.lock")


def gateway_url(settings: Settings) -> str:
    """Return the address at which others reach the gateway.

    Example:
        >>> gateway_url(Settings())
        'http://127.0.0.1:18090'
    """
    given = settings.gateway
    if given.url is not None:
        return given.url.rstrip("/")
    host = EVERY_ADDRESS.get(given.host, given.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{given.port}"


def people_url(settings: Settings) -> str:
    """Return the address at which people's browsers reach the gateway.

    Example:
        >>> people_url(Settings(gateway={"url": "http://gateway:18090"}))
        'http://gateway:18090'
    """
    given = settings.gateway.public_url
    return gateway_url(settings) if given is None else given.rstrip("/")


def webhook_url(settings: Settings, project: str) -> str:
    """Return where the webhooks of a project are sent.

    Args:
        settings: Where the gateway is reached.
        project: Key of the project, which the webhooks do not say themselves.
    """
    return f"{gateway_url(settings)}{WEBHOOK_PATH}?project={project}"


def backend_url(settings: Settings, project: str) -> str:
    """Return where a project finds its model."""
    return f"{gateway_url(settings)}{BACKEND_PATH}/{project}"


def report_url(settings: Settings, path: str | Path) -> str:
    """Return where a person opens a report: on the gateway, or as a file.

    Args:
        settings: Where the gateway is reached, and where reports go.
        path: The file of the report.

    Returns:
        An address of the gateway for a page that it serves, one right in the folder of reports;
        for any other file, the address of the file itself.

    Example:
        >>> report_url(Settings(home="/data"), "/data/reports/demo-001.html")
        'http://127.0.0.1:18090/reports/demo-001.html'
        >>> report_url(Settings(home="/data"), "/elsewhere/demo.html")
        'file:///elsewhere/demo.html'
    """
    file = Path(path).resolve()
    folder = settings.reports.resolve()
    if file.parent == folder and file.suffix == ".html":
        return f"{people_url(settings)}{REPORTS_PATH}/{quote(file.name)}"
    return file.as_uri()
