"""What can be said about the server: where it is, whether it answers, and as whom."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from annotation.errors import LabelStudioServerError
from annotation.label_studio.api import is_healthy
from pipelines.label_studio.connect import connect
from pipelines.label_studio.environment import find_version
from pipelines.label_studio.identity import Login, read_login
from pipelines.label_studio.places import find_places, own_url
from pipelines.label_studio.process import is_claimed, read_process
from pipelines.runner import Cell, Row
from pipelines.settings import Settings

State = Literal["running", "starting", "stopped", "not answering", "refused"]


@dataclass(frozen=True)
class ServerStatus:
    """One look at the server.

    Args:
        state: What it does.
        url: Where it answers, or should.
        detail: What is wrong, or what to do; empty if there is nothing to say.
        managed_by: `serloop` or `somebody else`.
        version: Release that answers or, where none does, that is installed; None if unknown.
        user: Whose token we have.
        token_kind: `legacy` or `personal access`.
        pid: Process of our own.
        database: `sqlite` or `postgresql` of our own.
        login: File of our own login.
        log: File of what our own prints.
    """

    state: State
    url: str
    detail: str = ""
    managed_by: str = "serloop"
    version: str | None = None
    user: str | None = None
    token_kind: str | None = None
    pid: int | None = None
    database: str | None = None
    login: str | None = None
    log: str | None = None

    @property
    def is_running(self) -> bool:
        """Return whether it can be worked with."""
        return self.state == "running"

    def document(self) -> Mapping[str, Cell]:
        """Return everything, for a program."""
        return asdict(self)

    def rows(self) -> Sequence[Row]:
        """Return one row for each thing there is to say."""
        return [
            {"label studio": name.replace("_", " "), "found": str(value)}
            for name, value in self.document().items()
            if value not in {None, ""}
        ]


def read_status(settings: Settings) -> ServerStatus:
    """Look at the configured server.

    Args:
        settings: Which server it is.

    Raises:
        SettingsError: If the server's token is not configured.
        PipelineError: If our own login cannot be read.
    """
    if settings.label_studio.url is not None:
        return _look(settings, ServerStatus("running", _adopted(settings), managed_by=_OTHERS))
    places = find_places(settings)
    process = read_process(places.process)
    known = ServerStatus(
        "stopped",
        own_url(settings),
        version=find_version(places.environment),
        database="postgresql" if settings.label_studio.database else "sqlite",
        login=str(places.login) if places.login.exists() else None,
        log=str(places.log) if places.log.exists() else None,
    )
    if not is_claimed(places.lock):
        return _with(known, detail="`serloop label-studio up` starts it")
    if process is None or not process.is_alive():
        return _with(
            known, state="not answering", detail=f"something of it still holds `{places.lock}`"
        )
    known = _with(known, url=own_url(settings, process.port), pid=process.pid)
    if not is_healthy(known.url):
        return _with(known, state="starting", detail="`serloop label-studio logs` shows it")
    return _look(settings, _with(known, state="running"))


def read_shown_login(settings: Settings) -> Login | None:
    """Return the login of a server of our own; None if there is none yet."""
    return read_login(find_places(settings).login)


_OTHERS = "somebody else"


def _adopted(settings: Settings) -> str:
    return (settings.label_studio.url or "").rstrip("/")


def _look(settings: Settings, known: ServerStatus) -> ServerStatus:
    """Ask the server who it is and whose token we have."""
    with connect(settings) as api:
        known = _with(known, token_kind=api.token_kind)
        try:
            return _with(known, user=api.whoami().email, version=api.version())
        except LabelStudioServerError as error:
            state: State = "refused" if error.status in {401, 403} else "not answering"
            return _with(known, state=state, detail=str(error))


def _with(known: ServerStatus, **changes: object) -> ServerStatus:
    return ServerStatus(**{**asdict(known), **changes})
