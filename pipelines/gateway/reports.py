"""Reports of the home, for a person with the password."""

from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse

from pipelines.gateway.access import Guard
from pipelines.gateway.pages import PAGE_HEADERS
from pipelines.gateway.places import REPORTS_PATH
from pipelines.settings import Settings

NOT_HERE = "There is no such report. The status page lists those there are.\n"


def create_reports_router(settings: Settings, guard: Guard) -> APIRouter:
    """Return the pages right in the folder of reports, below `/reports`.

    Args:
        settings: Where reports are.
        guard: Who may come in.
    """
    router = APIRouter()

    # Whoever knows no password is not told which addresses there are.
    @router.get(REPORTS_PATH + "/{name:path}")
    def report(request: Request, name: str) -> Response:
        guard.require_password(request)
        path = find_report(settings.reports, name)
        if path is None:
            return PlainTextResponse(NOT_HERE, status_code=404, headers=PAGE_HEADERS)
        return FileResponse(path, media_type="text/html", headers=PAGE_HEADERS)

    return router


def find_report(folder: Path, name: str) -> Path | None:
    """Return the file of a report; None where there is none, and for anything else.

    Args:
        folder: Of reports; what lies outside of it, or deeper in it, is none.
        name: Whatever came.
    """
    if not name.endswith(".html") or name.startswith(".") or "\0" in name:
        return None
    path = folder / name
    # A link that leads elsewhere is resolved like a name that does.
    is_inside = path.name == name and path.resolve().parent == folder.resolve()
    return path if is_inside and path.is_file() else None
