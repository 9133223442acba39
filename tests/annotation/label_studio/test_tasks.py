"""Asks become tasks that do not sway the annotator."""

import json

import pyarrow as pa
import pytest

from annotation.errors import LabelStudioError
from annotation.label_studio import build_interface, build_tasks

URLS = {clip: f"/data/local-files/?d=pool/{clip}.wav" for clip in "abcd"}


def asks_of(**columns: list[object]) -> pa.Table:
    """Return the asks of one round: a and b active, b and c random."""
    plain: dict[str, list[object]] = {
        "ask_id": ["r1/active/a", "r1/active/b", "r1/random/b", "r1/random/c"],
        "round_id": ["r1"] * 4,
        "clip_id": ["a", "b", "b", "c"],
        "arm": ["active", "active", "random", "random"],
        "utility": [1.5, 1.0, 1.0, 0.0],
        "reason": ["entropy 1.5", "entropy 1.0", "drawn", "drawn"],
    }
    return pa.table(plain | columns)


def test_a_clip_of_two_arms_is_one_task() -> None:
    """Both asks of a clip are answered by one task that knows both."""
    tasks = {task["data"]["clip_id"]: task for task in build_tasks(asks_of(), URLS)}
    assert sorted(tasks) == ["a", "b", "c"]
    assert tasks["b"]["meta"]["ask_ids"] == ["r1/active/b", "r1/random/b"]
    assert tasks["b"]["meta"]["arms"] == ["active", "random"]


def test_the_annotator_sees_neither_arm_nor_utility() -> None:
    """The visible part of a task holds the audio, the clip and the round, nothing else."""
    for task in build_tasks(asks_of(), URLS, model_version="m1", max_utility=2.0):
        assert sorted(task["data"]) == ["audio", "clip_id", "round_id"]
        assert task["data"]["audio"] == URLS[task["data"]["clip_id"]]
        assert "active" not in json.dumps(task["data"])


def test_words_are_sent_only_where_they_are_shown() -> None:
    """A clip without a transcript has an empty one, since Label Studio wants the field."""
    tasks = build_tasks(asks_of(), URLS, transcripts={"a": "hello"})
    words = {task["data"]["clip_id"]: task["data"]["transcript"] for task in tasks}
    assert words == {"a": "hello", "b": "", "c": ""}


def test_scores_are_confidence() -> None:
    """The score is 1 − utility / maximum, so the highest utility has the lowest score."""
    tasks = build_tasks(asks_of(), URLS, model_version="m1", max_utility=2.0)
    scores = {task["data"]["clip_id"]: task["predictions"][0]["score"] for task in tasks}
    assert scores == {"a": 0.25, "b": 0.5, "c": 1.0}
    assert all(task["predictions"][0]["result"] == [] for task in tasks)


def test_predictions_satisfy_the_sdk() -> None:
    """Predictions with and without a label are valid for the interface."""
    label_interface = pytest.importorskip("label_studio_sdk.label_interface")
    interface = label_interface.LabelInterface(build_interface(["joy", "calm"]))
    shown = build_tasks(
        asks_of(), URLS, model_version="m", max_utility=2.0, predicted=dict.fromkeys("abc", "joy")
    )
    hidden = build_tasks(asks_of(), URLS, model_version="m", max_utility=2.0)
    for task in (*shown, *hidden):
        assert interface.validate_prediction(task["predictions"][0], return_errors=True) == []


def test_the_order_does_not_follow_the_asks() -> None:
    """Tasks come in an order of their own, the same however the asks are sorted."""
    asks = asks_of()
    left = build_tasks(asks, URLS)
    right = build_tasks(asks.take([3, 1, 2, 0]), URLS)
    assert left == right


def test_clips_without_utility_have_no_prediction() -> None:
    """A seed ask was not scored, so it carries no score."""
    asks = asks_of(utility=pa.nulls(4, pa.float64()))
    tasks = build_tasks(asks, URLS, model_version="m1", max_utility=2.0)
    assert [task["predictions"] for task in tasks] == [[], [], []]


def test_tasks_are_plain_json() -> None:
    """The tasks survive JSON unchanged, so no numpy scalar hides in them."""
    tasks = build_tasks(asks_of(), URLS, model_version="m1", max_utility=2.0)
    assert json.loads(json.dumps(tasks)) == tasks


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"clip_id": ["a", "b", "c", "z"]}, {}, "`audio_urls` lacks clip `z`"),
        ({"round_id": ["r1", "r1", "r1", "r2"]}, {}, r"span \['r1', 'r2'\]"),
        ({}, {"model_version": "m1"}, "must be given together"),
        ({}, {"model_version": "m1", "max_utility": 0.0}, "must be above 0 and finite"),
        ({}, {"model_version": "m1", "max_utility": 1.2}, r"clip `a` must be within \[0,"),
    ],
    ids=["url", "rounds", "half-scale", "zero-scale", "beyond-scale"],
)
def test_unpublishable_asks_are_refused(
    columns: dict[str, list[object]], options: dict[str, object], message: str
) -> None:
    """What would publish a broken or misordered task is refused."""
    with pytest.raises(LabelStudioError, match=message):
        build_tasks(asks_of(**columns), URLS, **options)


def test_a_missing_column_is_named() -> None:
    """A table of another shape is refused by what it lacks."""
    with pytest.raises(LabelStudioError, match=r"`asks` lacks the columns \['arm'\]"):
        build_tasks(asks_of().drop_columns(["arm"]), URLS)
