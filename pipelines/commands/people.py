"""serloop people."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import EXIT_FAILED, fail, print_rows, session

if TYPE_CHECKING:
    from pipelines.people.accounts import Account, AddResult

people = typer.Typer(
    help="Make accounts for annotators, see how they fare, and give each a page of their own.",
    no_args_is_help=True,
)
Campaign = Annotated[str, typer.Argument(help="Name of the series of rounds.")]
Addresses = Annotated[list[str], typer.Argument(help="E-mail addresses of the accounts.")]


@people.command()
def add(
    addresses: Annotated[
        list[str], typer.Argument(help="E-mail addresses to log in with; nothing is sent to them.")
    ],
    name: Annotated[str, typer.Option(help="What others see instead of a single address.")] = "",
    passwords: Annotated[
        Path | None,
        typer.Option(help="New file for the first passwords, readable by its owner alone."),
    ] = None,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Make accounts on Label Studio, and print each address with its first password, once.

    Nobody keeps these passwords: hand them over, and ask for new ones to be set under Account &
    Settings.
    """
    from pipelines.people.accounts import add_people

    if name and len(addresses) > 1:
        raise typer.BadParameter("a name is one person's; give a single address with --name")
    file = None if passwords is None else _open_for_owner(passwords)
    with session(home, as_json=as_json) as run:
        result = add_people(run.settings, addresses, name=name)
    if file is not None:
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.writelines(f"{one.address}\t{one.password}\n" for one in result.made)
    _show_made(result, as_json=as_json, is_shown=passwords is None)
    if result.refused:
        reasons = "; ".join(f"`{address}`: {reason}" for address, reason in result.refused)
        fail(f"no account was made for {reasons}", EXIT_FAILED)


@people.command()
def invite(home: options.Home = None, as_json: options.Json = False) -> None:
    """Print the address at which whoever has it makes an account.

    It is one address for all, and stays valid until it is reset in Label Studio.
    """
    from annotation.label_studio.users import read_invitation
    from pipelines.label_studio.connect import connect

    with session(home, as_json=as_json) as run, connect(run.settings) as api:
        address = read_invitation(api)
    typer.echo(json.dumps({"invitation": address}, indent=2) if as_json else address)


@people.command("list")
def list_(campaign: Campaign, home: options.Home = None, as_json: options.Json = False) -> None:
    """List annotators: votes, agreement with the others, gold score, pace in seconds, state.

    Agreement is the share of votes that the consensus of all others holds right, with its 95 %
    interval; `typical` is what an average annotator reaches on the same clips. Names and addresses
    are read from Label Studio and kept nowhere.
    """
    from pipelines.people.roster import list_people

    with session(home, as_json=as_json) as run:
        run.show(list_people(run.settings, run.progress(), campaign=campaign))


@people.command()
def deactivate(
    addresses: Addresses, home: options.Home = None, as_json: options.Json = False
) -> None:
    """Keep people out of Label Studio from the next click on; number and votes stay."""
    _set_active(addresses, home, is_active=False, as_json=as_json)


@people.command()
def reactivate(
    addresses: Addresses, home: options.Home = None, as_json: options.Json = False
) -> None:
    """Let people into Label Studio again, whom a person or the day's cap kept out."""
    _set_active(addresses, home, is_active=True, as_json=as_json)


@people.command()
def pages(
    campaign: Campaign,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write every page to, as one file each.")
    ] = None,
    renew: Annotated[
        str | None, typer.Option(help="E-mail address of one whose page gets another address.")
    ] = None,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Print the address of each annotator's own page, which `serloop gateway` serves.

    Whoever has the address sees the page: progress, agreement, pace, and no name. Give it to its
    owner only; --renew makes a former address void.
    """
    from pipelines.people.personal import list_pages, renew_page

    with session(home, as_json=as_json) as run:
        if renew is not None:
            renew_page(run.settings, campaign, renew)
        found = list_pages(run.settings, run.progress(), campaign=campaign, folder=out)
    if as_json:
        print_rows(found.rows(), as_json=True)
        return
    # Not in a table: an address is copied whole, and a table may fold it.
    for row in found.rows():
        typer.echo("\t".join(str(value) for value in row.values() if value is not None))


@people.command()
def cap(campaign: Campaign, home: options.Home = None, as_json: options.Json = False) -> None:
    """Say who has cast the day's votes; by `people.enforce_cap`, keep them out until it is over.

    Votes beyond the cap count like all others. Once the day is over, this verb or `serloop gateway`
    lets in whom the cap kept out.
    """
    from pipelines.people.caps import enforce_caps

    with session(home, as_json=as_json) as run:
        run.show(enforce_caps(run.settings, run.progress(), campaign=campaign))


def _set_active(
    addresses: Sequence[str], home: Path | None, *, is_active: bool, as_json: bool
) -> None:
    from pipelines.people.accounts import set_people_active

    with session(home, as_json=as_json) as run:
        run.show(set_people_active(run.settings, addresses, is_active=is_active))


def _open_for_owner(path: Path) -> int:
    try:
        # Before any account is made: its password must not be lost to a full or foreign folder.
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        msg = f"`{path}` cannot be made: {error.strerror}; name a new file"
        raise typer.BadParameter(msg) from error


def _show_made(result: "AddResult", *, as_json: bool, is_shown: bool) -> None:
    def describe(account: "Account") -> dict[str, str]:
        facts = {"address": account.address, "annotator": account.annotator}
        return {**facts, "password": account.password} if is_shown else facts

    rows = [describe(account) for account in result.made]
    if as_json:
        typer.echo(json.dumps({"url": result.url, "made": rows}, indent=2))
        return
    for row in rows:
        # Not in a table: a password is copied whole, and a table may fold it.
        typer.echo("\t".join(row.values()))
