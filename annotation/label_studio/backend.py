"""The protocol Label Studio speaks with a model, and how a project is connected to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from annotation.errors import LabelStudioError
from annotation.label_studio.choices import AUDIO, CHOICE
from annotation.label_studio.webhooks import Change, Webhook, ensure_webhook

if TYPE_CHECKING:
    from annotation.label_studio.api import Api

# It asks the model whether it is well before it answers, and waits seconds if it is not.
_CONNECT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Backend:
    """A model backend as it should be.

    Attributes:
        url: Its address.
        title: What the project's settings call it. Never the `model_version` of predictions that
            were sent: the server takes a project whose version is a title to show that backend's.
        user: User of its basic authentication.
        password: Password of it; the server shows it to nobody.
    """

    url: str
    title: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model says of a task.

    Attributes:
        score: How sure it is, in [0, 1].
        shown: The class that annotators are shown as its word; None to show nothing.
    """

    score: float
    shown: str | None = None


def ensure_backend(api: Api, project_id: int, wanted: Backend) -> Change:
    """Connect a project to a model backend, once; it is known again by the path of its address.

    Connecting has the server make a webhook to `<url>/webhook` that shows no password and cannot
    be told to. Unless there is one: so a silent one is there first. 'Start training' does not
    need it.

    Args:
        api: The server.
        project_id: The project's number there.
        wanted: The backend, which must answer: the server asks it before it connects.

    Returns:
        Whether it was made or changed; a password cannot be compared, so it is sent again.

    Raises:
        LabelStudioServerError: The server does not answer, or does not reach the backend.
    """
    ensure_webhook(
        api, project_id, Webhook(f"{wanted.url}/webhook", {}, actions=(), is_active=False)
    )
    facts = {
        "project": project_id,
        "url": wanted.url,
        "title": wanted.title,
        "auth_method": "BASIC_AUTH",
        "basic_auth_user": wanted.user,
        "basic_auth_pass": wanted.password,
        "is_interactive": False,
    }
    path = urlsplit(wanted.url).path
    known = api.send("GET", "/api/ml/", query={"project": project_id}, timeout_s=_CONNECT_S)
    found = [backend for backend in known if urlsplit(str(backend["url"])).path == path]
    if not found:
        api.send("POST", "/api/ml/", body=facts, timeout_s=_CONNECT_S)
        return "made"
    api.send("PATCH", f"/api/ml/{found[0]['id']}", body=facts, timeout_s=_CONNECT_S)
    return "changed"


def read_asked(said: object) -> tuple[int, ...]:
    """Return the numbers of the tasks that a request for predictions is about.

    Args:
        said: Its JSON.

    Raises:
        LabelStudioError: It is no such request; the message repeats nothing of it.

    Example:
        >>> read_asked({"tasks": [{"id": 7, "data": {}}], "project": "1.1795332935"})
        (7,)
    """
    tasks = said.get("tasks") if isinstance(said, Mapping) else None
    if not isinstance(tasks, list):
        msg = "the body must be an object with the list `tasks`"
        raise LabelStudioError(msg)
    numbers = [task.get("id") if isinstance(task, Mapping) else None for task in tasks]
    if not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers):
        msg = "every one of `tasks` must be an object with its number as `id`"
        raise LabelStudioError(msg)
    return tuple(int(number) for number in numbers if number is not None)


def build_answer(
    task_ids: Sequence[int], opinions: Mapping[int, Opinion], *, model_version: str
) -> dict[str, list[dict[str, Any]]]:
    """Answer a request for predictions: one result per task, in the order asked.

    A task without opinion, and one whose opinion is not shown, has an empty result: annotators
    see nothing.

    Args:
        task_ids: The tasks.
        opinions: What the model says, by task.
        model_version: Name of the model.

    Example:
        >>> answer = build_answer([1, 2], {1: Opinion(0.9)}, model_version="m")
        >>> answer["results"][0]
        {'model_version': 'm', 'result': [], 'score': 0.9}
    """
    results = []
    for task_id in task_ids:
        opinion = opinions.get(task_id)
        result: dict[str, Any] = {"model_version": model_version, "result": []}
        if opinion is not None:
            result["score"] = float(opinion.score)
            if opinion.shown is not None:
                result["result"] = [_region(opinion.shown)]
        results.append(result)
    return {"results": results}


def _region(label: str) -> dict[str, Any]:
    return {"from_name": CHOICE, "to_name": AUDIO, "type": "choices", "value": {"choices": [label]}}
