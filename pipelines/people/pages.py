"""Everybody's own page: on the gateway, at an address only its owner knows, or as a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, PlainTextResponse

from pipelines.people.day import read_day
from pipelines.people.links import read_links
from pipelines.people.records import Records, read_records
from pipelines.people.render import render_person
from pipelines.report.page import put_page
from pipelines.settings import Settings
from pipelines.workspace import has_warehouse, open_store

PREFIX = "/me"
# Whoever has the address sees the page, so that it must not go anywhere by itself.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
NOT_HERE = "There is no such page. Ask whoever gave you the address for the present one.\n"


def create_router(settings: Settings) -> APIRouter:
    """Return the pages below `/me`, for the gateway to mount.

    A token that we did not make, one that was renewed since and one of a campaign that is gone all
    give the same answer, 404.

    Args:
        settings: Where the warehouse is, the home with the secret, cap and minutes before a rest.
    """
    router = APIRouter()

    @router.get(PREFIX + "/{token}", response_class=HTMLResponse)
    def page(token: str) -> Response:
        text = read_page(settings, token)
        if text is None:
            return PlainTextResponse(NOT_HERE, status_code=404, headers=HEADERS)
        return HTMLResponse(text, headers=HEADERS)

    return router


def read_page(settings: Settings, token: str, *, now: datetime | None = None) -> str | None:
    """Return the page that a token is for; None if it is for none.

    Args:
        settings: As for `create_router`.
        token: Whatever came.
        now: The moment of which it speaks; default: the present one.

    Raises:
        PipelineError: If the file with the secret cannot be used.
    """
    named = read_links(settings).read(token)
    if named is None or not has_warehouse(settings):
        return None
    campaign, annotator = named
    day = read_day(settings.people.time_zone, now)
    records = _read(settings, campaign, now)
    return render_person(records.of(annotator), campaign, day, settings)


@dataclass(frozen=True)
class WrittenPage:
    """A page that was written.

    Args:
        annotator: Whose.
        path: Where.
    """

    annotator: str
    path: Path


def write_pages(
    settings: Settings,
    campaign: str,
    annotators: Sequence[str],
    folder: Path,
    *,
    now: datetime | None = None,
) -> list[WrittenPage]:
    """Write everybody's page as a file whose name is as hard to guess as the page's address.

    Args:
        settings: As for `create_router`.
        campaign: The campaign.
        annotators: Whose pages.
        folder: Where; it is made if needed.
        now: The moment of which they speak; default: the present one.

    Raises:
        PipelineError: If the file with the secret cannot be used.
        OSError: If the folder cannot be written to.
    """
    links, day = read_links(settings), read_day(settings.people.time_zone, now)
    records = _read(settings, campaign, now)
    return [
        WrittenPage(
            annotator,
            put_page(
                render_person(records.of(annotator), campaign, day, settings),
                folder / f"{links.token(campaign, annotator)}.html",
            ),
        )
        for annotator in annotators
    ]


def _read(settings: Settings, campaign: str, now: datetime | None) -> Records:
    day = read_day(settings.people.time_zone, now)
    with open_store(settings) as store:
        # Scores that moved with each answer would give gold clips away, and what others said.
        return read_records(
            store, campaign, day, method=settings.rounds.aggregator, judged_before=day.start
        )
