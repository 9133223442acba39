"""Answer online: simulated annotators answer in Label Studio, each as a user of its own."""

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from annotation.label_studio.answering import next_task, post_label
from annotation.label_studio.api import Api
from annotation.label_studio.items import find_clip
from annotation.label_studio.projects import find_project, read_tasks
from annotation.label_studio.users import SIMULATED_DOMAIN, create_user, list_users, log_in
from annotation.simulate import SimulatedAnnotators
from pipelines.clipset import corpus_clips
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.label_studio.connect import connect
from pipelines.label_studio.identity import ensure_login
from pipelines.label_studio.places import find_places
from pipelines.progress import Progress
from pipelines.publishing.project import read_items
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import queries

PEOPLE = 8


@dataclass(frozen=True)
class OnlineAnswers:
    """What simulated annotators did in Label Studio.

    Args:
        campaign: The campaign whose project they answered in.
        people: Users that answered.
        answers: Answers given.
        listening_s: Time that people would have taken.
    """

    campaign: str
    people: int
    answers: int
    listening_s: float

    def rows(self) -> Sequence[Row]:
        """Return one row per call."""
        return [
            {
                "campaign": self.campaign,
                "simulated_people": self.people,
                "answers": self.answers,
                "annotator_minutes": round(self.listening_s / 60, 1),
            }
        ]


@dataclass(frozen=True)
class _Person:
    """A simulated annotator who is logged in.

    Args:
        name: Who it is among the simulated ones.
        api: The server in its name.
        heard: Label and lead time by clip.
    """

    name: str
    api: Api
    heard: Mapping[str, tuple[str, float]]


def answer_online(
    settings: Settings, progress: Progress, *, campaign: str, people: int = PEOPLE
) -> OnlineAnswers:
    """Let simulated annotators answer what Label Studio gives each of them, until nothing is left.

    They err as those of `answer` do, but know nothing of asks and votes wanted: each logs in, asks
    for the next task and answers it, as a person does. They take turns, since a server on SQLite
    gives two who ask at once the same task. Their addresses end in `simulated.serloop.example`, by
    which their votes are told from people's.

    Args:
        settings: The server, and the seed of the annotators.
        progress: Where progress is shown.
        campaign: A campaign that was published.
        people: How many there are; at least as many as the most votes that a clip wants.

    Returns:
        How many answers were given.

    Raises:
        NothingToDoError: If the campaign has no project, its page asks for what a simulated
            annotator cannot say, or its clips have no intended emotion.
        LabelStudioServerError: If the server does not answer, or refuses.
    """
    project, items = _read_project(settings, campaign)
    with connect(settings) as api, ExitStack() as stack:
        found = find_project(api, project["project"])
        if found is None:
            raise NothingToDoError(
                f"Label Studio has no project of campaign `{campaign}`; run `serloop publish "
                f"{campaign}`"
            )
        tasks = list(read_tasks(api, found.id))
        heard = _hear(settings, project, sorted(set(items.values())), people)
        known = {user.address for user in list_users(api)}
        group = [
            _Person(name, stack.enter_context(_enter(settings, api, known, number)), heard[name])
            for number, name in enumerate(heard)
        ]
        answers, listening_s = 0, 0.0
        with progress.track("answer in Label Studio", _count_open(tasks, people), "votes") as done:
            while group:
                for person in tuple(group):
                    spent_s = _answer_next(person, found.id, project["project"], items)
                    if spent_s is None:
                        group.remove(person)
                        continue
                    answers += 1
                    listening_s += spent_s
                    done()
    return OnlineAnswers(campaign, people, answers, listening_s)


def _read_project(settings: Settings, campaign: str) -> tuple[Mapping[str, Any], dict[str, str]]:
    """Return the newest project, if simulated annotators can answer its page, and its items."""
    with open_store(settings) as store:
        projects = queries.select_projects(store, campaign=campaign).to_pylist()
        items = read_items(store, projects[-1]["project"]) if projects else {}
    if not projects:
        raise NothingToDoError(
            f"campaign `{campaign}` has no Label Studio project; run `serloop publish {campaign}`"
        )
    project: Mapping[str, Any] = projects[-1]
    choices = json.loads(project["choices"])
    if choices.get("ratings") or choices.get("transcript") == "asked":
        raise NothingToDoError(
            f"the page of project `{project['project']}` asks for ratings or a transcript, and "
            "simulated annotators hear classes only; let people answer"
        )
    return project, items


def _hear(
    settings: Settings, project: Mapping[str, Any], clip_ids: Sequence[str], people: int
) -> dict[str, dict[str, tuple[str, float]]]:
    """Return what each of the group would say of each clip, and how long it would take."""
    with open_store(settings) as store:
        clips = corpus_clips(store, project["corpus"]).select(["clip_id", "intended", "duration_s"])
    facts = {row["clip_id"]: row for row in clips.to_pylist()}
    known = [facts[clip_id] for clip_id in clip_ids if clip_id in facts]
    unsaid = [row["clip_id"] for row in known if row["intended"] is None]
    if unsaid:
        raise NothingToDoError(
            f"{len(unsaid)} clips, such as `{unsaid[0]}`, have no intended emotion, so nobody can "
            "be simulated on them; let people answer"
        )
    group = SimulatedAnnotators.recruit(people, project["classes"], seed=settings.training.seed)
    votes = group.answer(
        [row["clip_id"] for row in known],
        [row["intended"] for row in known],
        votes_per_clip=people,
        taxonomy=project["taxonomy"],
        duration_s=[row["duration_s"] for row in known],
    )
    heard: dict[str, dict[str, tuple[str, float]]] = {name: {} for name in group.annotators}
    for row in votes.select(["annotator", "clip_id", "label", "lead_time_s"]).to_pylist():
        heard[row["annotator"]][row["clip_id"]] = row["label"], row["lead_time_s"]
    return heard


def _enter(settings: Settings, api: Api, known: Collection[str], number: int) -> Api:
    """Return the server in the name of a simulated annotator, who is made where there is none."""
    address = f"annotator-{number:02d}@{SIMULATED_DOMAIN}"
    kept = find_places(settings).folder / "simulated" / f"{number:02d}.json"
    password = ensure_login(kept, address).password
    if address not in known:
        create_user(api, address, password, name=f"Simulated {number:02d}")
    return log_in(api.url, address, password)


def _count_open(tasks: Sequence[Mapping[str, Any]], people: int) -> int:
    """Return how many votes tasks still want of a group."""
    return sum(
        max(min(task["overlap"], people) - task["total_annotations"], 0)
        for task in tasks
        if not task["is_labeled"]
    )


def _answer_next(
    person: _Person, project_id: int, project: str, items: Mapping[str, str]
) -> float | None:
    """Answer the next task of somebody; return the seconds it would take, None if none is left."""
    task = next_task(person.api, project_id)
    if task is None:
        return None
    clip_id = find_clip(task["data"], items)
    if clip_id is None or clip_id not in person.heard:
        raise PipelineError(
            f"task {task['id']} asks about no clip of the campaign; somebody put it into the "
            "project by hand: delete it there"
        )
    label, lead_time_s = person.heard[clip_id]
    key = f"{project}/{clip_id}/{person.name}"
    post_label(person.api, task["id"], label, lead_time_s=lead_time_s, key=key)
    return lead_time_s
