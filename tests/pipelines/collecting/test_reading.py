"""What changed is read, and nothing that did not; whatever happens meanwhile."""

from datetime import timedelta

import pytest

from annotation.errors import LabelStudioServerError
from pipelines.settings import Settings
from tests.pipelines.collecting.asked_campaign import CLIPS, count, read, table
from tests.pipelines.collecting.stand_in import StandIn

A, B, C = CLIPS


def test_without_news_nothing_is_read_and_nothing_committed(
    asking: Settings, server: StandIn
) -> None:
    """The state of the project is as it was, so that its tasks are not asked for."""
    server.answer(server.ask({"clip_id": A}), "joy")
    first, pages = read(asking), len(server.asked)
    again = read(asking)
    assert (again.tasks, again.added, again.snapshot) == (0, 0, first.snapshot)
    assert len(server.asked) == pages


def test_a_change_that_says_nothing_makes_no_snapshot(asking: Settings, server: StandIn) -> None:
    """A task was changed, not its answers: a vote, and one that cannot be believed."""
    task = server.ask({"clip_id": A})
    server.answer(task, "joy")
    server.answer(task, "rage")
    first = read(asking)
    server.touch(task)
    again = read(asking)
    assert (again.tasks, again.votes, again.quarantined) == (1, 1, {"unknown_choice": 1})
    assert (again.added, again.snapshot) == (0, first.snapshot)


def test_only_what_changed_is_read(asking: Settings, server: StandIn) -> None:
    """The minute before the last change is read again, and adds nothing."""
    old, new = server.ask({"clip_id": A}), server.ask({"clip_id": B})
    server.answer(old, "joy")
    server.tick(600)
    server.answer(new, "joy")
    read(asking)
    server.tick(30)
    server.answer(server.ask({"clip_id": C}), "calm")
    result = read(asking)
    assert (result.tasks, result.votes, result.added, result.is_full) == (2, 2, 1, False)


def test_a_reading_that_breaks_off_leaves_nothing(
    asking: Settings, server: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All becomes visible in one commit, and the next reading has it."""
    monkeypatch.setattr("annotation.label_studio.patience.time.sleep", lambda _: None)
    monkeypatch.setattr("annotation.label_studio.annotated.PAGE_SIZE", 1)
    for clip_id in CLIPS:
        server.answer(server.ask({"clip_id": clip_id}), "joy")

    def break_off(page: int) -> None:
        if page > 1:
            raise ConnectionError

    server.before_page = break_off
    with pytest.raises(LabelStudioServerError, match="does not answer"):
        read(asking)
    assert (count(asking), table(asking, "select_collections")) == (0, [])
    server.before_page = lambda _: None
    assert read(asking).added == 3


def test_changes_during_a_reading_are_found_by_the_next(asking: Settings, server: StandIn) -> None:
    """What is remembered is the last change before it began, not the last that it saw."""
    early, late = server.ask({"clip_id": A}), server.ask({"clip_id": B})
    server.answer(late, "calm")

    def meddle(_: int) -> None:
        server.before_page = lambda _: None
        server.tick(3600)
        server.answer(late, "joy")

    server.before_page = meddle
    began_at = server.now
    read(asking)
    (collection,) = table(asking, "select_collections")
    assert collection["until"] == began_at
    # Changed before what the first reading saw last, and seen only now.
    server.answer(early, "joy")
    early["updated_at"] = (began_at + timedelta(seconds=1)).isoformat()
    assert read(asking).added == 1


def test_tasks_deleted_during_a_reading_hide_no_other(
    asking: Settings, server: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next page begins after the last number, wherever in the list that is by then."""
    monkeypatch.setattr("annotation.label_studio.annotated.PAGE_SIZE", 1)
    tasks = [server.ask({"clip_id": clip_id}) for clip_id in CLIPS]
    for task in tasks:
        server.answer(task, "joy")

    def meddle(page: int) -> None:
        if page == 2:
            server.tasks[1].remove(tasks[0])

    server.before_page = meddle
    assert read(asking).added == 3


def test_a_full_reading_finds_what_was_missed(asking: Settings, server: StandIn) -> None:
    """A change that bears too old a time is seen by no other reading, and is told of."""
    task, other = server.ask({"clip_id": A}), server.ask({"clip_id": B})
    server.tick(600)
    server.answer(task, "joy")
    read(asking)
    changed_at = other["updated_at"]
    server.answer(other, "calm")
    other["updated_at"] = changed_at
    assert read(asking).added == 0
    result = read(asking, full=True)
    assert (result.added, result.missed, result.is_full) == (1, 1, True)


@pytest.mark.parametrize(("reconcile_s", "is_full"), [(3600, False), (0, True)])
def test_all_is_read_again_now_and_then(
    asking: Settings, server: StandIn, reconcile_s: int, is_full: bool
) -> None:
    """By itself, when the last time is too long ago."""
    section = asking.label_studio.model_copy(update={"reconcile_s": reconcile_s})
    settings = asking.model_copy(update={"label_studio": section})
    task = server.ask({"clip_id": A})
    read(settings)
    server.answer(task, "joy")
    assert read(settings).is_full is is_full


def test_an_empty_project_is_read_once(asking: Settings, server: StandIn) -> None:
    """Nothing asked is a state as well."""
    first = read(asking)
    (collection,) = table(asking, "select_collections")
    assert (collection["tasks"], collection["answers"]) == (0, 0)
    assert read(asking).snapshot == first.snapshot
    server.answer(server.ask({"clip_id": A}), "joy")
    assert read(asking).added == 1
