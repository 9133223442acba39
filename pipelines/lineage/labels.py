"""The middle steps of lineage: whose votes, and what was concluded from them."""

import json
from collections.abc import Collection, Sequence
from typing import Any

import pyarrow as pa

from pipelines.clipset import INTENDED
from pipelines.lineage.step import Step
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import SnapshotError, Warehouse, queries


def trace_labels(
    settings: Settings, store: Warehouse, labels: str, clip_ids: Sequence[str]
) -> list[Step]:
    """Tell where the labels of clips came from.

    Args:
        settings: Where the warehouse is.
        store: The warehouse now.
        labels: `intended`, or a consensus run.
        clip_ids: The clips.
    """
    if labels == INTENDED:
        said = {"said by": "the corpus's design, which is nobody's vote"}
        return [Step("votes", INTENDED, said)]
    runs = _chain(store, labels)
    if not runs:
        return [Step("votes", labels, {"votes": None}), Step("consensus", labels, {"run": None})]
    return [
        *_votes(settings, runs[0], clip_ids),
        *(
            Step(
                "consensus",
                run["run_id"],
                {
                    "aggregator": run["aggregator"],
                    "taxonomy": run["taxonomy"],
                    "mapping": run["mapping"] or "none",
                    "snapshot": run["snapshot"],
                    "converged": run["converged"],
                    "parameters": {k: v for k, v in run["parameters"].items() if v is not None},
                },
            )
            for run in runs
        ),
    ]


def trace_votes_on_clip(store: Warehouse, clip_id: str) -> list[Step]:
    """Tell every row of the ledger on one clip, and what every run made of them."""
    ledger = queries.select_ledger(store, [clip_id])
    standing = set(queries.select_effective_votes(store, clip_ids=[clip_id])["vote_id"].to_pylist())
    votes = [_vote(row, standing) for row in ledger.to_pylist()]
    shown = ("aggregator", "taxonomy", "modality", "label", "votes", "snapshot")
    runs = [
        Step(
            "consensus",
            row["run_id"],
            {
                **{name: row[name] for name in shown},
                "label": "a tie" if row["is_tie"] else row["label"],
            },
        )
        for row in queries.select_clip_consensus(store, clip_id).to_pylist()
    ]
    return [*votes, *runs]


def _vote(row: dict[str, Any], standing: Collection[str]) -> Step:
    shown = ("annotator", "label", "modality", "taxonomy", "count", "source", "source_ref")
    facts = {
        "stands": row["vote_id"] in standing,
        **{name: row[name] for name in shown},
        "cast at": row["cast_at"],
        "supersedes": row["supersedes"] or "none",
    }
    if row["is_retraction"]:
        facts["label"] = "withdrawn"
    return Step("votes", row["vote_id"], facts)


def _chain(store: Warehouse, run_id: str) -> list[dict[str, Any]]:
    """Return a run after those it rests on."""
    known = {row["run_id"]: row for row in queries.select_consensus_runs(store).to_pylist()}
    found: list[dict[str, Any]] = []
    name: str | None = run_id
    while name in known:
        run = known.pop(name)
        run["parameters"] = json.loads(run["parameters"])
        found.insert(0, run)
        name = run["parameters"].get("base")
    return found


def _votes(settings: Settings, run: dict[str, Any], clip_ids: Sequence[str]) -> list[Step]:
    """Return what stood on the clips when the run read the ledger, by source."""
    try:
        with open_store(settings, snapshot=run["snapshot"]) as past:
            votes = queries.select_effective_votes(
                past, taxonomy=run["taxonomy"], modality=run["modality"], clip_ids=clip_ids
            )
    except SnapshotError:
        return [Step("votes", f"of snapshot {run['snapshot']}", {"standing": None})]
    columns = votes.select(["source", "count", "clip_id", "annotator"])
    totals = columns.group_by("source").aggregate(
        [("count", "sum"), ("clip_id", "count_distinct"), ("annotator", "count_distinct")]
    )
    return [
        Step(
            "votes",
            row["source"],
            {
                "standing": row["count_sum"],
                "clips": row["clip_id_count_distinct"],
                "annotators": row["annotator_count_distinct"],
                "snapshot": run["snapshot"],
            },
        )
        for row in _sorted(totals)
    ]


def _sorted(totals: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = totals.sort_by("source").to_pylist()
    return rows
