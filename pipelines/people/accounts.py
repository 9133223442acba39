"""Accounts of annotators on the configured Label Studio: made, invited, kept out, let in again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from annotation.errors import LabelStudioServerError
from annotation.label_studio.administration import Administrator
from annotation.label_studio.api import Api
from annotation.label_studio.users import (
    ServerUser,
    annotator_of,
    create_user,
    list_users,
    make_password,
)
from pipelines.errors import PipelineError
from pipelines.label_studio.connect import connect, read_adopted_token
from pipelines.label_studio.identity import read_login
from pipelines.label_studio.places import find_places
from pipelines.people.locks import forget, spare
from pipelines.runner import Row
from pipelines.settings import Settings


@dataclass(frozen=True)
class Account:
    """An account that was made.

    Args:
        address: What the annotator logs in with.
        annotator: Who it is in the ledger.
        password: The first one; nobody keeps it.
    """

    address: str
    annotator: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class AddResult:
    """What became of the addresses given.

    Args:
        url: Where the annotators log in.
        made: New accounts.
        refused: Address and reason of those that were not made.
    """

    url: str
    made: tuple[Account, ...]
    refused: tuple[tuple[str, str], ...]


def add_people(settings: Settings, addresses: Sequence[str], *, name: str = "") -> AddResult:
    """Make an account for each address; one that is refused does not keep the others from theirs.

    Args:
        settings: Which server.
        addresses: E-mail addresses; nothing is sent to them.
        name: What others see instead of the address, of a single one.

    Raises:
        PipelineError: If no server is configured or runs.
        LabelStudioServerError: If it does not answer.
    """
    made: list[Account] = []
    refused: list[tuple[str, str]] = []
    with connect(settings) as api:
        taken = {user.address for user in list_users(api)}
        for address in dict.fromkeys(address.strip().lower() for address in addresses):
            if address in taken:
                refused.append((address, "has an account already"))
                continue
            password = make_password()
            try:
                create_user(api, address, password, name=name)
            except LabelStudioServerError as error:
                refused.append((address, str(error)))
            else:
                made.append(Account(address, annotator_of(address), password))
        return AddResult(api.url, tuple(made), tuple(refused))


@dataclass(frozen=True)
class StateResult:
    """Who may log in now.

    Args:
        people: Address, annotator and whether the account is active.
    """

    people: tuple[tuple[str, str, bool], ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per account."""
        return [
            {
                "address": address,
                "annotator": annotator,
                "state": "active" if is_active else "deactivated",
            }
            for address, annotator, is_active in self.people
        ]


def set_people_active(
    settings: Settings, addresses: Sequence[str], *, is_active: bool
) -> StateResult:
    """Keep people out, or let them in again; number, address and votes stay.

    Who is kept out is logged out at the next click, and cannot log in. Who is let in is spared the
    day's cap until the day is over.

    Args:
        settings: Which server.
        addresses: Whose accounts.
        is_active: Whether they may log in.

    Raises:
        PipelineError: If there is no such account, or it is the one we speak as ourselves.
        LabelStudioServerError: If the server does not answer, or the user is no superuser.
    """
    with connect(settings) as api, open_administration(settings, api) as administrator:
        users = list_users(api)
        chosen = [find_user(users, address, api) for address in addresses]
        own = api.whoami().id
        if not is_active and any(user.id == own for user in chosen):
            raise PipelineError(
                "the account that serloop itself uses on the server cannot be deactivated; use "
                "another one for serloop first"
            )
        for user in chosen:
            administrator.set_active(user.id, is_active=is_active)
    found = tuple((user.address, annotator_of(user.address), is_active) for user in chosen)
    for _, annotator, _ in found:
        if is_active:
            spare(settings, annotator)
        else:
            forget(settings, annotator)
    return StateResult(found)


def open_administration(settings: Settings, api: Api) -> Administrator:
    """Return the administration pages of the configured server.

    Args:
        settings: Of our own server the login, of another one the token.
        api: The server.

    Raises:
        PipelineError: If the login cannot be read.
        LabelStudioServerError: If there is no answer, or we are not let in.
    """
    if settings.label_studio.url is not None:
        return Administrator.by_token(api.url, read_adopted_token(settings))
    login = read_login(find_places(settings).login)
    if login is None:
        raise PipelineError(
            "the login of our own server is gone; see `serloop label-studio status`"
        )
    return Administrator.by_password(api.url, login.username, login.password)


def find_user(users: Sequence[ServerUser], address: str, api: Api) -> ServerUser:
    """Return the user with an address.

    Raises:
        PipelineError: If there is none.
    """
    wanted = address.strip().lower()
    found = next((user for user in users if user.address == wanted), None)
    if found is None:
        raise PipelineError(
            f"no account has the address `{address}` on {api.url}; `serloop people list` shows "
            "those there are"
        )
    return found
