"""Write into the outbox what a campaign asks and its project has no task about yet."""

from collections import Counter
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.campaign import count_missing, read_asks, read_rounds
from pipelines.convert import read_posterior, to_table
from pipelines.publishing.outbox import (
    ACTIVE_ARM,
    Place,
    Question,
    arrange,
    mix_gold,
    task_rows,
)
from pipelines.publishing.project import CampaignProject
from pipelines.settings import Settings
from warehouse import Warehouse, queries


def fill_outbox(
    store: Warehouse, settings: Settings, project: CampaignProject, campaign: str
) -> list[Place]:
    """Commit the project and the tasks that it lacks, before anything is sent.

    Args:
        store: The warehouse.
        settings: Shares of gold and of shown predictions.
        project: The project.
        campaign: The campaign.

    Returns:
        All that is asked, in the order in which annotators are to meet it. A clip that was
        withdrawn and is asked about again has its place in the round that asks now.
    """
    there = queries.select_tasks(store, project=project.key)
    queue = plan_queue(store, project.key, campaign, there, settings.labelling.gold_share)
    known = set(there["clip_id"].to_pylist())
    fresh = [place for place in queue if place.clip_id not in known]
    share = settings.labelling.shown_share
    rounds = {place.clip_id: place.round_id for place in fresh} if share > 0 else {}
    rows = task_rows(
        project.key,
        fresh,
        first=(pc.max(there["place"]).as_py() + 1) if there.num_rows else 0,
        predicted=read_predicted(store, campaign, rounds, tuple(project.row["classes"])),
        shown_share=share,
    )
    tables = {"tasks": to_table("tasks", rows)}
    if project.is_new:
        tables["projects"] = to_table("projects", [project.row])
    store.commit(tables, message=f"queue {len(rows)} tasks for {project.key}")
    return queue


def plan_queue(
    store: Warehouse, project: str, campaign: str, there: pa.Table, gold_share: float
) -> list[Place]:
    """Return all that is asked, with the gold among it, in order.

    Args:
        store: The warehouse.
        project: The project's name.
        campaign: The campaign.
        there: Its rows of `tasks`.
        gold_share: Share of a round's new tasks that are to be gold.
    """
    # Every round, for the gold of those that ask no more.
    asked = {row["round_id"]: list[Question]() for row in read_rounds(store, campaign)}
    asked |= read_questions(store, campaign)
    known = set(there["clip_id"].to_pylist())
    clips = {item.clip_id for questions in asked.values() for item in questions}
    spare = set(queries.select_gold(store, campaign=campaign)["clip_id"].to_pylist())
    first = {
        item.clip_id: round_id
        for round_id, questions in reversed(asked.items())
        for item in questions
        if item.clip_id not in known
    }
    fresh = Counter(first.values())
    mixed = mix_gold(
        project,
        {round_id: fresh[round_id] for round_id in asked},
        spare - known - clips,
        share=gold_share,
    )
    standing = there.filter(there["is_gold"])
    columns = (standing[name].to_pylist() for name in ("clip_id", "round_id"))
    for clip_id, round_id in zip(*columns, strict=True):
        mixed.setdefault(round_id, []).append(clip_id)
    return arrange(project, asked, mixed)


def read_questions(store: Warehouse, campaign: str) -> dict[str, list[Question]]:
    """Return what each round asks whose votes are not all there, by its id, older rounds first."""
    asks = read_asks(store, campaign)
    open_clips = [clip_id for clip_id, lacking in count_missing(asks).items() if lacking > 0]
    asks = asks.filter(pc.is_in(asks["clip_id"], pa.array(open_clips, pa.string())))
    # The arm that ranks comes first: a clip that two arms ask about has its place by utility.
    is_ranked = pc.equal(asks["arm"], ACTIVE_ARM)
    order = [("number", "ascending"), ("ranked", "descending"), ("ask_id", "ascending")]
    asks = asks.append_column("ranked", pc.cast(is_ranked, pa.int8())).sort_by(order)
    rounds: dict[str, list[Question]] = {}
    columns = (asks[name].to_pylist() for name in ("round_id", "clip_id", "utility"))
    for round_id, clip_id, utility in zip(*columns, strict=True):
        rounds.setdefault(round_id, []).append(Question(clip_id, utility))
    return rounds


def read_predicted(
    store: Warehouse, campaign: str, rounds: dict[str, str], classes: tuple[str, ...]
) -> dict[str, tuple[str, str]]:
    """Return the model that ranked a clip's round, and the class it holds most probable, by clip.

    Args:
        store: The warehouse.
        campaign: The campaign.
        rounds: The round that each clip is queued with.
        classes: Class names in the order of the posteriors.
    """
    models = {row["round_id"]: row["model_id"] for row in read_rounds(store, campaign)}
    found: dict[str, tuple[str, str]] = {}
    for round_id in sorted(set(rounds.values())):
        model_id = models[round_id]
        if model_id is not None:
            clips = [clip_id for clip_id, of in rounds.items() if of == round_id]
            found |= _predict(store, model_id, clips, classes)
    return found


def _predict(
    store: Warehouse, model_id: str, clip_ids: Iterable[str], classes: tuple[str, ...]
) -> dict[str, tuple[str, str]]:
    said = queries.select_predictions(store, model_id)
    said = said.filter(pc.is_in(said["clip_id"], pa.array(list(clip_ids), pa.string())))
    posterior = read_posterior(said["posterior"])
    # A model of other classes has no word on these.
    if posterior.shape[1] != len(classes):
        return {}
    leading = [classes[at] for at in posterior.argmax(axis=1)]
    return {
        clip_id: (model_id, label)
        for clip_id, label in zip(said["clip_id"].to_pylist(), leading, strict=True)
    }
