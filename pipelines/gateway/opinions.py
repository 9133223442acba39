"""What the newest model of a campaign says of tasks, and which of it annotators may see."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from annotation.label_studio.backend import Opinion
from pipelines.campaign import SEED_ARM, read_rounds
from pipelines.settings import Settings
from pipelines.workspace import has_warehouse, open_store
from warehouse import Warehouse, queries

# Until a campaign has a model.
NO_MODEL = "none"
ACTIVE_ARMS = frozenset({"active", SEED_ARM})


def read_versions(settings: Settings, project: str | None) -> tuple[str, ...]:
    """Return the models of the active arm of a project's campaign, the newest first.

    Args:
        settings: Where the warehouse is.
        project: Key of the project; None for no project.
    """
    if project is None or not has_warehouse(settings):
        return ()
    with open_store(settings) as store:
        campaign = _find_campaign(store, project)
        return _list_models(store, campaign) if campaign is not None else ()


def read_opinions(
    settings: Settings, project: str | None, task_ids: Sequence[int]
) -> tuple[str, Mapping[int, Opinion]]:
    """Return what the newest model says of some tasks.

    What annotators see is what was recorded as shown when the task was published, whatever a newer
    model says: else nobody could tell what moved them. Of tasks outside the trial they see nothing.

    Args:
        settings: Where the warehouse is.
        project: Key of the project; None for no project.
        task_ids: Numbers of tasks there.

    Returns:
        Name of the model, and its opinion by task, of those that it judged.
    """
    if project is None or not has_warehouse(settings):
        return NO_MODEL, {}
    with open_store(settings) as store:
        campaign = _find_campaign(store, project)
        models = _list_models(store, campaign) if campaign is not None else ()
        if not models:
            return NO_MODEL, {}
        clips = _clips_of(store, project, task_ids)
        judged = queries.select_predictions(store, models[0])
        judged = judged.filter(
            pc.is_in(judged["clip_id"], pa.array(list(clips.values()), pa.string()))
        )
        tasks = queries.select_tasks(store, project=project)
    tasks = tasks.filter(pc.and_(tasks["is_shown"], pc.is_valid(tasks["predicted"])))
    shown = dict(zip(tasks["clip_id"].to_pylist(), tasks["predicted"].to_pylist(), strict=True))
    sure = {row["clip_id"]: max(row["posterior"]) for row in judged.to_pylist()}
    return models[0], {
        task_id: Opinion(sure[clip_id], shown.get(clip_id))
        for task_id, clip_id in clips.items()
        if clip_id in sure
    }


def _find_campaign(store: Warehouse, project: str) -> str | None:
    rows = queries.select_projects(store).to_pylist()
    return next((str(row["campaign"]) for row in rows if row["project"] == project), None)


def _list_models(store: Warehouse, campaign: str) -> tuple[str, ...]:
    """Return the models that the active arm learned, those of later rounds first."""
    numbers = {row["round_id"]: row["number"] for row in read_rounds(store, campaign)}
    models: list[dict[str, Any]] = [
        row
        for row in queries.select_models(store).to_pylist()
        if row["round_id"] in numbers and row["arm"] in ACTIVE_ARMS
    ]
    models.sort(key=lambda row: (numbers[row["round_id"]], row["snapshot"]), reverse=True)
    return tuple(row["model_id"] for row in models)


def _clips_of(store: Warehouse, project: str, task_ids: Sequence[int]) -> dict[int, str]:
    """Return which clip a task is about; a number that was given anew counts as the newer task."""
    seen = queries.select_deliveries(store, project=project).sort_by("seen_at")
    pairs = zip(seen["task_id"].to_pylist(), seen["clip_id"].to_pylist(), strict=True)
    known = dict(pairs)
    return {task_id: known[task_id] for task_id in task_ids if task_id in known}
