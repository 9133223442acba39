"""Clips that a round asks about: why, what people said, and how they sound."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.campaign import AUDIT_ARM, SEED_ARM, clips_of
from pipelines.flac import encode_flac
from pipelines.models import require_model
from pipelines.report.content import AskedClip
from warehouse import Warehouse, queries


def read_asked(
    store: Warehouse,
    asks: pa.Table,
    clips: pa.Table,
    votes: pa.Table,
    labels: Mapping[str, str | None],
    *,
    shown: int,
) -> tuple[AskedClip, ...]:
    """Return the clips of some asks, the most telling of every arm first and with sound.

    Args:
        store: The warehouse.
        asks: The asks of one round.
        clips: Clips of its corpus.
        votes: Votes to show beside them.
        labels: Decided label by clip.
        shown: How many have sound.
    """
    rows = sorted(asks.to_pylist(), key=lambda row: (-(row["utility"] or 0.0), row["ask_id"]))
    first = choose_shown(rows, shown)
    rest = [row for row in rows if row not in first]
    heard = sorted({row["clip_id"] for row in first})
    audio = {row["clip_id"]: row for row in queries.select_waveforms(store, heard).to_pylist()}
    facts = _rows_by_clip(clips, clips_of(asks))
    received = count_labels(votes)
    return tuple(
        AskedClip(
            clip_id=row["clip_id"],
            arm=row["arm"],
            utility=row["utility"],
            reason=row["reason"],
            votes=tuple(received.get(row["clip_id"], Counter()).most_common()),
            consensus=labels.get(row["clip_id"]),
            intended=facts[row["clip_id"]]["intended"],
            duration_s=facts[row["clip_id"]]["speech_end_s"]
            - facts[row["clip_id"]]["speech_start_s"],
            # One clip may be asked about by both arms, shown for one of them alone.
            audio=encode_flac(audio[row["clip_id"]]) if place < len(first) else None,
        )
        for place, row in enumerate((*first, *rest))
    )


def choose_shown(rows: Sequence[dict[str, Any]], shown: int) -> list[dict[str, Any]]:
    """Return the rows to show: of every arm one at least, and most of the active one.

    Args:
        rows: Asks of a round, in the order of their utility.
        shown: How many.

    Example:
        >>> rows = [{"arm": arm} for arm in ["active"] * 9 + ["random"] * 9 + ["audit"]]
        >>> [row["arm"] for row in choose_shown(rows, 6)]
        ['active', 'active', 'active', 'active', 'random', 'audit']
    """
    most = {
        SEED_ARM: shown,
        "active": shown * 2 // 3,
        "random": max(shown // 4, 1),
        AUDIT_ARM: max(shown // 12, 1),
    }
    chosen = [
        row
        for arm, count in most.items()
        for row in [row for row in rows if row["arm"] == arm][:count]
    ]
    return chosen[:shown]


def read_labels_of(store: Warehouse, model_ids: Sequence[str]) -> dict[str, str | None]:
    """Return the decided label of each clip that one of some models learned from."""
    labels: dict[str, str | None] = {}
    for model_id in model_ids:
        consensus = queries.select_consensus(store, require_model(store, model_id)["labels"])
        labels |= zip(consensus["clip_id"].to_pylist(), consensus["label"].to_pylist(), strict=True)
    return labels


def count_labels(votes: pa.Table) -> dict[str, Counter[str]]:
    """Return how often each label was given, by clip."""
    totals = votes.group_by(["clip_id", "label"]).aggregate([("count", "sum")])
    received: dict[str, Counter[str]] = {}
    for row in totals.sort_by("label").to_pylist():
        if row["label"] is not None:
            received.setdefault(row["clip_id"], Counter())[row["label"]] = row["count_sum"]
    return received


def _rows_by_clip(table: pa.Table, clip_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    chosen = table.filter(pc.is_in(table["clip_id"], pa.array(clip_ids, pa.string())))
    return {row["clip_id"]: row for row in chosen.to_pylist()}
