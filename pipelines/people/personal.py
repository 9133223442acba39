"""The addresses of everybody's own page, for whoever hands them out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from annotation.label_studio.users import list_users
from pipelines.errors import PipelineError
from pipelines.gateway.places import people_url
from pipelines.label_studio.connect import connect, is_configured
from pipelines.people.day import read_day
from pipelines.people.links import read_links, renew_link
from pipelines.people.records import read_records
from pipelines.people.roster import check_campaign, match_users
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store


@dataclass(frozen=True)
class PageLink:
    """Where somebody's page is.

    Args:
        annotator: Whose, as in the ledger.
        address: The account's; None where there is none, or no server.
        url: Where the gateway serves it.
        path: Where it was written to; None if it was not.
    """

    annotator: str
    address: str | None
    url: str
    path: Path | None = None


@dataclass(frozen=True)
class PagesResult:
    """The pages of a campaign.

    Args:
        links: Everybody's, by annotator.
    """

    links: tuple[PageLink, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per page."""
        return [
            {
                "annotator": link.annotator,
                "address": link.address,
                "url": link.url,
                "path": str(link.path) if link.path else None,
            }
            for link in self.links
        ]


def list_pages(
    settings: Settings, progress: Progress, *, campaign: str, folder: Path | None = None
) -> PagesResult:
    """Return the address of everybody's page, of those who may answer and those who did.

    Args:
        settings: Where warehouse and server are, and how annotators reach the gateway.
        progress: Where progress is shown.
        campaign: The campaign.
        folder: Where to write the pages, too; None for nowhere.

    Raises:
        PipelineError: If there is no such campaign, or the secret cannot be read.
        LabelStudioServerError: If the server does not answer.
    """
    addresses = _read_addresses(settings, campaign)
    links = read_links(settings)
    base = people_url(settings)
    paths: dict[str, Path] = {}
    if folder is not None:
        from pipelines.people.pages import write_pages  # noqa: PLC0415 - loads a web framework

        with progress.track("write pages", len(addresses), "pages") as advance:
            for page in write_pages(settings, campaign, sorted(addresses), folder):
                paths[page.annotator] = page.path
                advance()
    found = (
        PageLink(name, address, f"{base}/me/{links.token(campaign, name)}", paths.get(name))
        for name, address in sorted(addresses.items())
    )
    return PagesResult(tuple(found))


def renew_page(settings: Settings, campaign: str, address: str) -> None:
    """Make the address of somebody's pages void, in this campaign and all others.

    Args:
        settings: As for `list_pages`.
        campaign: A campaign of theirs.
        address: The e-mail address of the account, or the annotator's id.

    Raises:
        PipelineError: If nobody has this address.
        LabelStudioServerError: If the server does not answer.
    """
    wanted = address.strip().lower()
    known = _read_addresses(settings, campaign)
    name = next((name for name, mail in known.items() if wanted in {name, mail}), None)
    if name is None:
        raise PipelineError(
            f"nobody in campaign `{campaign}` has the address `{address}`; `serloop people list "
            f"{campaign}` shows those there are"
        )
    renew_link(settings, name)


def _read_addresses(settings: Settings, campaign: str) -> dict[str, str | None]:
    day = read_day(settings.people.time_zone)
    with open_store(settings) as store:
        check_campaign(store, campaign)
        records = read_records(store, campaign, day, method=settings.rounds.aggregator)
        addresses: dict[str, str | None] = dict.fromkeys(records.by_annotator)
        if is_configured(settings):
            with connect(settings) as api:
                users = match_users(store, campaign, list_users(api))
            addresses |= {name: user.address for name, user in users.items()}
    return addresses
