"""What the warehouse says that each task of a project is still to bring."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from annotation.label_studio.answers import SKIPPED
from annotation.label_studio.parse import SOURCE
from pipelines.campaign import count_missing, read_asks
from pipelines.publishing.corrections import Demand
from warehouse import Warehouse, queries

_ANSWER = ["source_ref", "clip_id"]


def read_demand(store: Warehouse, *, campaign: str, project: str) -> Demand:
    """Return how many answers the tasks of a project are to have.

    Args:
        store: The warehouse.
        campaign: The campaign.
        project: Its project.
    """
    tasks = queries.select_tasks(store, project=project)
    return Demand(
        missing=count_missing(read_asks(store, campaign)),
        counted=count_answers(store, project, tasks["clip_id"].combine_chunks()),
        gold=frozenset(tasks.filter(tasks["is_gold"])["clip_id"].to_pylist()),
    )


def count_answers(store: Warehouse, project: str, clip_ids: pa.Array) -> Mapping[str, int]:
    """Return how many answers of a project are known of each clip, those that are no votes too.

    Label Studio counts whatever was submitted, skips apart; so does this.

    Args:
        store: The warehouse.
        project: The project.
        clip_ids: Clips that it has tasks about.
    """
    votes = queries.select_effective_votes(store, clip_ids=clip_ids.to_pylist())
    remarks = queries.select_remarks(store, source=SOURCE)
    skipped = remarks.filter(pc.equal(remarks["abstention"], SKIPPED))
    judged = votes.filter(pc.equal(votes["source"], SOURCE)).join(
        skipped.select(["source", "source_ref", "cast_at"]),
        ["source", "source_ref", "cast_at"],
        join_type="left anti",
    )
    refused = queries.select_quarantine(store, source=SOURCE)
    answers = pa.concat_tables(
        [judged.select(_ANSWER), refused.select(_ANSWER)], promote_options="permissive"
    )
    ours = answers.filter(pc.starts_with(answers["source_ref"], f"{project}/"))
    # An answer that was no vote and was mended since is one answer.
    counted = (
        ours.group_by(_ANSWER).aggregate([]).group_by("clip_id").aggregate([([], "count_all")])
    )
    return dict(zip(*(counted[name].to_pylist() for name in ("clip_id", "count_all")), strict=True))
