"""A campaign's project on a server: made once, found again, and kept as it should be."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from annotation.errors import LabelStudioServerError
from annotation.label_studio.choices import InterfaceChoices
from annotation.label_studio.instructions import build_instructions
from annotation.label_studio.interface import build_interface
from annotation.label_studio.patience import Patience, insist, is_doubtful
from annotation.label_studio.projects import ServerProject, find_project, project_mark

if TYPE_CHECKING:
    from annotation.label_studio.api import Api

Found = TypeVar("Found")

MODEL_VERSION: Final = "serloop"
"""The one name of all predictions shown, whichever model they come from."""

_TITLE_SIZE: Final = (3, 50)
_USUAL: Final = Patience()


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """What a project asks and how it hands out its tasks.

    Attributes:
        key: Its name in the warehouse.
        title: What annotators see in their list.
        classes: C class names in the order they are offered.
        choices: What is asked beside the class.
        definitions: What classes mean, where the usual words will not do.
    """

    key: str
    title: str
    classes: Sequence[str]
    choices: InterfaceChoices
    definitions: Mapping[str, str] = field(default_factory=dict)

    def settings(self) -> dict[str, object]:
        """Return what the server is to know of the project, its title apart.

        With one annotation per task as the project's rule, Label Studio hands out tasks by their
        numbers alone, to one annotator and to several; tasks that want more say so themselves.
        """
        return {
            "description": project_mark(self.key),
            "label_config": build_interface(self.classes, self.choices),
            "expert_instruction": build_instructions(
                self.classes, self.choices, definitions=self.definitions
            ),
            "show_instruction": True,
            "maximum_annotations": 1,
            "overlap_cohort_percentage": 100,
            "sampling": "Sequential sampling",
            "show_overlap_first": False,
            "skip_queue": "REQUEUE_FOR_OTHERS",
        }


def ensure_project(api: Api, page: ProjectPage, *, patience: Patience = _USUAL) -> ServerProject:
    """Return the project that has the key's mark, made if there is none, with the page as wanted.

    The answer to its making may be lost: it is then looked for, and never made twice. Its title is
    left as people have changed it.

    Args:
        api: The server.
        page: What it is to be.
        patience: How long to wait for a server that does not answer.

    Raises:
        LabelStudioServerError: The server refuses, does not answer, or has several such projects.
    """
    wanted = page.settings()
    found = insist(lambda: find_project(api, page.key), patience)
    if found is None:
        body = {**wanted, "title": _fit_title(page.title), "show_collab_predictions": False}
        found = make_once(
            lambda: api.send("POST", "/api/projects/", body=body),
            lambda: find_project(api, page.key),
            patience,
        )
    changed = {name: value for name, value in wanted.items() if found.facts.get(name) != value}
    # People may have added lines of their own below the mark, by which it was found.
    changed.pop("description", None)
    if changed:
        _change(api, found, changed, patience)
    return found


def show_predictions(
    api: Api, project: ServerProject, *, is_shown: bool, patience: Patience = _USUAL
) -> None:
    """Let a project show the predictions that its tasks have, or none.

    Args:
        api: The server.
        project: The project, as it was found.
        is_shown: Whether they are shown; at least one task must have one.
        patience: How long to wait for a server that does not answer.
    """
    if bool(project.facts.get("show_collab_predictions")) != is_shown:
        _change(api, project, {"show_collab_predictions": is_shown}, patience)
        # Changing that clears this, and in one request it would be cleared again.
        if is_shown:
            _change(api, project, {"model_version": MODEL_VERSION}, patience)
    elif is_shown and project.facts.get("model_version") != MODEL_VERSION:
        _change(api, project, {"model_version": MODEL_VERSION}, patience)


def ensure_local_storage(
    api: Api, project_id: int, path: str, *, patience: Patience = _USUAL
) -> None:
    """Allow a project to serve the files in a folder of the server's machine.

    Args:
        api: The server.
        project_id: The project's number there.
        path: The folder, strictly below the server's document root.
        patience: How long to wait for a server that does not answer.

    Raises:
        LabelStudioServerError: The server refuses the folder, or does not answer.
    """

    def find() -> object | None:
        known = api.get("/api/storages/localfiles/", project=project_id)
        entries = known if isinstance(known, list) else known.get("results", [])
        return next((entry for entry in entries if entry.get("path") == path), None)

    if insist(find, patience) is None:
        body = {"project": project_id, "path": path, "title": "clips", "use_blob_urls": True}
        make_once(lambda: api.send("POST", "/api/storages/localfiles/", body=body), find, patience)


def make_once(
    make: Callable[[], Any],
    find: Callable[[], Found | None],
    patience: Patience,
) -> Found:
    """Make something on a server, and return it as it is found there.

    Args:
        make: Asks for it; never repeated before `find` has said that it is not there.
        find: Looks for it.
        patience: How often both are tried.

    Raises:
        LabelStudioServerError: The server refuses, or it is not there after the last try.
    """
    last: LabelStudioServerError | None = None
    for wait_s in (*patience.waits(), 0.0):
        try:
            make()
        except LabelStudioServerError as error:
            if not is_doubtful(error):
                raise
            last = error
            time.sleep(wait_s)
        found = insist(find, patience)
        if found is not None:
            return found
    msg = f"{last or 'what was made is not there'}; running it again goes on from here"
    raise LabelStudioServerError(msg) from last


def _change(
    api: Api, project: ServerProject, changed: Mapping[str, object], patience: Patience
) -> None:
    insist(lambda: api.send("PATCH", f"/api/projects/{project.id}/", body=changed), patience)


def _fit_title(title: str) -> str:
    shortest, longest = _TITLE_SIZE
    return title[:longest].ljust(shortest, ".")
