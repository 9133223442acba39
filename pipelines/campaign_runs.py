"""The aggregation runs of a campaign's own votes, and which of them is the newest."""

import json
from collections.abc import Sequence
from typing import Any

from pipelines.campaign import SEED_ARM
from pipelines.clipset import corpus_classes
from warehouse import Warehouse, queries

# A test holds it to `annotation.aggregation.model_aided`.
AIDED = "model_aided"
# Annotators of a campaign hear clips; votes on the face of the speaker are another question.
HEARD = "audio"
# Runs of the past, of other classes, or of part of the votes say nothing of where things stand.
_APART = ("snapshot", "cast_before", "mapping")


def find_runs(
    store: Warehouse, campaign: str, corpus: str, arm: str, *, up_to: int | None = None
) -> list[dict[str, Any]]:
    """Return the runs on the votes of an arm and the seed, the newest last.

    Args:
        store: The warehouse.
        campaign: The campaign.
        corpus: Its corpus, whose classes are those of the runs.
        arm: The arm.
        up_to: Only runs that read this snapshot or an earlier one.

    Returns:
        Rows of `consensus_runs` with `parameters` as a dictionary. Of runs that read the same
        votes, one that listens to a model comes later.
    """
    taxonomy, _ = corpus_classes(store, corpus)
    found = []
    for row in queries.select_consensus_runs(store).to_pylist():
        parameters = json.loads(row["parameters"])
        is_own = parameters.get("campaign") == campaign and parameters.get("arm") in {arm, SEED_ARM}
        is_whole = not any(parameters.get(name) for name in _APART)
        is_known = up_to is None or row["snapshot"] <= up_to
        if (row["taxonomy"], row["modality"]) == (taxonomy, HEARD) and (
            is_own and is_whole and is_known
        ):
            found.append({**row, "parameters": parameters})
    return sorted(found, key=lambda row: (row["snapshot"], row["aggregator"] == AIDED))


def read_labels(
    store: Warehouse, campaign: str, corpus: str, arms: Sequence[str], *, up_to: int | None = None
) -> dict[str, tuple[str, int]]:
    """Return the decided label of clips, and how many votes it stands on, by clip id.

    Args:
        store: The warehouse.
        campaign: The campaign.
        corpus: Its corpus.
        arms: Arms whose newest runs are read; of a clip in several the first one's counts.
        up_to: Only runs that read this snapshot or an earlier one.
    """
    labels: dict[str, tuple[str, int]] = {}
    for arm in reversed(arms):
        runs = find_runs(store, campaign, corpus, arm, up_to=up_to)
        if runs:
            table = queries.select_consensus(store, runs[-1]["run_id"])
            columns = (table[name].to_pylist() for name in ("clip_id", "label", "votes"))
            labels |= {
                clip_id: (label, votes)
                for clip_id, label, votes in zip(*columns, strict=True)
                if label is not None
            }
    return labels
