"""Answer tasks as a program does: ask what is next, say what was heard."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from annotation.errors import LabelStudioServerError
from annotation.label_studio.choices import AUDIO, CHOICE

if TYPE_CHECKING:
    from annotation.label_studio.api import Api

_NOTHING_LEFT: Final = 404
_KNOWN_ALREADY: Final = 409
_NAMESPACE: Final = uuid.UUID("4b1c8a52-6f0e-5c0b-9f43-2a6c7f1d9e11")


def next_task(api: Api, project_id: int) -> Mapping[str, Any] | None:
    """Return the task that the server gives to whose token it is next; None when none is left.

    Args:
        api: The server, in the name of who answers.
        project_id: The project's number there.

    Raises:
        LabelStudioServerError: The server does not answer.
    """
    try:
        task: Mapping[str, Any] = api.get(f"/api/projects/{project_id}/next")
    except LabelStudioServerError as error:
        if error.status == _NOTHING_LEFT:
            return None
        raise
    return task


def post_label(api: Api, task_id: int, label: str, *, lead_time_s: float, key: str) -> None:
    """Answer a task with a class; sent again under the same key, it changes nothing.

    Args:
        api: The server, in the name of who answers.
        task_id: The task's number there.
        label: The class.
        lead_time_s: How long it took, in seconds.
        key: What tells this answer from every other, whoever gives it.

    Raises:
        LabelStudioServerError: The server does not answer, or refuses.
    """
    choice = {"choices": [label]}
    region = {"from_name": CHOICE, "to_name": AUDIO, "type": "choices", "value": choice}
    unique_id = str(uuid.uuid5(_NAMESPACE, key))
    body = {"result": [region], "lead_time": round(lead_time_s, 3), "unique_id": unique_id}
    try:
        api.send("POST", f"/api/tasks/{task_id}/annotations/", body=body)
    except LabelStudioServerError as error:
        if error.status != _KNOWN_ALREADY:
            raise
