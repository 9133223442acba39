"""Tasks on a server: sent once each, in order; corrected, closed and removed without a loss.

An import is carried out whole or not at all, but its answer may be lost. So no answer is relied
on: what is there is listed, and what is missing is sent.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from annotation.errors import LabelStudioServerError
from annotation.label_studio.items import ITEM, find_clip
from annotation.label_studio.patience import Patience, insist, is_doubtful
from annotation.label_studio.projects import IDENTITY_FIELDS, read_tasks

if TYPE_CHECKING:
    from annotation.label_studio.api import Api
    from annotation.label_studio.tasks import PublishedTask

T = TypeVar("T")

BATCH: Final = 500
"""Tasks per import: a second's work for the server, so that a killed one loses little."""

_FIELDS: Final = (*IDENTITY_FIELDS, "cancelled_annotations")
# An import that is still being carried out must not be taken for one that was lost.
_IMPORT_S: Final = 600.0
_NOT_FOUND: Final = 404
_USUAL: Final = Patience()


class Count(Protocol):
    """Told of finished units."""

    def __call__(self, units: int = 1, note: str = "") -> None:
        """Count `units` more."""


@dataclass(frozen=True, slots=True)
class ServerTask:
    """A task as the server knows it.

    Attributes:
        id: Its number there.
        clip_id: The clip it asks about.
        round_id: The round it was sent with.
        overlap: People it is handed out to.
        is_closed: Whether it is handed out to nobody more.
        answers: Annotations it has, skips apart.
        skips: Annotations that only skip it.
    """

    id: int
    clip_id: str
    round_id: str
    overlap: int
    is_closed: bool
    answers: int
    skips: int

    @property
    def is_untouched(self) -> bool:
        """Return whether nobody has said anything to it."""
        return self.answers + self.skips == 0


@dataclass(frozen=True, slots=True)
class Delivered:
    """What is on a server after sending.

    Attributes:
        tasks: All tasks that ask about a clip, in the order of their numbers.
        sent: Tasks of these that were not there before.
    """

    tasks: tuple[ServerTask, ...]
    sent: int


def list_tasks(
    api: Api, project_id: int, items: Mapping[str, str], *, patience: Patience = _USUAL
) -> tuple[ServerTask, ...]:
    """Return the tasks of a project that ask about a clip, in the order of their numbers.

    Args:
        api: The server.
        project_id: The project's number there.
        items: Clips by item, see `items.name_items`; tasks about others are left out.
        patience: How long to wait for a server that does not answer.

    Raises:
        LabelStudioServerError: The server refuses, or does not answer.
    """
    read = insist(lambda: list(read_tasks(api, project_id, include=_FIELDS)), patience)
    # Pages of a list that grows meanwhile overlap.
    found = (_read_task(task, items) for task in read)
    return tuple({task.id: task for task in found if task.clip_id}.values())


def send_missing(
    api: Api,
    project_id: int,
    tasks: Sequence[PublishedTask],
    items: Mapping[str, str],
    *,
    advance: Count | None = None,
    patience: Patience = _USUAL,
) -> Delivered:
    """Send the tasks that a project lacks, in the order given, and return what is there then.

    After any doubt what is there is listed before anything is sent again, and no batch is sent
    before the one ahead of it is there, so that the order stands whatever happens.

    Args:
        api: The server.
        project_id: The project's number there.
        tasks: One per clip, in the order in which annotators are to meet them.
        items: Clips by item, those of the tasks among them.
        advance: Told of the tasks that have arrived.
        patience: How often a server that brings nothing further is tried.

    Raises:
        LabelStudioServerError: The server refuses them, or tries in a row brought no task further.
    """
    wanted = {items[task["data"][ITEM]]: task for task in tasks}
    there = list_tasks(api, project_id, items, patience=patience)
    before, waits = _clips(there), patience.waits()
    arrived = _note(advance, 0, wanted, before)
    while missing := _lacking(wanted, _clips(there)):
        last = _send(api, project_id, missing)
        there = list_tasks(api, project_id, items, patience=patience)
        now = _note(advance, arrived, wanted, _clips(there))
        if now > arrived:
            arrived, waits = now, patience.waits()
        elif (wait_s := next(waits, None)) is not None:
            time.sleep(wait_s)
        else:
            msg = (
                f"{arrived} of {len(wanted)} tasks are in Label Studio, and it takes no more: "
                f"{last or 'it says that it has them'}; running it again goes on from here"
            )
            raise LabelStudioServerError(msg) from last
    return Delivered(there, sent=len(_clips(there) - before))


def recount(
    api: Api,
    tasks: Iterable[ServerTask],
    known: Mapping[str, int],
    *,
    patience: Patience = _USUAL,
) -> tuple[ServerTask, ...]:
    """Count the answers of tasks that are said to have fewer than are known.

    A server that was killed between an answer and its count never counts it, and would let the
    task be taken for one that nobody answered.

    Args:
        api: The server.
        tasks: As they were listed.
        known: Answers that are known here, by clip.
        patience: How long to wait for a server that does not answer.
    """
    return tuple(
        _count(api, task, patience) if known.get(task.clip_id, 0) > task.answers else task
        for task in tasks
    )


def part_copies(tasks: Iterable[ServerTask]) -> tuple[dict[str, ServerTask], list[ServerTask]]:
    """Return the task that counts for each clip, and the others about the same clips.

    Somebody may have imported a task a second time. The one with most answers counts, the oldest
    of those with equally many.
    """
    ranked = sorted(tasks, key=lambda task: (-task.answers, -task.skips, task.id))
    counting: dict[str, ServerTask] = {}
    others = [task for task in ranked if counting.setdefault(task.clip_id, task) is not task]
    return counting, others


def remove_untouched(
    api: Api, project_id: int, tasks: Collection[ServerTask], *, patience: Patience = _USUAL
) -> None:
    """Remove tasks that nobody has answered; one that somebody just has stays.

    Args:
        api: The server.
        project_id: The project's number there.
        tasks: Which.
        patience: How long to wait for a server that does not answer.
    """
    numbers = [task.id for task in tasks if task.is_untouched]
    for batch in _batches(numbers):
        _act(api, project_id, "delete_tasks", batch, patience)


def set_overlap(
    api: Api,
    task: ServerTask,
    overlap: int,
    *,
    patience: Patience = _USUAL,
) -> bool:
    """Let a task be handed out to so many people, those that have answered included.

    Args:
        api: The server.
        task: The task.
        overlap: How many; the number of its answers, or fewer, closes it.
        patience: How long to wait for a server that does not answer.

    Returns:
        Whether it is still there.
    """
    body = {"overlap": overlap, "is_labeled": task.answers >= overlap}
    # Without it the server computes every column of its task table first.
    query = {"review": "true"}
    try:
        insist(
            lambda: api.send("PATCH", f"/api/tasks/{task.id}/", query=query, body=body), patience
        )
    except LabelStudioServerError as error:
        if error.status != _NOT_FOUND:
            raise
        return False
    return True


def _count(api: Api, task: ServerTask, patience: Patience) -> ServerTask:
    try:
        said = insist(lambda: api.get(f"/api/tasks/{task.id}/annotations/"), patience)
    except LabelStudioServerError as error:
        if error.status != _NOT_FOUND:
            raise
        return task
    skips = sum(bool(annotation["was_cancelled"]) for annotation in said)
    return replace(task, answers=len(said) - skips, skips=skips)


def _send(
    api: Api, project_id: int, tasks: Sequence[PublishedTask]
) -> LabelStudioServerError | None:
    """Send batch after batch up to the first doubt, and return that."""
    for batch in _batches(tasks):
        try:
            api.send("POST", f"/api/projects/{project_id}/import", body=batch, timeout_s=_IMPORT_S)
        except LabelStudioServerError as error:
            if not is_doubtful(error):
                raise
            return error
    return None


def _act(
    api: Api, project_id: int, action: str, numbers: Sequence[int], patience: Patience
) -> None:
    query: dict[str, str | int] = {"id": action, "project": project_id}
    nobody = {"filter": "filter:tasks:annotations_ids", "operator": "empty", "type": "Number"}
    body = {
        "selectedItems": {"all": False, "included": list(numbers)},
        # The server looks once more, at the answers themselves: one may have come since the tasks
        # were listed, and its counts are wrong where it was killed between an answer and its count.
        "filters": {"conjunction": "and", "items": [nobody | {"value": True}]},
    }
    insist(lambda: api.send("POST", "/api/dm/actions", query=query, body=body), patience)


def _read_task(said: Mapping[str, Any], items: Mapping[str, str]) -> ServerTask:
    told = said.get("data")
    data = told if isinstance(told, Mapping) else {}
    return ServerTask(
        id=said["id"],
        clip_id=find_clip(data, items) or "",
        round_id=str(data.get("round_id") or ""),
        overlap=said["overlap"],
        is_closed=said["is_labeled"],
        answers=said["total_annotations"],
        skips=said["cancelled_annotations"],
    )


def _clips(tasks: Iterable[ServerTask]) -> set[str]:
    return {task.clip_id for task in tasks}


def _lacking(wanted: Mapping[str, PublishedTask], there: Collection[str]) -> list[PublishedTask]:
    return [task for clip_id, task in wanted.items() if clip_id not in there]


def _note(
    advance: Count | None,
    arrived: int,
    wanted: Mapping[str, PublishedTask],
    there: Collection[str],
) -> int:
    now = len(wanted) - len(_lacking(wanted, there))
    if advance is not None:
        advance(now - arrived)
    return now


def _batches(things: Sequence[T]) -> Iterator[list[T]]:
    for start in range(0, len(things), BATCH):
        yield list(things[start : start + BATCH])
