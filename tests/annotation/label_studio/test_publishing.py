"""A project is made once and kept as it should be, whatever becomes of the answers."""

from collections.abc import Iterator

import pytest

from annotation.errors import LabelStudioServerError
from annotation.label_studio import InterfaceChoices
from annotation.label_studio.api import Api
from annotation.label_studio.patience import Patience
from annotation.label_studio.publishing import ProjectPage, ensure_project, show_predictions
from tests.annotation.label_studio.queue_stand_in import Queue, run_queue

PAGE = ProjectPage("demo-00c0ffee", "demo", ("anger", "joy"), InterfaceChoices())
QUICK = Patience(tries=4, first_s=0.01, longest_s=0.02)


@pytest.fixture
def standing() -> Iterator[tuple[Queue, Api]]:
    """Run a server that takes projects and tasks."""
    with run_queue() as running:
        yield running


def test_a_lost_answer_makes_no_second_project(standing: tuple[Queue, Api]) -> None:
    """The project was made, but the answer was a failure: it is found, not made again."""
    queue, api = standing
    queue.refuse = lambda method, path: (
        500 if (method, path) == ("POST", "/api/projects/") else None
    )
    made = ensure_project(api, PAGE, patience=QUICK)
    assert (made.id, len(queue.projects)) == (1, 1)
    assert ensure_project(api, PAGE, patience=QUICK).id == 1
    assert queue.count("PATCH") == 0


def test_what_was_not_made_is_made_again(standing: tuple[Queue, Api]) -> None:
    """A server that heard nothing is asked again, and given up in the end."""
    queue, api = standing
    queue.is_deaf = True
    failures = [500, 502]
    queue.refuse = lambda method, _: failures.pop() if method == "POST" and failures else None
    assert ensure_project(api, PAGE, patience=QUICK).id == 1
    assert queue.count("POST") == 3
    queue.projects.clear()
    queue.refuse = lambda method, _: 503 if method == "POST" else None
    with pytest.raises(LabelStudioServerError, match="503 refused; running it again goes on"):
        ensure_project(api, PAGE, patience=QUICK)
    assert queue.count("POST") == 3 + QUICK.tries


def test_a_refusal_is_not_repeated(standing: tuple[Queue, Api]) -> None:
    """Who is refused would be refused again."""
    queue, api = standing
    queue.is_deaf = True
    queue.refuse = lambda method, _: 403 if method == "POST" else None
    with pytest.raises(LabelStudioServerError, match="403"):
        ensure_project(api, PAGE, patience=QUICK)
    assert queue.count("POST") == 1


def test_what_people_changed_is_set_back(standing: tuple[Queue, Api]) -> None:
    """The rules of the queue come back; the title and notes below the mark are theirs."""
    queue, api = standing
    ensure_project(api, PAGE, patience=QUICK)
    mark = queue.projects[0]["description"]
    queue.projects[0] |= {"maximum_annotations": 5, "title": "Ours", "description": f"{mark}\nhi"}
    ensure_project(api, PAGE, patience=QUICK)
    kept = {name: queue.projects[0][name] for name in ("maximum_annotations", "title")}
    assert kept == {"maximum_annotations": 1, "title": "Ours"}
    assert queue.projects[0]["description"] == f"{mark}\nhi"
    assert queue.count("PATCH") == 1


def test_titles_fit(standing: tuple[Queue, Api]) -> None:
    """Label Studio refuses titles below 3 and above 50 characters."""
    queue, api = standing
    for key, title in (("a-1", "a"), ("b-1", "b" * 80)):
        ensure_project(api, ProjectPage(key, title, ("joy",), InterfaceChoices()), patience=QUICK)
    assert [len(project["title"]) for project in queue.projects] == [3, 50]


def test_predictions_are_shown_in_two_steps(standing: tuple[Queue, Api]) -> None:
    """The version is set after the switch, since that clears it; again, nothing is sent."""
    queue, api = standing
    made = ensure_project(api, PAGE, patience=QUICK)
    show_predictions(api, made, is_shown=False, patience=QUICK)
    assert queue.count("PATCH") == 0
    show_predictions(api, made, is_shown=True, patience=QUICK)
    assert queue.count("PATCH") == 2
    again = ensure_project(api, PAGE, patience=QUICK)
    show_predictions(api, again, is_shown=True, patience=QUICK)
    assert queue.count("PATCH") == 2
    assert again.facts["model_version"] == "serloop"
