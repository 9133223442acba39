"""What happened in a project since it was last read, as the server shows it now.

A collection remembers the last change that the project had seen when it began, by the clock of the
server: whatever changed later is read again. So is the minute before, for changes that were under
way then and not to be seen yet. Where no change was seen since, and tasks and answers are as many
as then, nothing is read at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from annotation.label_studio.annotated import ProjectState, look, read_annotated
from annotation.label_studio.api import Api
from pipelines.collecting.asked import AskedProject
from pipelines.progress import Progress

OVERLAP = timedelta(seconds=60)
"""How much is read twice: a change bears the time at which it began, not when others see it."""


@dataclass(frozen=True)
class Reading:
    """Tasks as a server had them.

    Args:
        project: The project.
        tasks: With their annotations.
        is_full: Whether these are all there are.
        since: Changes up to this time were to be known before; None for the first reading.
        state: The state of the project when the reading began.
        read_at: When it began, by our own clock.
    """

    project: AskedProject
    tasks: Sequence[Mapping[str, Any]]
    is_full: bool
    since: datetime | None
    state: ProjectState
    read_at: datetime

    @property
    def until(self) -> datetime:
        """Return the last change that must be in it."""
        return self.state.changed_at or self.project.made_at


def read_changes(
    api: Api,
    project: AskedProject,
    collections: pa.Table,
    progress: Progress,
    *,
    full: bool,
    reconcile_s: float,
) -> Reading | None:
    """Read the tasks that changed since a project was last read, or all of them.

    Args:
        api: The server.
        project: The project.
        collections: Rows of `collections` of the project.
        progress: Where progress is shown.
        full: Whether to read all tasks in any case.
        reconcile_s: Seconds after which all are read again.

    Returns:
        None if nothing happened.

    Raises:
        LabelStudioServerError: If the server does not answer.
    """
    read_at = datetime.now(UTC)
    state = look(api, project.number)
    is_full = full or _is_overdue(collections, read_at, reconcile_s)
    since = pc.max(collections["until"]).as_py()
    since = since - OVERLAP if since is not None else None
    if not is_full and _is_known(collections, state, project):
        return None
    tasks: list[Mapping[str, Any]] = []
    # How many have changed is not known before they are read.
    expected = state.tasks if is_full else 1
    with progress.track(f"read {project.key}", expected, "tasks" if is_full else "look") as advance:
        for page in read_annotated(api, project.number, changed_after=None if is_full else since):
            tasks += page
            advance(len(page) if is_full else 0)
        if not is_full:
            advance(1, note=f"{len(tasks)} changed tasks")
    return Reading(project, tasks, is_full, since, state, read_at)


def _is_overdue(collections: pa.Table, now: datetime, reconcile_s: float) -> bool:
    last = pc.max(collections.filter(collections["is_full"])["read_at"]).as_py()
    return last is None or (now - last).total_seconds() >= reconcile_s


def _is_known(collections: pa.Table, state: ProjectState, project: AskedProject) -> bool:
    columns = (collections[name].to_pylist() for name in ("until", "tasks", "answers"))
    seen = set(zip(*columns, strict=True))
    return (state.changed_at or project.made_at, state.tasks, state.answers) in seen
