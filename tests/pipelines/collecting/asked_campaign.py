"""A warehouse with a few clips that a campaign asks about in Label Studio."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from annotation.label_studio import InterfaceChoices
from pipelines.collecting.pull import PullResult, pull
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import queries
from warehouse.testing import make_rows

CAMPAIGN = "listen"
CLASSES = ("calm", "joy")
CLIPS = ("demo/a", "demo/b", "demo/c")


def write_campaign(
    settings: Settings,
    *keys: str,
    choices: InterfaceChoices | None = None,
    opened_at: datetime | None = None,
    clips: Sequence[str] = CLIPS,
) -> None:
    """Write clips, and a campaign that asks about them in projects, the newest last."""
    when = opened_at or datetime(2026, 11, 22, tzinfo=UTC)
    count = len(keys)
    rows = {
        "corpora": make_rows("corpora", corpus=["demo"], taxonomy=["demo-2"], classes=[CLASSES]),
        "clips": make_rows("clips", clip_id=list(clips), corpus=["demo"] * len(clips)),
    }
    if keys:
        rows["projects"] = make_rows(
            "projects",
            project=list(keys),
            campaign=[CAMPAIGN] * count,
            corpus=["demo"] * count,
            taxonomy=["demo-2"] * count,
            classes=[CLASSES] * count,
            choices=[json.dumps(asdict(choices or InterfaceChoices()))] * count,
            opened_at=[when] * count,
        )
    with open_store(settings) as store:
        store.commit(rows, message="campaign")


def read(settings: Settings, *, full: bool = False) -> PullResult:
    """Collect the campaign's answers."""
    return pull(settings, SilentProgress(), campaign=CAMPAIGN, full=full)


def table(settings: Settings, name: str, **choice: str) -> list[dict[str, Any]]:
    """Return the rows that one read of the warehouse gives."""
    with open_store(settings) as store:
        found: pa.Table = getattr(queries, name)(store, **choice)
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def standing(settings: Settings) -> list[tuple[str, str | None]]:
    """Return clip and label of the votes in force."""
    votes = table(settings, "select_effective_votes")
    return sorted(((row["clip_id"], row["label"]) for row in votes), key=str)


def count(settings: Settings) -> int:
    """Return the rows of the ledger."""
    return len(table(settings, "select_ledger"))
