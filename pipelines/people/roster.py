"""Who answers in a campaign: accounts of the server and the ledger's annotators, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from annotation.errors import LabelStudioServerError
from annotation.label_studio.accounts import name_annotators
from annotation.label_studio.users import ServerUser, list_users
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.label_studio.connect import connect, is_configured
from pipelines.people.accounts import open_administration
from pipelines.people.day import read_day
from pipelines.people.locks import read_locks
from pipelines.people.records import Record, read_records
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

_WHO = ("user_id", "annotator")


@dataclass(frozen=True)
class Person:
    """One annotator of a campaign.

    Args:
        annotator: Who it is in the ledger.
        user: The account on the server; None where there is none, or no server.
        record: How the annotator fares.
        state: What becomes of the account.
    """

    annotator: str
    user: ServerUser | None
    record: Record
    state: str

    def row(self) -> Row:
        """Return it as a row of a table; what is not known is None."""
        found = self.record
        return {
            "annotator": self.annotator,
            "address": self.user.address if self.user else None,
            "name": (self.user.name or None) if self.user else None,
            "today": found.votes_today,
            "votes": found.votes,
            "agreement": _known(found.agreement),
            "low": _known(found.low),
            "high": _known(found.high),
            "typical": _known(found.typical),
            "gold": f"{found.gold_right}/{found.gold_votes}" if found.gold_votes else None,
            "lead_s": _known(found.lead_s),
            "clip_s": _known(found.clip_s),
            "open": found.open_to_them,
            "state": self.state,
        }


@dataclass(frozen=True)
class PeopleResult:
    """The annotators of a campaign.

    Args:
        campaign: The campaign.
        people: Everybody, by annotator id.
    """

    campaign: str
    people: tuple[Person, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per annotator."""
        return [person.row() for person in self.people]


@dataclass(frozen=True)
class ServerView:
    """What the server knows of its users.

    Args:
        users: All of them.
        inactive: Numbers of deactivated ones; None where the server does not say.
    """

    users: tuple[ServerUser, ...] = ()
    inactive: frozenset[int] | None = None


def list_people(
    settings: Settings,
    progress: Progress,  # noqa: ARG001 - one read of ledger and server each
    *,
    campaign: str,
) -> PeopleResult:
    """List who answers in a campaign, and who may.

    Names and addresses come from the server as it is now, and are kept nowhere.

    Args:
        settings: Where the warehouse and the server are; without a server only annotators of the
            ledger are listed.
        progress: Where progress is shown.
        campaign: The campaign.

    Raises:
        NothingToDoError: If nobody answered in the campaign and there is no server.
        PipelineError: If there is no such campaign.
        LabelStudioServerError: If the server does not answer.
    """
    view = _look(settings) if is_configured(settings) else ServerView()
    day = read_day(settings.people.time_zone)
    with open_store(settings) as store:
        check_campaign(store, campaign)
        records = read_records(store, campaign, day, method=settings.rounds.aggregator)
        users = match_users(store, campaign, view.users)
    names = sorted(records.by_annotator.keys() | users.keys())
    if not names:
        raise NothingToDoError(
            f"nobody answered in campaign `{campaign}`, and no Label Studio runs whose users could "
            "be listed; run `serloop label-studio up`"
        )
    locked = {name for name, date in read_locks(settings).locked.items() if date == day.name}
    people = (
        Person(
            name,
            users.get(name),
            records.of(name),
            _tell_state(
                users.get(name),
                records.of(name),
                view.inactive,
                is_locked=name in locked,
                cap=settings.people.votes_per_day,
            ),
        )
        for name in names
    )
    return PeopleResult(campaign, tuple(people))


def check_campaign(store: Warehouse, campaign: str) -> None:
    """Refuse the name of a campaign that no round belongs to.

    Raises:
        PipelineError: If there is none; the message names those there are.
    """
    names = sorted(set(queries.select_rounds(store)["campaign"].to_pylist()))
    if campaign not in names:
        there = ", ".join(f"`{name}`" for name in names) or "there is none yet"
        raise PipelineError(f"there is no campaign `{campaign}`; name one of: {there}")


def match_users(
    store: Warehouse, campaign: str, users: Sequence[ServerUser]
) -> dict[str, ServerUser]:
    """Return the server's users by who they are in the ledger.

    Args:
        store: Whose `accounts` keep who somebody is after the address changed.
        campaign: Only accounts of its projects.
        users: As the server lists them.
    """
    projects = queries.select_projects(store, campaign=campaign)["project"]
    accounts = queries.select_accounts(store)
    accounts = accounts.filter(pc.is_in(accounts["project"], projects.combine_chunks()))
    known = dict(zip(*(accounts[name].to_pylist() for name in _WHO), strict=True))
    names = known | name_annotators([user.id for user in users], users, known)
    return {names[user.id]: user for user in users if user.id in names}


def _look(settings: Settings) -> ServerView:
    with connect(settings) as api:
        users = tuple(list_users(api))
        try:
            with open_administration(settings, api) as administrator:
                return ServerView(users, administrator.read_inactive())
        except LabelStudioServerError:
            # Whoever may list users need not be a superuser; all but the state is known.
            return ServerView(users)


def _tell_state(
    user: ServerUser | None,
    record: Record,
    inactive: frozenset[int] | None,
    *,
    is_locked: bool,
    cap: int,
) -> str:
    if user is None:
        return "no account"
    if inactive is not None and user.id in inactive:
        return "locked until tomorrow" if is_locked else "deactivated"
    if cap and record.votes_today >= cap:
        beyond = record.votes_today - cap
        return f"cap reached, {beyond} beyond" if beyond else "cap reached"
    return "active" if inactive is not None else "unknown"


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
