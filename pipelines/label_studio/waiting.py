"""Wait for a server that was just started, say what it is doing, and make sure it is ours."""

import re
import time
from contextlib import suppress
from pathlib import Path

from annotation.errors import LabelStudioServerError
from annotation.label_studio.api import Api, is_healthy
from pipelines.errors import PipelineError
from pipelines.label_studio.identity import Login
from pipelines.label_studio.process import ServerProcess
from pipelines.progress import Progress

POLL_S = 0.5
HEALTH_S = 2.0
# A server that has just started may take seconds for its first real answer.
IDENTITY_S = 60.0
REFUSED = (401, 403)
# What it prints, and what that means to somebody who waits; the last one found counts.
STEPS = (
    ("", "loading, some seconds"),
    ("Initializing database", "making or updating its database, one to three minutes, once"),
    ("Starting development server at", "waiting for its first answer"),
)
MOVED = "* Trying to start at"
ANNOUNCED = "Starting development server at"
ERROR = re.compile(r"[\w.]+(Error|Exception): ")


class NotOursError(PipelineError):
    """What answers is not the server that was started, or does not know its login."""


def wait_until_ready(
    process: ServerProcess,
    url: str,
    login: Login,
    *,
    log: Path,
    progress: Progress,
    timeout_s: float,
) -> None:
    """Return once a server answers, and does so as ours.

    Args:
        process: The process that was started.
        url: Where it should answer.
        login: Whom it must know; its token is sent only to what our own process announced.
        log: What it prints.
        progress: Where is shown what it does.
        timeout_s: Seconds to wait.

    Raises:
        NotOursError: Another server has the port, or the database belongs to another login.
        PipelineError: The process ends, or does not answer in time.
    """
    begin_s = time.monotonic()
    with progress.track("start Label Studio", len(STEPS), "steps") as advance:
        done = 0
        while not _has_begun(process, url, read_text(log), log):
            waited_s = time.monotonic() - begin_s
            if waited_s >= timeout_s:
                raise PipelineError(
                    f"Label Studio did not answer at {url} within {timeout_s:.0f} s and goes on "
                    "starting; `serloop label-studio status` says when it is ready, and `serloop "
                    "label-studio down` ends it"
                )
            said = read_text(log)
            step = max(place for place, (sign, _) in enumerate(STEPS) if sign in said)
            advance(step - done, note=f"{STEPS[step][1]} ({waited_s:.0f} s so far)")
            done = step
            time.sleep(POLL_S)
        check_identity(url, login, timeout_s=IDENTITY_S)
        advance(len(STEPS) - done, note="ready")


def _has_begun(process: ServerProcess, url: str, said: str, log: Path) -> bool:
    """Return whether our own process answers; refuse one that ended or went elsewhere."""
    if MOVED in said:
        raise NotOursError(f"another program took {url} meanwhile; {_other_port()}")
    # Asked last: a process that lost the race for the port has ended by the time it answers.
    is_answering = ANNOUNCED in said and is_healthy(url, timeout_s=HEALTH_S)
    if not process.is_alive():
        raise PipelineError(f"Label Studio ended while it started: {find_reason(log)}; see `{log}`")
    return is_answering


def check_identity(url: str, login: Login, *, timeout_s: float) -> None:
    """Make sure that a server knows our login.

    Args:
        url: Its address.
        login: Whose token it is shown.
        timeout_s: Seconds to wait for its answer.

    Raises:
        NotOursError: It does not.
        LabelStudioServerError: It does not answer.
    """
    try:
        with Api(url, login.token, timeout_s=timeout_s) as api:
            found = api.whoami().email
    except LabelStudioServerError as error:
        if error.status not in REFUSED:
            raise
        raise NotOursError(
            f"the server at {url} does not know our login ({error.status}): its database was made "
            f"with another one, or legacy tokens are off there; restore the login, begin with "
            "another database, or adopt the server with SERLOOP_LABEL_STUDIO__URL and __TOKEN"
        ) from error
    if found.casefold() != login.username.casefold():
        raise NotOursError(
            f"the server at {url} takes our token for `{found}`, not `{login.username}`, so it is "
            f"another one; {_other_port()}"
        )


def read_text(log: Path) -> str:
    """Return what was printed so far; empty if nothing was."""
    with suppress(FileNotFoundError):
        return log.read_text(encoding="utf-8", errors="replace")
    return ""


def find_reason(log: Path) -> str:
    """Return the line that says why a server ended: its last error, or its last words."""
    lines = [line.strip() for line in read_text(log).splitlines() if line.strip()]
    # What follows an error are hints of the database, which mean nothing without it.
    errors = [line for line in lines if ERROR.match(line)]
    return [*lines[-1:], *errors][-1] if lines else "it printed nothing"


def _other_port() -> str:
    return "stop that, or set SERLOOP_LABEL_STUDIO__PORT to another port"
