"""Publish: what a campaign asks becomes tasks in Label Studio, each of them once."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from annotation.label_studio.api import Api
from annotation.label_studio.delivering import (
    ServerTask,
    list_tasks,
    recount,
    remove_untouched,
    send_missing,
    set_overlap,
)
from annotation.label_studio.items import item_of
from annotation.label_studio.patience import Patience, insist
from annotation.label_studio.projects import ServerProject, find_project
from annotation.label_studio.publishing import (
    MODEL_VERSION,
    ensure_local_storage,
    ensure_project,
    show_predictions,
)
from annotation.label_studio.tasks import PublishedTask, publish_task
from pipelines.convert import to_table
from pipelines.errors import PipelineError
from pipelines.gateway.connecting import connect_project
from pipelines.gateway.places import find_gateway_places
from pipelines.label_studio.connect import connect
from pipelines.label_studio.places import find_places
from pipelines.label_studio.process import claim
from pipelines.labelling import playback_lufs
from pipelines.progress import Progress
from pipelines.publishing.audio import find_audio, opaque_names
from pipelines.publishing.corrections import Corrections, Demand, correct
from pipelines.publishing.demand import read_demand
from pipelines.publishing.outbox import Place
from pipelines.publishing.project import CampaignProject, choose_project, read_items
from pipelines.publishing.queueing import fill_outbox
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.task_file import export_audio, read_transcripts
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

PATIENCE = Patience()


NOTHING = Demand(missing={}, counted={}, gold=frozenset())


@dataclass(frozen=True)
class PublishResult:
    """What one publication did.

    Args:
        campaign: The campaign.
        project: Its project's name in the warehouse.
        number: Its number in Label Studio.
        url: Where it is.
        sent: Tasks that were not there before.
        there: Tasks that were.
        corrected: Open tasks whose number of answers wanted was corrected.
        closed: Tasks with answers that are asked of nobody more, and were until now.
        withdrawn: Tasks without answers that were removed, since nobody asks them any more.
        copies: Tasks without answers that were removed, since their clips have another.
        gold: Tasks whose class is known.
        shown: Tasks that show what a model predicts.
        waiting: Votes that are still missing.
    """

    campaign: str
    project: str
    number: int
    url: str
    sent: int
    there: int
    corrected: int
    closed: int
    withdrawn: int
    copies: int
    gold: int
    shown: int
    waiting: int

    def rows(self) -> Sequence[Row]:
        """Return one row."""
        return [
            {
                "campaign": self.campaign,
                "sent": self.sent,
                "there": self.there,
                "corrected": self.corrected,
                "closed": self.closed,
                "withdrawn": self.withdrawn,
                "copies": self.copies,
                "gold": self.gold,
                "shown": self.shown,
                "waiting": self.waiting,
                "project": self.number,
                "url": self.url,
            }
        ]


def publish(
    settings: Settings, progress: Progress, *, campaign: str, new_project: bool = False
) -> PublishResult:
    """Bring a campaign's project in Label Studio to what is asked now; again, it changes nothing.

    What is to be there is written into the warehouse first. Whatever happens to the connection or
    to the server, running it again goes on where it stopped, and every clip has one task. Where a
    gateway was ever started, the project is told to wake it.

    Args:
        settings: Which Label Studio, what the page asks, shares of gold and of shown predictions.
        progress: Where progress is shown.
        campaign: The campaign.
        new_project: Open another project instead of going on with the one there is; what is asked
            in the older one is closed.

    Returns:
        What was sent, corrected and removed.

    Raises:
        PipelineError: If the page would ask something else than before, the project is gone from
            the server, or another publication is at work.
        LabelStudioServerError: If the server refuses, or does not answer for half a minute.
    """
    audio = find_audio(settings)
    with connect(settings) as api, _alone(settings), open_store(settings) as store:
        project = choose_project(store, settings, campaign, wants_new=new_project)
        queue = fill_outbox(store, settings, project, campaign)
        server = _open_project(store, api, settings, project)
        tasks = queries.select_tasks(store, project=project.key)
        items = read_items(store, project.key)
        demand = read_demand(store, campaign=campaign, project=project.key)
        queue = queue if demand.usual else []
        outgoing = _prepare(store, settings, progress, project, queue)
        if find_gateway_places(settings).keys.exists():
            connect_project(api, server.id, settings)
        if audio.storage is not None:
            ensure_local_storage(api, server.id, audio.storage, patience=PATIENCE)
        _remove_misplaced(api, server.id, tasks, queue, items)
        with progress.track("publish", len(outgoing), "tasks") as advance:
            there = send_missing(
                api, server.id, outgoing, items, advance=advance, patience=PATIENCE
            )
        _note_deliveries(store, project.key, tasks, there.tasks)
        shown = sum(bool(task["predictions"]) for task in outgoing)
        show_predictions(api, server, is_shown=shown > 0, patience=PATIENCE)
        counted = recount(api, there.tasks, demand.counted, patience=PATIENCE)
        changes = correct(counted, tasks["clip_id"].to_pylist(), demand)
        corrected = _apply(api, progress, server.id, changes)
        _close_older(store, api, progress, project)
    return PublishResult(
        campaign=campaign,
        project=project.key,
        number=server.id,
        url=f"{api.url}/projects/{server.id}/",
        sent=there.sent,
        there=len(outgoing) - there.sent,
        corrected=corrected,
        closed=len(changes.closed),
        withdrawn=len(changes.removed),
        copies=len(changes.copies),
        gold=sum(place.is_gold for place in queue),
        shown=shown,
        waiting=sum(demand.missing.values()),
    )


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the lock of publications: two at once would both send what is missing."""
    lock = find_places(settings).folder / "publish.lock"
    with claim(lock) as held:
        if held is None:
            raise PipelineError(
                f"another publication is at work here (it holds `{lock}`); wait for it to end"
            )
        yield


def _open_project(
    store: Warehouse, api: Api, settings: Settings, project: CampaignProject
) -> ServerProject:
    delivered = queries.select_deliveries(store, project=project.key).num_rows
    if delivered and insist(lambda: find_project(api, project.key), PATIENCE) is None:
        raise PipelineError(
            f"project `{project.key}` with {delivered} tasks is no longer at {api.url}: it was "
            "deleted there, or the server has another database; bring that back, or open another "
            "project with --new-project, where what is still asked is asked again"
        )
    return ensure_project(api, project.page(settings), patience=PATIENCE)


def _prepare(
    store: Warehouse,
    settings: Settings,
    progress: Progress,
    project: CampaignProject,
    queue: Sequence[Place],
) -> list[PublishedTask]:
    """Write the audio of what is asked, and return its tasks as they are sent, in order."""
    audio = find_audio(settings)
    names = opaque_names(settings, (place.clip_id for place in queue))
    export_audio(store, progress, names, root=audio.root, lufs=playback_lufs(settings))
    shows_words = project.page(settings).choices.transcript == "shown"
    words = read_transcripts(store, project.row["corpus"]) if shows_words else None
    tasks = queries.select_tasks(store, project=project.key)
    trial = tasks.filter(tasks["is_shown"])
    shown = dict(zip(trial["clip_id"].to_pylist(), trial["predicted"].to_pylist(), strict=True))
    return [
        publish_task(
            item_of(project.key, place.clip_id),
            place.round_id,
            audio.find(names[place.clip_id]),
            transcript=None if words is None else words.get(place.clip_id, ""),
            predicted=shown.get(place.clip_id),
            model_version=MODEL_VERSION,
        )
        for place in queue
    ]


def _remove_misplaced(
    api: Api, project_id: int, tasks: pa.Table, queue: Sequence[Place], items: Mapping[str, str]
) -> None:
    """Remove unanswered tasks that another round asks now, to be sent to their place in that."""
    first = dict(zip(tasks["clip_id"].to_pylist(), tasks["round_id"].to_pylist(), strict=True))
    moved = {
        place.clip_id: place.round_id for place in queue if first[place.clip_id] != place.round_id
    }
    if moved:
        there = list_tasks(api, project_id, items, patience=PATIENCE)
        stale = [task for task in there if moved.get(task.clip_id, task.round_id) != task.round_id]
        remove_untouched(api, project_id, stale, patience=PATIENCE)


def _note_deliveries(
    store: Warehouse, key: str, tasks: pa.Table, there: Sequence[ServerTask]
) -> None:
    known = queries.select_deliveries(store, project=key)
    seen = set(zip(known["clip_id"].to_pylist(), known["task_id"].to_pylist(), strict=True))
    ours, now = set(tasks["clip_id"].to_pylist()), datetime.now(UTC)
    rows = [
        {"project": key, "clip_id": task.clip_id, "task_id": task.id, "seen_at": now}
        for task in there
        if task.clip_id in ours and (task.clip_id, task.id) not in seen
    ]
    if rows:
        deliveries = to_table("deliveries", rows)
        store.commit({"deliveries": deliveries}, message=f"{len(rows)} tasks seen in {key}")


def _apply(api: Api, progress: Progress, project_id: int, changes: Corrections) -> int:
    """Carry out corrections, and return how many open tasks were corrected."""
    gone = (*changes.copies, *changes.removed)
    if gone:
        remove_untouched(api, project_id, gone, patience=PATIENCE)
    closing = [(task, task.answers) for task in changes.closed]
    todo = [*closing, *changes.overlaps]
    corrected = 0
    with progress.track("votes per task", len(todo), "tasks") as advance:
        for number, (task, overlap) in enumerate(todo):
            is_there = set_overlap(api, task, overlap, patience=PATIENCE)
            corrected += is_there and number >= len(closing)
            advance()
    return corrected


def _close_older(store: Warehouse, api: Api, progress: Progress, project: CampaignProject) -> None:
    """Ask nothing more in the projects that a campaign asked in before."""
    for key in project.older:
        old = insist(lambda key=key: find_project(api, key), PATIENCE)  # type: ignore[misc]
        if old is not None:
            items = read_items(store, key)
            there = list_tasks(api, old.id, items, patience=PATIENCE)
            _apply(api, progress, old.id, correct(there, [*items.values()], NOTHING))
