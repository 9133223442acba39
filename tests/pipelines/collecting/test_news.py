"""Whatever happens to an answer on the server, the ledger says so once."""

from datetime import UTC, datetime, timedelta
from operator import itemgetter

import pyarrow as pa

from annotation.label_studio.users import annotator_of
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.collecting.asked_campaign import CLIPS, count, read, standing, table
from tests.pipelines.collecting.conftest import KEY
from tests.pipelines.collecting.stand_in import StandIn
from warehouse import queries
from warehouse.schemas import VOTES

A, B, _ = CLIPS


def test_an_edit_supersedes_and_a_deletion_retracts(asking: Settings, server: StandIn) -> None:
    """Each step is a row, and no row is lost."""
    task = server.ask({"clip_id": A})
    annotation = server.answer(task, "joy")
    read(asking)
    server.edit(task, annotation, "calm")
    assert read(asking).added == 1
    assert standing(asking) == [(A, "calm")]
    server.remove(task, annotation)
    result = read(asking)
    assert (result.retracted, result.added, count(asking)) == (1, 1, 3)
    assert standing(asking) == []
    assert read(asking, full=True).added == 0


def test_a_retraction_bears_the_time_of_the_deletion(asking: Settings, server: StandIn) -> None:
    """So that the ledger as of a time in between still has the vote."""
    task = server.ask({"clip_id": A})
    annotation = server.answer(task, "joy")
    read(asking)
    server.tick(300)
    server.remove(task, annotation)
    deleted_at = server.now
    server.tick(300)
    server.answer(server.ask({"clip_id": B}), "calm")
    read(asking)
    (gone,) = [row for row in table(asking, "select_ledger") if row["is_retraction"]]
    assert gone["cast_at"] == deleted_at


def test_an_answer_edited_into_nonsense_no_longer_stands(asking: Settings, server: StandIn) -> None:
    """It is retracted, what is there instead is filed once, and a correction counts again."""
    task = server.ask({"clip_id": A})
    annotation = server.answer(task, "joy")
    read(asking)
    server.edit(task, annotation, "rage")
    result = read(asking)
    assert (result.quarantined, result.retracted) == ({"unknown_choice": 1}, 1)
    assert result.examples[0].startswith(f"{KEY}/1: unknown_choice: `rage` is none of what")
    assert standing(asking) == []
    again = read(asking, full=True)
    assert (again.added, again.retracted, len(table(asking, "select_quarantine"))) == (0, 0, 1)
    server.edit(task, annotation, "calm")
    assert (read(asking).added, standing(asking)) == (1, [(A, "calm")])


def test_nonsense_from_the_first_is_filed_and_counts_when_corrected(
    asking: Settings, server: StandIn
) -> None:
    """The neighbours count at once."""
    task = server.ask({"clip_id": A})
    annotation = server.answer(task, "rage")
    server.answer(task, "joy")
    result = read(asking)
    assert (result.quarantined, result.added, result.retracted) == ({"unknown_choice": 1}, 1, 0)
    server.edit(task, annotation, "calm")
    assert read(asking).added == 1
    assert standing(asking) == [(A, "calm"), (A, "joy")]


def test_a_skip_is_a_row_without_a_label(asking: Settings, server: StandIn) -> None:
    """Skipped, taken up again, and skipped for good."""
    task = server.ask({"clip_id": A})
    annotation = server.answer(task, None)
    for choice, expected in ((None, None), ("joy", "joy"), (None, None)):
        server.edit(task, annotation, choice)
        result = read(asking)
        assert (result.added, result.abstentions) == (1, int(choice is None))
        assert standing(asking) == [(A, expected)]


def test_answers_of_a_deleted_user_stay_theirs(asking: Settings, server: StandIn) -> None:
    """The name is gone from the annotation; what cannot be told to be anybody's is filed."""
    task = server.ask({"clip_id": A})
    annotation = server.answer(task, "joy")
    read(asking)
    annotation["completed_by"] = None
    stranger = server.answer(task, "calm", user=None)
    result = read(asking, full=True)
    assert (result.votes, result.added, result.retracted) == (1, 0, 0)
    assert result.quarantined == {"missing_annotator": 1}
    server.edit(task, annotation, "calm")
    server.remove(task, stranger)
    assert read(asking).added == 1
    (vote,) = table(asking, "select_effective_votes")
    assert (vote["label"], vote["annotator"]) == ("calm", annotator_of("ann@example.org"))


def test_who_changes_their_address_stays_who_they_were(asking: Settings, server: StandIn) -> None:
    """One person is one annotator over a project."""
    task = server.ask({"clip_id": A})
    server.answer(task, "joy")
    read(asking)
    server.users[1] = "married@example.org"
    server.answer(server.ask({"clip_id": B}), "joy")
    read(asking)
    (account,) = table(asking, "select_accounts")
    assert {row["annotator"] for row in table(asking, "select_ledger")} == {account["annotator"]}


def test_a_user_without_an_address_is_nobody(asking: Settings, server: StandIn) -> None:
    """Removed from the organisation before anybody looked; the answer counts once they are back."""
    server.users[7] = "deleted"
    server.answer(server.ask({"clip_id": A}), "joy", user=7)
    assert read(asking).quarantined == {"missing_annotator": 1}
    server.users[7] = "back@example.org"
    assert read(asking, full=True).added == 1


def test_what_is_not_ours_is_filed_and_not_fatal(asking: Settings, server: StandIn) -> None:
    """Somebody imported tasks of their own into the project."""
    server.answer(server.ask({"text": "hello"}), "joy")
    server.answer(server.ask({"clip_id": "elsewhere/z"}), "joy")
    server.ask({"clip_id": 7})
    server.answer(server.ask({"clip_id": A}), "joy")
    result = read(asking)
    assert result.quarantined == {"missing_clip_id": 1, "unknown_clip_id": 1}
    assert standing(asking) == [(A, "joy")]
    assert [row["clip_id"] for row in table(asking, "select_deliveries")] == [A]


def test_a_task_that_is_gone_leaves_its_votes(asking: Settings, server: StandIn) -> None:
    """Label Studio is not the source of truth; a full reading says how many clips it concerns."""
    task, other = server.ask({"clip_id": A}), server.ask({"clip_id": B})
    server.answer(task, "joy")
    server.answer(other, "calm")
    read(asking)
    server.tasks[1].remove(task)
    result = read(asking, full=True)
    assert (result.vanished, result.retracted) == (1, 0)
    assert standing(asking) == [(A, "joy"), (B, "calm")]


def test_a_clip_that_is_asked_again_keeps_the_votes_of_its_old_task(
    asking: Settings, server: StandIn
) -> None:
    """What is not on the new task was given before it was made; what is deleted there is gone."""
    task = server.ask({"clip_id": A})
    server.answer(task, "joy")
    read(asking)
    server.tasks[1].remove(task)
    # As long as it takes until the warehouse's own clock can have told the two tasks apart.
    server.now = datetime.now(UTC) + timedelta(minutes=5)
    fresh = server.ask({"clip_id": A})
    annotation = server.answer(fresh, "calm")
    assert (read(asking).retracted, standing(asking)) == (0, [(A, "calm"), (A, "joy")])
    server.remove(fresh, annotation)
    result = read(asking, full=True)
    assert (result.retracted, result.vanished, standing(asking)) == (1, 1, [(A, "joy")])


def test_the_copy_of_a_task_keeps_its_votes_when_it_is_deleted(
    asking: Settings, server: StandIn
) -> None:
    """Two tasks about one clip were there at once; which of them had the answer is not known."""
    task, copy = server.ask({"clip_id": A}), server.ask({"clip_id": A})
    server.answer(copy, "joy")
    read(asking)
    server.tasks[1].remove(copy)
    server.touch(task)
    for full in (False, True):
        assert (read(asking, full=full).retracted, standing(asking)) == (0, [(A, "joy")])


def test_of_two_collections_at_once_one_vote_stays(asking: Settings, server: StandIn) -> None:
    """Both had replaced the same answer, by different edits; the next keeps the later."""
    task = server.ask({"clip_id": A})
    annotation = server.answer(task, "joy")
    read(asking)
    server.tick(10)
    server.edit(task, annotation, "calm")
    read(asking)
    with open_store(asking) as store:
        given, edited = sorted(queries.select_ledger(store).to_pylist(), key=itemgetter("cast_at"))
        between = given["cast_at"] + timedelta(seconds=5)
        stray = edited | {"vote_id": "stray", "label": "joy", "cast_at": between}
        rows = pa.Table.from_pylist([stray], schema=VOTES.schema)
        store.commit({"votes": rows}, message="another collection")
    assert standing(asking) == [(A, "calm"), (A, "joy")]
    result = read(asking, full=True)
    assert (result.retracted, standing(asking)) == (1, [(A, "calm")])
