"""Requests of the model protocol are read, and answers made."""

import pytest

from annotation.errors import LabelStudioError
from annotation.label_studio.backend import Backend, Opinion, build_answer, read_asked


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        {"tasks": None},
        {"tasks": {"id": 1}},
        {"tasks": [1]},
        {"tasks": [{}]},
        {"tasks": [{"id": "hush"}]},
        {"tasks": [{"id": True}]},
    ],
    ids=repr,
)
def test_what_asks_for_no_predictions_is_refused(said: object) -> None:
    """The message tells what is expected, and nothing of what came."""
    with pytest.raises(LabelStudioError, match="must be an object with") as refused:
        read_asked(said)
    assert "hush" not in str(refused.value)


def test_tasks_are_answered_in_the_order_asked() -> None:
    """One result per task; what is shown, what is not, and what is not known."""
    asked = read_asked({"tasks": [{"id": 3}, {"id": 1}, {"id": 2}]})
    opinions = {1: Opinion(0.5), 3: Opinion(0.9, "anger"), 4: Opinion(1.0)}
    shown, hidden, unknown = build_answer(asked, opinions, model_version="m")["results"]
    choice = {"from_name": "emotion", "to_name": "audio", "type": "choices"}
    region = choice | {"value": {"choices": ["anger"]}}
    assert shown == {"model_version": "m", "score": 0.9, "result": [region]}
    assert hidden == {"model_version": "m", "score": 0.5, "result": []}
    assert unknown == {"model_version": "m", "result": []}


def test_nothing_asked_is_answered_with_nothing() -> None:
    """A batch may be empty."""
    assert build_answer(read_asked({"tasks": []}), {}, model_version="m") == {"results": []}


def test_a_password_is_not_shown() -> None:
    """A backend may stand in a log."""
    url, hush = "http://127.0.0.1/ml", "hush"
    backend = Backend(url, "serloop gateway", user="serloop", password=hush)
    assert "hush" not in repr(backend)
