"""What a campaign asks is in a real Label Studio: each clip once, in order, for so many people."""

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from annotation.label_studio.answering import next_task
from annotation.label_studio.api import Api
from annotation.label_studio.delivering import ServerTask, remove_untouched
from annotation.label_studio.projects import read_tasks
from pipelines.collecting.pull import pull
from pipelines.errors import NothingToDoError, PipelineError, SettingsError
from pipelines.label_studio.connect import connect
from pipelines.label_studio.places import find_places
from pipelines.publishing.gold import gold
from pipelines.publishing.publish import PublishResult
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.fault_proxy import Fault, FaultProxy, Scripted
from tests.label_studio_server import MARKS
from tests.pipelines.publishing.online import (
    CAMPAIGN,
    SILENT,
    adopt,
    answer,
    ask,
    clip_ids,
    items_of,
    send,
    tasks_of,
)
from warehouse import queries
from warehouse.testing import make_rows

pytestmark = MARKS
FIVE = tuple((at, "active", at / 10, 1) for at in range(5))


def said(result: PublishResult) -> tuple[int, ...]:
    """Return what was sent, there, corrected, closed, withdrawn and removed as a copy."""
    names = ("sent", "there", "corrected", "closed", "withdrawn", "copies")
    return tuple(getattr(result, name) for name in names)


def meet(settings: Settings, user: Api, result: PublishResult) -> list[str]:
    """Answer all that a user is given, and return the clips in the order of meeting them."""
    met, items = [], items_of(settings, result)
    while (task := next_task(user, result.number)) is not None:
        met.append(items[task["data"]["item"]])
        answer(user, task["id"])
    return met


def by_clip(settings: Settings, result: PublishResult) -> dict[str, ServerTask]:
    """Return the tasks of the project by clip, of which there is one each."""
    tasks = tasks_of(settings, result)
    found = {task.clip_id: task for task in tasks}
    assert len(found) == len(tasks)
    return found


def read_all(settings: Settings, result: PublishResult) -> list[Mapping[str, Any]]:
    """Return all that the server tells of the tasks."""
    with connect(settings) as api:
        return list(read_tasks(api, result.number, include=None))


def test_again_it_changes_nothing(online: Settings) -> None:
    """A round published twice is one task per clip, and the second time nothing is touched."""
    clips = ask(online, 0, *FIVE)
    first = send(online)
    assert said(first) == (5, 0, 0, 0, 0, 0)
    before = read_all(online, first)
    again = send(online)
    assert said(again) == (0, 5, 0, 0, 0, 0)
    assert again.number == first.number
    assert read_all(online, again) == before
    assert sorted(by_clip(online, first)) == clips


def test_the_audio_is_heard(online: Settings, people: list[Api]) -> None:
    """A user of the project gets the exported clip, under a name that does not tell its emotion."""
    (clip,) = ask(online, 0, (0, "seed", None, 1))
    result = send(online)
    (task,) = read_all(online, result)
    assert clip.split("/")[1].split("_")[1] not in task["data"]["audio"]
    heard = people[0]._client.get(people[0].url + task["data"]["audio"])
    assert (heard.status_code, heard.content[:4]) == (200, b"fLaC")


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name)
@pytest.mark.parametrize(
    ("method", "part"),
    [
        ("POST", "/api/projects/"),
        ("POST", "/import"),
        ("POST", "/api/storages/"),
        ("PATCH", "/api/tasks/"),
        ("GET", "/api/tasks/"),
    ],
)
def test_one_fault_costs_nothing(
    ingested: Settings, label_studio: Settings, method: str, part: str, fault: Fault
) -> None:
    """Whatever happens to one request, there is one project and one task per clip."""
    port = label_studio.label_studio.port
    with FaultProxy(port, Scripted(method, part, [fault]), delay_s=0.2) as proxy:
        settings = adopt(ingested, label_studio, url=proxy.url)
        clips = ask(settings, 0, *((at, "active", at / 10, 2) for at in range(3)))
        result = send(settings)
        assert proxy.count_faults() == {fault.name: 1}
        found = by_clip(settings, result)
        with connect(settings) as api:
            described = [item["description"] for item in api.get("/api/projects/")["results"]]
            folders = api.get("/api/storages/localfiles/", project=result.number)
    assert sorted(found) == clips
    assert {task.overlap for task in found.values()} == {2}
    assert described.count(f"serloop project {result.project}") == 1
    assert len(folders) == 1


def test_what_was_killed_goes_on(
    ingested: Settings, label_studio: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without patience a lost answer ends the publication; the next one sends nothing twice."""
    from annotation.label_studio.patience import Patience
    from pipelines.publishing import publish as stage

    port = label_studio.label_studio.port
    lost = Scripted("POST", "/import", [Fault.NO_ANSWER])
    with FaultProxy(port, lost) as proxy:
        settings = adopt(ingested, label_studio, url=proxy.url)
        ask(settings, 0, *FIVE)

        def die(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("annotation.label_studio.delivering.is_doubtful", die)
            patch.setattr(stage, "PATIENCE", Patience(tries=1))
            with pytest.raises(KeyboardInterrupt):
                send(settings)
        result = send(settings)
        assert said(result)[:2] == (0, 5)
        assert len(by_clip(settings, result)) == 5


def test_one_annotator_meets_the_most_useful_first(online: Settings, people: list[Api]) -> None:
    """The active arm's clips come by falling utility, the others somewhere among them."""
    asks = [(at, "active", utility, 1) for at, utility in enumerate((0.1, 0.9, 0.5, 0.7, 0.3))]
    ask(online, 0, *asks, *((at, "random", None, 1) for at in range(5, 8)))
    ids = clip_ids(online)
    met = meet(online, people[0], send(online))
    assert [ids.index(clip) for clip in met if ids.index(clip) < 5] == [1, 3, 2, 4, 0]
    assert sorted(met) == sorted(ids[:8])


def test_two_annotators_meet_them_in_the_same_order(online: Settings, people: list[Api]) -> None:
    """Both hear every clip that wants two votes, the most useful first, whoever is quicker."""
    clips = ask(online, 0, *((at, "active", at / 10, 2) for at in range(5)))
    result = send(online)
    met: list[list[str]] = [[], []]
    items = items_of(online, result)
    for turn in (0, 0, 1, 0, 1, 1, 1, 0, 0, 1):
        task = next_task(people[turn], result.number)
        assert task is not None
        met[turn].append(items[task["data"]["item"]])
        answer(people[turn], task["id"])
    assert met == [clips[::-1], clips[::-1]]


def test_each_clip_is_asked_of_as_many_as_it_wants(online: Settings, people: list[Api]) -> None:
    """Four users answer all they are given: a clip that wants n votes has n answers."""
    clips = ask(online, 0, *((at, "active", at / 10, at + 1) for at in range(3)))
    result = send(online)
    for user in people:
        meet(online, user, result)
    found = by_clip(online, result)
    assert [found[clip].answers for clip in clips] == [1, 2, 3]
    assert all(task.is_closed for task in found.values())
    # Nothing was collected yet, and still nobody is asked too much.
    assert said(send(online))[:3] == (0, 3, 0)


def test_who_skips_leaves_the_place_to_another(online: Settings, people: list[Api]) -> None:
    """A skipped task is given to the next person, not closed."""
    ask(online, 0, (0, "seed", None, 1))
    result = send(online)
    task = next_task(people[0], result.number)
    assert task is not None
    answer(people[0], task["id"], skip=True)
    assert next_task(people[0], result.number) is None
    assert meet(online, people[1], result) == [items_of(online, result)[task["data"]["item"]]]


def test_what_is_withdrawn_goes(online: Settings, people: list[Api]) -> None:
    """Withdrawn asks lose their tasks, or are closed where somebody has answered."""
    clips = ask(online, 0, *((at, "active", at / 10, 2) for at in range(4)))
    result = send(online)
    answer(people[0], by_clip(online, result)[clips[0]].id)
    with open_store(online) as store:
        ids = [f"{CAMPAIGN}-000/active/{clip}" for clip in clips[:2]]
        rows = make_rows("withdrawals", ask_id=ids, reason=["for a test"] * 2)
        store.commit({"withdrawals": rows}, message="withdrawn")
    assert said(send(online)) == (0, 2, 0, 1, 1, 0)
    found = by_clip(online, result)
    assert sorted(found) == [clips[0], *clips[2:]]
    assert found[clips[0]].is_closed
    assert meet(online, people[1], result) == [clips[3], clips[2]]


def test_an_answer_that_just_came_is_not_removed(online: Settings, people: list[Api]) -> None:
    """What was unanswered when it was listed, but is not any more, stays; so does a skip."""
    ask(online, 0, *FIVE[:3])
    result = send(online)
    listed = tasks_of(online, result)
    answer(people[0], listed[0].id)
    answer(people[1], listed[2].id, skip=True)
    with connect(online) as api:
        remove_untouched(api, result.number, listed)
    assert [task.id for task in tasks_of(online, result)] == [listed[0].id, listed[2].id]


def test_an_answer_that_was_never_counted_is_kept(
    online: Settings, people: list[Api], label_studio: Settings
) -> None:
    """A server killed between an answer and its count says nobody answered; the answer tells."""
    ask(online, 0, *FIVE[:2])
    result = send(online)
    first, second = tasks_of(online, result)
    answer(people[0], first.id)
    pull(online, SILENT, campaign=CAMPAIGN)
    database = find_places(label_studio).data / "label_studio.sqlite3"
    with closing(sqlite3.connect(database, timeout=30)) as tables, tables:
        tables.execute(
            "UPDATE task SET total_annotations = 0, is_labeled = 0 WHERE id = ?", [first.id]
        )
    assert said(send(online)) == (0, 1, 0, 1, 0, 0)
    kept = {task.id: task for task in tasks_of(online, result)}
    assert kept[first.id].is_closed
    with connect(online) as api:
        assert len(api.get(f"/api/tasks/{first.id}/annotations/")) == 1
        remove_untouched(api, result.number, [replace(kept[first.id], answers=0), second])
    assert [task.id for task in tasks_of(online, result)] == [first.id]


def test_a_round_that_asks_again_has_its_own_place(online: Settings, people: list[Api]) -> None:
    """A clip that was withdrawn and is asked about anew comes where its new utility puts it."""
    clips = ask(online, 0, (0, "active", 0.9, 1), (1, "active", 0.8, 1))
    send(online)
    with open_store(online) as store:
        ids = [f"{CAMPAIGN}-000/active/{clip}" for clip in clips]
        rows = make_rows("withdrawals", ask_id=ids, reason=["anew"] * 2)
        store.commit({"withdrawals": rows}, message="withdrawn")
    again = ask(online, 1, (2, "active", 0.7, 1), (0, "active", 0.2, 1), (3, "active", 0.5, 1))
    result = send(online)
    assert meet(online, people[0], result) == [again[0], again[2], again[1]]


def test_what_somebody_deleted_comes_back(online: Settings) -> None:
    """A task deleted in Label Studio is sent again while its clip is asked about."""
    clips = ask(online, 0, *FIVE)
    result = send(online)
    with connect(online) as api:
        api.send("DELETE", f"/api/tasks/{by_clip(online, result)[clips[2]].id}/")
    assert said(send(online))[:2] == (1, 4)
    assert sorted(by_clip(online, result)) == clips


def test_a_copy_goes_and_an_answered_one_stays(online: Settings, people: list[Api]) -> None:
    """Of a task that somebody imported again, the one with an answer is kept, whichever it is."""
    clips = ask(online, 0, *FIVE[:2])
    result = send(online)
    with connect(online) as api:
        twice = [{"data": task["data"]} for task in read_all(online, result)]
        api.send("POST", f"/api/projects/{result.number}/import", body=twice)
    copies = [task for task in tasks_of(online, result) if task.clip_id == clips[0]]
    answer(people[0], copies[1].id)
    assert said(send(online)) == (0, 2, 0, 0, 0, 2)
    found = by_clip(online, result)
    assert (found[clips[0]].id, found[clips[0]].answers) == (copies[1].id, 1)


def test_everybody_hears_gold(online: Settings, people: list[Api]) -> None:
    """Gold is given to each of four users, an ordinary clip to one."""
    ask(online, 0, *((at, "seed", None, 1) for at in range(6)))
    known = gold(online, SILENT, campaign=CAMPAIGN, count=2).table["clip_id"].to_pylist()
    mixed = online.labelling.model_copy(update={"gold_share": 0.25})
    settings = online.model_copy(update={"labelling": mixed})
    result = send(settings)
    assert result.gold == 2
    met = []
    for user in people:
        met.append(meet(online, user, result))
        send(settings)
    assert all(set(known) <= set(clips) for clips in met)
    assert sum(map(len, met)) == 6 + 2 * len(people)


def test_a_trial_shows_predictions_to_those_drawn(online: Settings, people: list[Api]) -> None:
    """The drawn share of the tasks comes filled in, of the others nobody learns the prediction."""
    clips = ask(online, 0, *((at, "active", at / 10, 1) for at in range(8)), model_id="m")
    with open_store(online) as store:
        rows = make_rows(
            "predictions",
            model_id=["m"] * 8,
            clip_id=clips,
            posterior=[[0.1, 0.1, 0.1, 0.1, 0.5, 0.1]] * 8,
        )
        store.commit({"predictions": rows}, message="predicted")
    half = online.labelling.model_copy(update={"shown_share": 0.5})
    settings = online.model_copy(update={"labelling": half})
    result = send(settings)
    with open_store(online) as store:
        tasks = queries.select_tasks(store, project=result.project).to_pylist()
        (classes,) = queries.select_corpora(store)["classes"].to_pylist()
    drawn = {task["clip_id"] for task in tasks if task["is_shown"]}
    assert {task["predicted"] for task in tasks} == {classes[4]}
    assert 0 < len(drawn) == result.shown < 8
    filled, items = {}, items_of(online, result)
    while (task := next_task(people[0], result.number)) is not None:
        filled[items[task["data"]["item"]]] = task["predictions"]
        answer(people[0], task["id"])
    assert {clip for clip, shown in filled.items() if shown} == drawn
    shown = [prediction["result"][0]["value"] for clip in drawn for prediction in filled[clip]]
    assert shown == [{"choices": [classes[4]]}] * len(drawn)
    with connect(settings) as api:
        project = api.get(f"/api/projects/{result.number}/")
    assert (project["show_collab_predictions"], project["model_version"]) == (True, "serloop")
    assert said(send(settings))[:3] == (0, 8, 0)


def test_no_user_can_tell_why_a_clip_is_asked(online: Settings, people: list[Api]) -> None:
    """Of arm, utility, reason and gold nothing is in what the server tells a plain user."""
    ask(online, 0, (0, "active", 0.123456, 3), (1, "random", None, 3), (2, "seed", None, 3))
    gold(online, SILENT, campaign=CAMPAIGN, count=1)
    mixed = online.labelling.model_copy(update={"gold_share": 0.25})
    result = send(online.model_copy(update={"labelling": mixed}))
    assert result.gold == 1
    tasks = list(read_tasks(people[0], result.number, include=None))
    one = people[0].get(f"/api/tasks/{tasks[0]['id']}/")
    project = people[0].get(f"/api/projects/{result.number}/")
    text = json.dumps([tasks, one, next_task(people[0], result.number), project])
    assert not re.search(r"\b(active|random|seed|gold|utility)\b|0\.1234|for a test", text)
    assert {tuple(sorted(task["data"])) for task in tasks} == {("audio", "item", "round_id")}
    assert [task["meta"] for task in tasks] == [{}] * 4
    assert len({json.dumps([task["overlap"], task["predictions"]]) for task in tasks}) == 1


def test_the_page_tells_what_to_do(online: Settings) -> None:
    """Interface and instructions are the project's, and come back if somebody changes them."""
    ask(online, 0, *FIVE[:1])
    result = send(online)
    with connect(online) as api:
        path = f"/api/projects/{result.number}/"
        before = api.get(path)
        api.send("PATCH", path, body={"expert_instruction": "", "maximum_annotations": 3})
        send(online)
        after = api.get(path)
    assert "Which emotion do you hear?" in before["expert_instruction"]
    assert before["show_instruction"]
    names = ("expert_instruction", "label_config", "maximum_annotations", "sampling")
    assert [after[name] for name in names] == [before[name] for name in names]


def test_another_page_is_another_project(online: Settings, people: list[Api]) -> None:
    """A page that asks something else is refused; `new_project` opens one and closes the old."""
    clips = ask(online, 0, *FIVE[:2])
    first = send(online)
    answer(people[0], by_clip(online, first)[clips[0]].id)
    rated = online.labelling.model_copy(update={"ratings": "arousal"})
    changed = online.model_copy(update={"labelling": rated})
    with pytest.raises(PipelineError, match=r"`labelling.ratings` was \[\] and is \['arousal'\]"):
        send(changed)
    second = send(changed, new_project=True)
    assert second.number != first.number
    assert sorted(by_clip(changed, second)) == clips
    assert [task.clip_id for task in tasks_of(changed, first)] == [clips[0]]
    assert said(send(changed))[:2] == (0, 2)


def test_a_lost_project_is_not_replaced_in_silence(online: Settings) -> None:
    """If somebody deleted the project, its answers may be gone, which a person must know."""
    ask(online, 0, *FIVE[:2])
    result = send(online)
    with connect(online) as api:
        api.send("DELETE", f"/api/projects/{result.number}/")
    with pytest.raises(PipelineError, match="open another project with --new-project"):
        send(online)
    assert send(online, new_project=True).sent == 2


def test_two_publications_wait_for_each_other(online: Settings) -> None:
    """The second one says that another is at work, and sends nothing."""
    from pipelines.label_studio.process import claim

    ask(online, 0, *FIVE[:1])
    lock = find_places(online).folder / "publish.lock"
    with claim(lock), pytest.raises(PipelineError, match="another publication is at work"):
        send(online)
    assert send(online).sent == 1


def test_what_cannot_be_published_is_refused(online: Settings) -> None:
    """A campaign without a round, and a foreign server without a place for audio, are named."""
    with pytest.raises(NothingToDoError, match="campaign `synthetic` has no round"):
        send(online)
    nowhere = online.label_studio.model_copy(update={"audio_url": None})
    with pytest.raises(SettingsError, match="SERLOOP_LABEL_STUDIO__AUDIO_URL"):
        send(online.model_copy(update={"label_studio": nowhere}))
