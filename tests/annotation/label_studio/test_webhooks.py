"""What a webhook says is read, and no more of it than is needed."""

import pytest

from annotation.errors import LabelStudioError
from annotation.label_studio.webhooks import ACTIONS, Event, Webhook, read_event, read_mark


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_action_of_the_server_is_known(action: str) -> None:
    """An event without project is one all the same."""
    assert read_event({"action": action, "annotation": {"id": 3}}) == Event(action, None)


@pytest.mark.parametrize(
    "said",
    [None, 3, "ANNOTATION_CREATED", [], ["action"], {}, {"action": None}, {"action": "SECRET"}],
    ids=repr,
)
def test_what_is_no_event_is_refused_without_repeating_it(said: object) -> None:
    """The message tells what is expected, and nothing of what came."""
    with pytest.raises(LabelStudioError, match="must be an event of Label Studio") as refused:
        read_event(said)
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("serloop project campaign-00c0ffee", "campaign-00c0ffee"),
        ("Six emotions.\nserloop project campaign-1  \nThanks.", "campaign-1"),
        ("not a serloop project campaign-1", None),
        ("", None),
        (None, None),
        (["serloop project campaign-1"], None),
    ],
)
def test_a_project_is_known_by_its_mark(description: object, expected: str | None) -> None:
    """The mark is a line of its own; anything else is no project of ours."""
    assert read_mark(description) == expected
    said = {"action": "ANNOTATION_CREATED", "project": {"id": 1, "description": description}}
    assert read_event(said).project == expected


@pytest.mark.parametrize("project", [3, "campaign-1", None, []])
def test_a_project_that_is_none_is_no_project(project: object) -> None:
    """A number or a name in its place tells nothing."""
    assert read_event({"action": "START_TRAINING", "project": project}).project is None


def test_a_secret_is_not_shown() -> None:
    """A webhook may stand in a log."""
    assert "hush" not in repr(Webhook("http://127.0.0.1/", {"X-Secret": "hush"}))
