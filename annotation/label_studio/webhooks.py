"""Webhooks of Label Studio: what they say, and how a project is told to send them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from annotation.errors import LabelStudioError
from annotation.label_studio.projects import project_mark

if TYPE_CHECKING:
    from annotation.label_studio.api import Api

ANSWERED: Final = (
    "ANNOTATION_CREATED",
    "ANNOTATIONS_CREATED",
    "ANNOTATION_UPDATED",
    "ANNOTATIONS_DELETED",
)
"""Actions after which there is something to collect."""

START_TRAINING: Final = "START_TRAINING"
"""What 'Start training' sends to a model backend."""

# What a webhook for all actions sends as well; nothing follows from it.
_OTHERS: Final = (
    "PROJECT_CREATED",
    "PROJECT_UPDATED",
    "PROJECT_DELETED",
    "TASKS_CREATED",
    "TASKS_DELETED",
    "LABEL_LINK_CREATED",
    "LABEL_LINK_UPDATED",
    "LABEL_LINK_DELETED",
)
ACTIONS: Final = frozenset({*ANSWERED, START_TRAINING, *_OTHERS})
"""Every action that Label Studio 1.23 knows."""

Change = Literal["made", "changed", "kept"]


@dataclass(frozen=True, slots=True)
class Event:
    """What a webhook said, without anything it said about people.

    Attributes:
        action: One of `ACTIONS`.
        project: Key of the project by its mark; None if the body does not tell.
    """

    action: str
    project: str | None


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as it should be.

    Attributes:
        url: Where it is sent to.
        headers: What is sent along; every user of the server may read it there.
        actions: When it is sent.
        is_active: Whether it is sent at all.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    actions: Sequence[str] = ANSWERED
    is_active: bool = True


def read_event(said: object) -> Event:
    """Read the body of a webhook.

    Args:
        said: Its JSON.

    Raises:
        LabelStudioError: It is no event of Label Studio; the message repeats nothing of it.

    Example:
        >>> project = {"id": 3, "description": "serloop project campaign-00c0ffee"}
        >>> read_event({"action": "START_TRAINING", "project": project})
        Event(action='START_TRAINING', project='campaign-00c0ffee')
    """
    action = said.get("action") if isinstance(said, Mapping) else None
    if not isinstance(said, Mapping) or not isinstance(action, str) or action not in ACTIONS:
        msg = "the body must be an event of Label Studio: an object whose `action` is one it knows"
        raise LabelStudioError(msg)
    project = said.get("project")
    description = project.get("description") if isinstance(project, Mapping) else None
    return Event(action, read_mark(description))


def read_mark(description: object) -> str | None:
    """Return the key of the project with this description; None if it has no mark of ours.

    Example:
        >>> read_mark("serloop project campaign-00c0ffee")
        'campaign-00c0ffee'
    """
    before = project_mark("")
    lines = description.splitlines() if isinstance(description, str) else []
    keys = (line.removeprefix(before).strip() for line in lines if line.startswith(before))
    return next(keys, None)


def ensure_webhook(api: Api, project_id: int, wanted: Webhook) -> Change:
    """Have a project send a webhook, once.

    It is known again by the path of its address, so that a gateway that moved to another port is
    told of there, and not at both.

    Args:
        api: The server.
        project_id: The project's number there.
        wanted: The webhook.

    Returns:
        What had to be done.

    Raises:
        LabelStudioServerError: The server does not answer, or refuses the address.
    """
    path = urlsplit(wanted.url).path
    known = api.get("/api/webhooks/", project=project_id)
    found = [hook for hook in known if urlsplit(str(hook["url"])).path == path]
    for double in found[1:]:
        api.send("DELETE", f"/api/webhooks/{double['id']}/")
    facts = _facts(wanted)
    if not found:
        api.send("POST", "/api/webhooks/", body={"project": project_id, **facts})
        return "made"
    if _says(found[0], facts):
        return "kept"
    api.send("PATCH", f"/api/webhooks/{found[0]['id']}/", body=facts)
    return "changed"


def _facts(wanted: Webhook) -> dict[str, Any]:
    return {
        "url": wanted.url,
        "headers": dict(wanted.headers),
        "actions": list(wanted.actions),
        "is_active": wanted.is_active,
        "send_for_all_actions": False,
        # It wakes; with a payload the server would count the whole project for each answer.
        "send_payload": False,
    }


def _says(hook: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    return all(
        sorted(hook[name]) == sorted(value) if name == "actions" else hook[name] == value
        for name, value in facts.items()
    )
