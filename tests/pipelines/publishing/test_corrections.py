"""How many people each task is handed out to, and what is closed or removed."""

import pytest

from annotation.label_studio.delivering import ServerTask
from pipelines.publishing.corrections import Corrections, Demand, correct


def task(number: int = 1, clip: str = "a", overlap: int = 1, answers: int = 0, skips: int = 0):
    """Return a task as the server has it."""
    return ServerTask(number, clip, "r", overlap, answers >= overlap, answers, skips)


def demand(missing: int = 0, counted: int = 0, gold: tuple[str, ...] = ()) -> Demand:
    """Return what clip `a` is to have."""
    return Demand({"a": missing}, {"a": counted}, frozenset(gold))


@pytest.mark.parametrize(
    ("missing", "counted", "answers", "overlap"),
    [(3, 0, 0, 3), (3, 0, 2, 3), (1, 2, 2, 3), (1, 3, 3, 4), (2, 2, 0, 2), (2, 0, 0, 2)],
    ids=[
        "unanswered",
        "answered, but not collected",
        "collected in part",
        "one of the answers was no vote",
        "the answers were in a task that is gone",
        "the first vote came from elsewhere",
    ],
)
def test_a_task_is_given_to_as_many_as_its_clip_lacks(
    missing: int, counted: int, answers: int, overlap: int
) -> None:
    """Answers in the task fill places, collected or not; other answers fill none."""
    (changed,) = correct(
        [task(overlap=9, answers=answers)], ["a"], demand(missing, counted)
    ).overlaps
    assert changed[1] == overlap


def test_what_is_right_is_left_alone() -> None:
    """No request is sent for a task that is as it should be."""
    nothing = Corrections((), (), (), ())
    assert correct([task(overlap=3, answers=1)], ["a"], demand(2, 1)) == nothing
    assert correct([task(overlap=2, answers=2)], ["a"], demand(2, 0)) == nothing
    assert correct([task(overlap=2, answers=2)], ["a"], demand(0, 2)) == nothing


def test_a_full_task_opens_again() -> None:
    """When one of the answers turns out to be no vote, one more person is asked."""
    full = task(overlap=2, answers=2)
    assert correct([full], ["a"], demand(1, 2)).overlaps == ((full, 3),)


@pytest.mark.parametrize(
    ("given", "part"),
    [(task(), "removed"), (task(skips=1), "closed"), (task(overlap=3, answers=1), "closed")],
    ids=["unanswered", "skipped", "answered"],
)
def test_what_is_not_asked_is_closed_or_removed(given: ServerTask, part: str) -> None:
    """What somebody has said is never removed."""
    assert getattr(correct([given], ["a"], demand(0)), part) == (given,)


def test_of_copies_the_one_with_answers_counts() -> None:
    """A copy that nobody answered goes; one with answers is closed and stays."""
    first, best, answered = task(1), task(2, answers=2, overlap=2), task(3, answers=1, overlap=2)
    changes = correct([first, best, answered], ["a"], demand(1, 2))
    assert changes.copies == (first,)
    assert changes.closed == (answered,)
    assert changes.overlaps == ((best, 3),)


def test_tasks_of_others_are_left_alone() -> None:
    """A clip that the project does not ask about is somebody else's task."""
    assert correct([task(clip="b")], ["a"], demand(0)) == Corrections((), (), (), ())


@pytest.mark.parametrize(("answers", "overlap"), [(0, 2), (1, 2), (2, 4), (3, 4), (4, 6)])
def test_gold_looks_like_the_others_and_never_closes(answers: int, overlap: int) -> None:
    """Its number is theirs until so many have answered; then it is open to as many again."""
    wanted = demand(2, gold=("g",))
    changes = correct([task(clip="g", overlap=9, answers=answers)], ["g"], wanted)
    assert [number for _, number in changes.overlaps] == [overlap]


def test_gold_rests_when_nothing_is_asked() -> None:
    """An empty queue is empty of gold, too, but its tasks stay where they are."""
    gold = task(clip="g")
    changes = correct([gold], ["g"], demand(0, gold=("g",)))
    assert (changes.closed, changes.removed) == ((gold,), ())
