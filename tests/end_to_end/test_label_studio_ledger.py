"""Whatever people do on a real Label Studio, the ledger says what they say now, and said before."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from annotation.errors import LabelStudioServerError
from annotation.label_studio import CANNOT_TELL, InterfaceChoices
from annotation.label_studio.administration import Administrator
from annotation.label_studio.users import annotator_of, create_user, log_in, make_password
from pipelines.collecting.pull import PullResult, pull
from pipelines.errors import PipelineError
from pipelines.label_studio.connect import connect
from pipelines.label_studio.identity import read_login
from pipelines.label_studio.places import find_places
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from tests.label_studio_server import MARKS, free_port
from tests.pipelines.collecting.asked_campaign import CAMPAIGN, CLIPS
from tests.pipelines.collecting.server_project import ServerProject, adopt, open_project

pytestmark = MARKS
A, B, C = CLIPS
Open = Callable[..., ServerProject]


@pytest.fixture
def open_one(label_studio: Settings, tmp_path: Path) -> Iterator[Open]:
    """Return what makes a campaign with a project of its own on the server."""
    with connect(label_studio) as api:
        made: list[ServerProject] = []

        def make(**options: Any) -> ServerProject:
            made.append(open_project(adopt(label_studio, tmp_path / "home"), api, **options))
            return made[-1]

        yield make
        for project in made:
            try:
                api.send("DELETE", f"/api/projects/{project.number}/")
            except LabelStudioServerError as error:
                assert error.status == 404  # noqa: PT017 - a test had deleted it


@pytest.fixture
def project(open_one: Open) -> ServerProject:
    """Return a project with a task about each of three clips."""
    return open_one()


def collect(project: ServerProject, *, full: bool = False) -> PullResult:
    """Collect, and collect again, which must change nothing."""
    result = pull(project.settings, SilentProgress(), campaign=CAMPAIGN, full=full)
    again = pull(project.settings, SilentProgress(), campaign=CAMPAIGN)
    assert (again.added, again.snapshot) == (0, result.snapshot)
    return result


def region(name: str, kind: str, value: object) -> dict[str, object]:
    """Return what one control was answered with."""
    return {"from_name": name, "to_name": "audio", "type": kind, "value": {kind: value}}


def test_answers_edits_and_deletions(project: ServerProject) -> None:
    """Each is a row, with its lead time; nothing is told twice."""
    first, second = project.answer(A, "joy"), project.answer(B, "calm")
    assert collect(project).added == 2
    assert {row["lead_time_s"] for row in project.ledger()} == {3.5}
    project.edit(first, "calm")
    assert (collect(project).added, project.labels()) == (1, {A: ["calm"], B: ["calm"]})
    project.remove(second)
    assert (collect(project).retracted, project.labels()) == (1, {A: ["calm"]})
    assert collect(project, full=True).missed == 0
    assert [row["is_retraction"] for row in project.ledger()] == [False, False, False, True]


def test_answers_that_were_deleted_in_bulk(project: ServerProject) -> None:
    """The task table's action counts like any other deletion."""
    for clip_id in (A, B):
        project.answer(clip_id, "joy")
    collect(project)
    query = {"id": "delete_tasks_annotations", "project": project.number}
    chosen = {"all": False, "included": [project.task(A)]}
    body = {"selectedItems": chosen, "filters": {"conjunction": "and", "items": []}}
    project.api.send("POST", "/api/dm/actions", query=query, body=body)
    assert (collect(project).retracted, project.labels()) == (1, {B: ["joy"]})


def test_skips_come_and_go(project: ServerProject) -> None:
    """A skip is a row without a label; taken up again it is a vote."""
    annotation = project.answer(A, None, was_cancelled=True)
    assert collect(project).abstentions == 1
    assert project.labels() == {A: [None]}
    project.edit(annotation, "joy", was_cancelled=False)
    assert (collect(project).votes, project.labels()) == (1, {A: ["joy"]})


def test_who_cannot_tell_abstains(project: ServerProject) -> None:
    """No label, and no quarantine."""
    project.answer(A, CANNOT_TELL)
    result = collect(project)
    assert (result.abstentions, result.quarantined) == (1, {})


def test_drafts_are_no_answers(project: ServerProject) -> None:
    """Neither before the first answer nor beside one; turning an answer into a draft deletes it."""
    body = {"result": [region("emotion", "choices", ["joy"])], "lead_time": 1.0}
    project.api.send("POST", f"/api/tasks/{project.task(A)}/drafts", body=body)
    assert collect(project).added == 0
    annotation = project.answer(B, "calm")
    collect(project)
    project.api.send(
        "POST", f"/api/tasks/{project.task(B)}/annotations/{annotation}/drafts", body=body
    )
    assert (collect(project).added, project.labels()) == (0, {B: ["calm"]})
    project.api.send("POST", f"/api/annotations/{annotation}/convert-to-draft", body={})
    assert (collect(project).retracted, project.labels()) == (1, {})


NONSENSE = {
    "unknown": ([region("emotion", "choices", ["rage"])], "unknown_choice"),
    "two": ([region("emotion", "choices", ["joy", "calm"])], "two_choices"),
    "text": (
        [region("emotion", "choices", ["joy"]), region("arousal", "rating", "7")],
        "bad_rating",
    ),
    "none": ([region("emotion", "choices", ["joy"])], "missing_rating"),
    "empty": ([], "missing_choice"),
}


def test_nonsense_is_filed_with_its_reason_and_counts_once_corrected(open_one: Open) -> None:
    """The server takes all of it; the ledger takes what is mended."""
    project = open_one(choices=InterfaceChoices(ratings=("arousal",)))
    good = [region("emotion", "choices", ["joy"]), region("arousal", "rating", 7)]
    numbers = [project.answer(A, None, result=result) for result, _ in NONSENSE.values()]
    valid = project.answer(B, None, result=good)
    result = collect(project)
    assert result.quarantined == {reason: 1 for _, reason in NONSENSE.values()}
    assert (result.added, project.labels()) == (1, {B: ["joy"]})
    assert len(project.quarantined()) == len(NONSENSE)
    project.edit(numbers[0], None, result=good)
    project.edit(valid, None, result=[])
    result = collect(project)
    assert (result.added, result.retracted, project.labels()) == (2, 1, {A: ["joy"]})
    assert collect(project, full=True).added == 0
    assert len(project.quarantined()) == len(NONSENSE) + 1


def test_what_is_deleted_on_the_server_stays_in_the_ledger(project: ServerProject) -> None:
    """A task, and then the whole project: the votes stand, and it is said."""
    for clip_id in (A, B):
        project.answer(clip_id, "joy")
    collect(project)
    project.api.send("DELETE", f"/api/tasks/{project.task(A)}/")
    assert collect(project, full=True).vanished == 1
    assert project.labels() == {A: ["joy"], B: ["joy"]}
    project.api.send("DELETE", f"/api/projects/{project.number}/")
    with pytest.raises(PipelineError, match="3 tasks were; the votes from there stand"):
        pull(project.settings, SilentProgress(), campaign=CAMPAIGN)
    assert project.labels() == {A: ["joy"], B: ["joy"]}


def test_annotators_who_leave_keep_their_votes(
    project: ServerProject, label_studio: Settings
) -> None:
    """Deactivated, whose answers go on counting, or deleted, whose name the server forgets."""
    people = {}
    for name in ("ann", "ben"):
        address, password = f"{name}-{project.key}@example.org", make_password()
        people[name] = create_user(project.api, address, password)
        with log_in(project.api.url, address, password) as own:
            path = f"/api/tasks/{project.task(A)}/annotations/"
            own.send("POST", path, body={"result": [region("emotion", "choices", ["joy"])]})
    login = read_login(find_places(label_studio).login)
    assert login is not None
    with Administrator.by_password(project.api.url, login.username, login.password) as admin:
        admin.set_active(people["ann"].id, is_active=False)
    assert collect(project).added == 2
    project.api.send("DELETE", f"/api/users/{people['ben'].id}/")
    project.answer(B, "calm")
    result = collect(project, full=True)
    assert (result.added, result.retracted, result.quarantined) == (1, 0, {})
    votes = {row["annotator"] for row in project.ledger() if row["clip_id"] == A}
    assert votes == {annotator_of(person.address) for person in people.values()}


def test_tasks_of_others_are_filed(project: ServerProject) -> None:
    """Somebody imported answered tasks that have nothing to do with the campaign."""
    nonsense = {"result": [region("emotion", "choices", ["joy"])]}
    for data in ({"audio": "/z.wav"}, {"audio": "/z.wav", "clip_id": "elsewhere/z"}):
        project.send(data, annotations=[nonsense])
    project.answer(A, "joy")
    result = collect(project)
    assert result.quarantined == {"missing_clip_id": 1, "unknown_clip_id": 1}
    assert project.labels() == {A: ["joy"]}


def test_a_lost_webhook_loses_nothing(project: ServerProject) -> None:
    """Nobody listens where the server calls, and what it calls about is collected all the same."""
    body = {"url": f"http://127.0.0.1:{free_port()}/", "project": project.number}
    project.api.send("POST", "/api/webhooks/", body=body)
    project.answer(A, "joy")
    assert (collect(project).added, project.labels()) == (1, {A: ["joy"]})
