"""Tasks are sent once each and in order, and a server that takes none is given up in words."""

from collections.abc import Iterator

import pytest

from annotation.errors import LabelStudioServerError
from annotation.label_studio import delivering
from annotation.label_studio.api import Api
from annotation.label_studio.delivering import (
    list_tasks,
    part_copies,
    recount,
    send_missing,
    set_overlap,
)
from annotation.label_studio.items import name_items
from annotation.label_studio.patience import Patience
from annotation.label_studio.tasks import publish_task
from tests.annotation.label_studio.queue_stand_in import Queue, run_queue

CLIPS = [f"demo/{number:02d}" for number in range(50)]
ITEMS = name_items("demo-00c0ffee", CLIPS)
TASKS = [publish_task(item, "r", f"/{clip}.flac") for item, clip in ITEMS.items()]
QUICK = Patience(tries=4, first_s=0.01, longest_s=0.02)


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Queue, Api]]:
    """Run a server that takes tasks ten by ten."""
    monkeypatch.setattr(delivering, "BATCH", 10)
    with run_queue() as running:
        yield running


def clips_there(queue: Queue) -> list[str]:
    """Return the clips of the tasks on the server, in order."""
    return [ITEMS[task["data"]["item"]] for task in queue.tasks]


def fail_at(queue: Queue, *numbers: int) -> None:
    """Let the imports with these numbers, counted from 0, answer 500."""
    seen = iter(range(99))

    queue.refuse = lambda _, path: (
        500 if path.endswith("/import") and next(seen) in numbers else None
    )


@pytest.mark.parametrize("is_deaf", [True, False], ids=["not carried out", "carried out"])
def test_a_failure_in_the_middle_costs_nothing(standing: tuple[Queue, Api], is_deaf: bool) -> None:
    """Whether the failed batches arrived or not, all are there once, in order."""
    queue, api = standing
    queue.is_deaf = is_deaf
    fail_at(queue, 0, 2, 5)
    found = send_missing(api, 1, TASKS, ITEMS, patience=QUICK)
    assert clips_there(queue) == CLIPS
    assert (found.sent, len(found.tasks)) == (50, 50)


def test_what_is_there_is_not_sent(standing: tuple[Queue, Api]) -> None:
    """Only the missing ones go, in their order; a second time none."""
    queue, api = standing
    send_missing(api, 1, TASKS[10:30], ITEMS, patience=QUICK)
    assert send_missing(api, 1, TASKS, ITEMS, patience=QUICK).sent == 30
    assert clips_there(queue) == CLIPS[10:30] + CLIPS[:10] + CLIPS[30:]
    before = queue.count("import")
    assert send_missing(api, 1, TASKS, ITEMS, patience=QUICK).sent == 0
    assert queue.count("import") == before


def test_a_server_that_takes_nothing_is_given_up(standing: tuple[Queue, Api]) -> None:
    """After as many tries as patience has, what is there is said, and how to go on."""
    queue, api = standing
    queue.is_deaf = True
    fail_at(queue, *range(2, 99))
    with pytest.raises(LabelStudioServerError, match=r"20 of 50 tasks .* takes no more.* again"):
        send_missing(api, 1, TASKS, ITEMS, patience=QUICK)
    # Two that arrived, one that failed, and the tries.
    assert queue.count("import") == 3 + QUICK.tries


def test_a_refusal_ends_it_at_once(standing: tuple[Queue, Api]) -> None:
    """A server that will not have these tasks is not asked again."""
    queue, api = standing
    queue.is_deaf = True
    queue.refuse = lambda _, path: 400 if path.endswith("/import") else None
    with pytest.raises(LabelStudioServerError, match="400 refused"):
        send_missing(api, 1, TASKS, ITEMS, patience=QUICK)
    assert queue.count("import") == 1


def test_tasks_without_a_clip_are_not_ours(standing: tuple[Queue, Api]) -> None:
    """What somebody else imported is not listed."""
    queue, api = standing
    send_missing(api, 1, TASKS[:2], ITEMS, patience=QUICK)
    queue.tasks[0]["data"] = {"text": "hello"}
    assert [task.clip_id for task in list_tasks(api, 1, ITEMS, patience=QUICK)] == [CLIPS[1]]


def test_a_task_that_is_gone_needs_no_correction(standing: tuple[Queue, Api]) -> None:
    """Who deleted it meanwhile is no error of ours."""
    queue, api = standing
    send_missing(api, 1, TASKS[:1], ITEMS, patience=QUICK)
    (task,) = list_tasks(api, 1, ITEMS, patience=QUICK)
    assert set_overlap(api, task, 3, patience=QUICK)
    assert (queue.tasks[0]["overlap"], queue.tasks[0]["is_labeled"]) == (3, False)
    queue.is_deaf = True
    queue.refuse = lambda method, _: 404 if method == "PATCH" else None
    assert not set_overlap(api, task, 2, patience=QUICK)


def test_the_oldest_of_equal_copies_counts() -> None:
    """Answers decide, then skips, then age."""
    tasks = [
        delivering.ServerTask(number, "a", "r", 1, is_closed=False, answers=answers, skips=skips)
        for number, answers, skips in ((1, 0, 0), (2, 0, 1), (3, 1, 0), (4, 1, 0))
    ]
    counting, others = part_copies(tasks)
    assert counting["a"].id == 3
    assert [task.id for task in others] == [4, 2, 1]


def test_answers_that_the_server_never_counted_are_counted(standing: tuple[Queue, Api]) -> None:
    """Killed between an answer and its count, it says that nobody answered."""
    queue, api = standing
    send_missing(api, 1, TASKS[:2], ITEMS, patience=QUICK)
    queue.tasks[0]["annotations"] = [{"was_cancelled": False}, {"was_cancelled": True}]
    listed = list_tasks(api, 1, ITEMS, patience=QUICK)
    asked = queue.count("/annotations")
    first, second = recount(api, listed, {CLIPS[0]: 1}, patience=QUICK)
    assert (first.answers, first.skips, second) == (1, 1, listed[1])
    # Whose counts fit what is known is not asked again.
    assert queue.count("/annotations") == asked + 1
