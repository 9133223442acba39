"""Projects and tasks on a server: found by what stands in them, read page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from annotation.errors import LabelStudioServerError

if TYPE_CHECKING:
    from annotation.label_studio.api import Api

IDENTITY_FIELDS: Final = ("id", "data", "overlap", "is_labeled", "total_annotations")
"""What tells a task, and whether it still waits for somebody."""

_MARK: Final = "serloop project"
_PROJECTS_A_PAGE: Final = 100
_NOT_FOUND: Final = 404
# 1,000 tasks take a second with their ids alone, 7 s with everything said about them.
_PAGE_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class ServerProject:
    """A project as the server knows it.

    Attributes:
        id: Its number there.
        title: What annotators see.
        facts: All that the server tells.
    """

    id: int
    title: str
    facts: Mapping[str, Any]


def project_mark(key: str) -> str:
    """Return the line by which a project is known again, for its description.

    Example:
        >>> project_mark("ravdess-00c0ffee")
        'serloop project ravdess-00c0ffee'
    """
    return f"{_MARK} {key}"


def find_project(api: Api, key: str) -> ServerProject | None:
    """Return the project whose description has the mark of `key`; None if there is none.

    Numbers of projects begin anew with a new database, so that they tell nothing.

    Args:
        api: The server.
        key: The project's name in the warehouse.

    Raises:
        LabelStudioServerError: The server does not answer, or several projects have the mark.
    """
    mark = project_mark(key)
    found = [
        project
        for project in _read_pages(api, "/api/projects/", _PROJECTS_A_PAGE, "results")
        if mark in str(project.get("description") or "").splitlines()
    ]
    if len(found) > 1:
        numbers = ", ".join(str(project["id"]) for project in found)
        msg = (
            f"{api.url} has several projects marked `{mark}` ({numbers}); remove the mark from the "
            "description of all but the one that annotators use"
        )
        raise LabelStudioServerError(msg)
    return ServerProject(found[0]["id"], found[0]["title"], found[0]) if found else None


def read_tasks(
    api: Api,
    project_id: int,
    *,
    include: Sequence[str] | None = IDENTITY_FIELDS,
    changed_after: datetime | None = None,
    page_size: int = 1000,
) -> Iterator[Mapping[str, Any]]:
    """Read tasks of a project in the order of their numbers.

    Args:
        api: The server.
        project_id: The project's number there.
        include: Fields wanted, read quickly; None for all, with annotations and drafts.
        changed_after: Only tasks changed after this time, by the server's clock: an annotation
            that came, was edited, skipped or deleted changes its task. A task that was deleted is
            in no list.
        page_size: Tasks per request.

    Raises:
        LabelStudioServerError: The server does not answer.
    """
    query: dict[str, str | int] = {"project": project_id, "fields": "all"}
    if include is not None:
        query |= {"fields": "task_only", "include": ",".join(include)}
    view: dict[str, object] = {"ordering": ["tasks:id"]}
    if changed_after is not None:
        # Without microseconds the server fails.
        since = changed_after.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        changed = {"filter": "filter:tasks:updated_at", "operator": "greater", "type": "Datetime"}
        view["filters"] = {"conjunction": "and", "items": [changed | {"value": since}]}
    query["query"] = json.dumps(view)
    yield from _read_pages(api, "/api/tasks/", page_size, "tasks", query)


def _read_pages(
    api: Api,
    path: str,
    page_size: int,
    part: str,
    query: Mapping[str, str | int] | None = None,
) -> Iterator[Mapping[str, Any]]:
    page, is_full = 1, True
    while is_full:
        where = {**(query or {}), "page": page, "page_size": page_size}
        try:
            said = api.send("GET", path, query=where, timeout_s=_PAGE_S)
        except LabelStudioServerError as error:
            # Past the last page, when its size divides the number of things.
            if error.status == _NOT_FOUND and page > 1:
                return
            raise
        entries = said.get(part) if isinstance(said, Mapping) else None
        if not isinstance(entries, list):
            msg = f"{api.url}{path} does not answer as Label Studio does; correct the address"
            raise LabelStudioServerError(msg)
        yield from entries
        is_full = len(entries) >= page_size
        page += 1
