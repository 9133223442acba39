"""Who may label on a server: found, invited, made, logged in; never deleted.

The open-source server has no roles and no way to make a user who can log in but its own sign-up
form, which an invitation opens. Deleting a user takes the votes' author away, and removing one
from the organisation takes the address away and still lets the user in; neither is offered here.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from annotation.errors import LabelStudioServerError
from annotation.label_studio.api import Api
from annotation.label_studio.browser import Browser, read_complaints

SIMULATED_DOMAIN: Final = "simulated.serloop.example"
"""Where the addresses of simulated annotators end, so that none is mistaken for a person's."""

_ID_DIGITS: Final = 10
_PASSWORD_BYTES: Final = 12
_MOVED: Final = 302
_CONFLICT: Final = 409


@dataclass(frozen=True, slots=True)
class ServerUser:
    """A user as the server knows one.

    Attributes:
        id: Number there.
        address: What the user logs in with, in lower case.
        name: First and last name; empty if none was given.
        last_activity: When the user last did something there.
    """

    id: int
    address: str
    name: str
    last_activity: datetime | None


def annotator_of(address: str) -> str:
    """Return who a user is in the ledger: nothing that tells the address to those without it.

    Example:
        >>> annotator_of("Ann@example.org") == annotator_of("ann@example.org")
        True
        >>> annotator_of("ann@simulated.serloop.example").partition("-")[0]
        'simulated'
    """
    lowered = address.strip().lower()
    kind = "simulated" if lowered.endswith(f"@{SIMULATED_DOMAIN}") else "annotator"
    return f"{kind}-{sha256(lowered.encode()).hexdigest()[:_ID_DIGITS]}"


def make_password() -> str:
    """Return a random password of 16 characters: 96 bits, so that nobody guesses it."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def list_users(api: Api) -> list[ServerUser]:
    """Return the users of the server, by number; deactivated ones as well.

    Args:
        api: The server.

    Raises:
        LabelStudioServerError: If it does not answer, or not as Label Studio does.
    """
    said = api.get("/api/users/")
    try:
        users = [_read_user(entry) for entry in said]
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{api.url}/api/users/ does not answer as Label Studio does; correct the address"
        raise LabelStudioServerError(msg) from error
    return sorted(users, key=lambda user: user.id)


def read_invitation(api: Api) -> str:
    """Return the address at which whoever has it can make an account.

    Args:
        api: The server.

    Raises:
        LabelStudioServerError: If it does not answer, or gives no invitation.
    """
    return f"{api.url}/user/signup/?token={_read_invitation_token(api)}"


def create_user(api: Api, address: str, password: str, *, name: str = "") -> ServerUser:
    """Make a user who can log in, by the invitation of the one whose token `api` has.

    Args:
        api: The server.
        address: What the user logs in with.
        password: At least 8 characters.
        name: What others see instead of the address.

    Returns:
        The new user.

    Raises:
        LabelStudioServerError: If the server does not answer, or refuses: the address is taken or
            none, or the password is too short.
    """
    token = _read_invitation_token(api)
    with Browser(api.url) as browser:
        browser.open("/user/signup/", token=token)
        # The form's own default subscribes to news.
        form = {"email": address, "password": password, "allow_newsletters": "false"}
        answer = browser.submit("/user/signup/", form, query={"token": token})
        if answer.status_code != _MOVED:
            reason = read_complaints(answer.text) or f"status {answer.status_code}"
            msg = f"{api.url} makes no account for `{address}`: {reason}"
            raise LabelStudioServerError(msg, status=answer.status_code)
        number = int(browser.read("/api/current-user/whoami")["id"])
    if name.strip():
        first, _, last = name.strip().rpartition(" ")
        names = {"first_name": first or last, "last_name": last if first else ""}
        return _read_user(api.send("PATCH", f"/api/users/{number}/", body=names))
    return _read_user(api.get(f"/api/users/{number}/"))


def log_in(url: str, address: str, password: str) -> Api:
    """Return the server in a user's own name: what is sent there is that user's.

    Args:
        url: Address of the server.
        address: The user's address.
        password: And password.

    Returns:
        The server, a context manager, with the user's legacy token where the server takes those,
        else with a new personal access token.

    Raises:
        LabelStudioServerError: If the server does not answer, does not let the user in, or the
            user has a personal access token already, which the server does not tell again.
    """
    with Browser(url) as browser:
        browser.log_in(address, password)
        if browser.read("/api/jwt/settings").get("legacy_api_tokens_enabled"):
            return Api(url, str(browser.read("/api/current-user/token")["token"]))
        try:
            return Api(url, str(browser.post("/api/token/")["token"]))
        except LabelStudioServerError as error:
            if error.status != _CONFLICT:
                raise
            msg = (
                f"`{address}` has a personal access token on {url} already, which is shown only "
                "once; revoke it there under Account & Settings"
            )
            raise LabelStudioServerError(msg, status=_CONFLICT) from error


def _read_invitation_token(api: Api) -> str:
    said = api.get("/api/invite")
    try:
        return str(said["token"])
    except (KeyError, TypeError) as error:
        msg = f"{api.url} gives no invitation; correct the address"
        raise LabelStudioServerError(msg) from error


def _read_user(entry: Mapping[str, Any]) -> ServerUser:
    name = f"{entry.get('first_name') or ''} {entry.get('last_name') or ''}".strip()
    seen = entry.get("last_activity")
    return ServerUser(
        id=int(entry["id"]),
        address=str(entry["email"]).lower(),
        name=name,
        last_activity=datetime.fromisoformat(seen) if seen else None,
    )
