"""What a reading of a project's answers adds to the warehouse."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from annotation.imports.result import QUARANTINE_SCHEMA
from annotation.label_studio import (
    ParsedExport,
    parse_export,
    supersede,
    withdraw_deleted,
    withdraw_refused,
    withdraw_surplus,
)
from annotation.label_studio.items import find_clip
from annotation.label_studio.parse import SOURCE
from annotation.votes import VOTE_SCHEMA
from pipelines.collecting.reading import Reading
from pipelines.identity import digest
from pipelines.publishing.project import read_items
from pipelines.quarantine import examples_of
from pipelines.vote_tables import quarantine_rows
from warehouse import Warehouse, queries, schemas

_TASK_SCHEMA = pa.schema(
    [
        *(schemas.DELIVERIES.schema.field(name) for name in ("clip_id", "task_id")),
        pa.field("created_at", pa.timestamp("us", tz="UTC")),
        pa.field("updated_at", pa.timestamp("us", tz="UTC")),
    ]
)


@dataclass(frozen=True)
class News:
    """What one reading brought.

    Args:
        project: The project.
        is_full: Whether all of its tasks were read.
        rows: Rows by table; those the warehouse has already are among `remarks` alone.
        tasks: Tasks read.
        votes: Answers in them that are votes.
        abstentions: Skips, and answers that decline to decide.
        quarantined: Answers in them that cannot be believed, by reason.
        retracted: Answers withdrawn.
        vanished: Clips whose task is gone while their answers stand; known to full readings alone.
        missed: Rows that an earlier reading should have brought.
        examples: The first answer refused for each reason, in words.
    """

    project: str
    is_full: bool
    rows: Mapping[str, pa.Table]
    tasks: int
    votes: int
    abstentions: int
    quarantined: Mapping[str, int]
    retracted: int
    vanished: int
    missed: int
    examples: tuple[str, ...]

    @property
    def is_worth_a_commit(self) -> bool:
        """Return whether something was new, or everything was read, which is worth knowing too."""
        names = ("votes", "quarantine", "accounts", "deliveries")
        return self.is_full or any(self.rows[name].num_rows for name in names)


def find_news(store: Warehouse, reading: Reading, accounts: pa.Table, new: pa.Table) -> News:
    """Compare what a server has with the warehouse.

    Args:
        store: The warehouse.
        reading: What the server has.
        accounts: Rows of `accounts` of the project, new ones among them.
        new: The new ones.
    """
    project = reading.project
    items = read_items(store, project.key)
    clips = _known_clips(store, project.corpus) if reading.tasks else frozenset()
    tasks = pa.Table.from_pylist(list(_ours(reading, clips, items)), schema=_TASK_SCHEMA)
    deliveries = queries.select_deliveries(store, project=project.key)
    ledger = _select_ledger(store, reading, tasks, deliveries)
    parsed = parse_export(
        reading.tasks,
        project=project.key,
        classes=project.classes,
        taxonomy=project.taxonomy,
        known_clips=clips,
        choices=project.choices,
        annotators=_as_dict(accounts, "user_id", "annotator"),
        items=items,
        authors=_as_dict(
            ledger.filter(pc.equal(ledger["source"], SOURCE)), "source_ref", "annotator"
        ),
    )
    deletions = withdraw_deleted(ledger, parsed.references, tasks, deliveries, project=project.key)
    retractions = pa.concat_tables(
        [
            deletions.retractions,
            withdraw_refused(ledger, parsed.quarantined),
            withdraw_surplus(ledger),
        ]
    )
    answers = pa.concat_tables([parsed.votes, parsed.abstentions.select(VOTE_SCHEMA.names)])
    fresh = supersede(answers, ledger, seen_at=reading.until, is_full=reading.is_full)
    votes = pa.concat_tables([fresh, retractions])
    quarantined = _as_imported(parsed)
    rows = {
        "votes": votes,
        "remarks": parsed.remarks,
        "quarantine": _unknown_quarantine(store, quarantined),
        "accounts": new,
        "deliveries": _new_deliveries(reading, tasks, deliveries),
        "collections": _collection(reading),
    }
    return News(
        project=project.key,
        is_full=reading.is_full,
        rows=rows,
        tasks=len(reading.tasks),
        votes=parsed.votes.num_rows,
        abstentions=parsed.abstentions.num_rows,
        quarantined=dict(Counter(quarantined["reason"].to_pylist())),
        retracted=retractions.num_rows,
        vanished=pc.count_distinct(deletions.untold["clip_id"]).as_py() if reading.is_full else 0,
        missed=_count_missed(reading, tasks, votes),
        examples=tuple(examples_of(quarantined)),
    )


def _known_clips(store: Warehouse, corpus: str) -> frozenset[str]:
    return frozenset(queries.select_clips(store, corpus=corpus)["clip_id"].to_pylist())


def _ours(
    reading: Reading, clips: Collection[str], items: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Give the tasks that ask about clips of the corpus; somebody may have imported others."""
    for task in reading.tasks:
        clip_id = find_clip(task.get("data"), items)
        if clip_id in clips:
            yield {
                "clip_id": clip_id,
                "task_id": task["id"],
                "created_at": datetime.fromisoformat(task["created_at"]),
                "updated_at": datetime.fromisoformat(task["updated_at"]),
            }


def _select_ledger(
    store: Warehouse, reading: Reading, tasks: pa.Table, deliveries: pa.Table
) -> pa.Table:
    """Return the ledger of the clips that were read; of every clip ever asked, if all were."""
    asked = set(tasks["clip_id"].to_pylist())
    if reading.is_full:
        asked |= set(deliveries["clip_id"].to_pylist())
    return queries.select_ledger(store, sorted(asked))


def _as_dict(table: pa.Table, key: str, value: str) -> dict[Any, str]:
    return dict(zip(table[key].to_pylist(), table[value].to_pylist(), strict=True))


def _as_imported(parsed: ParsedExport) -> pa.Table:
    """Return what is no vote as a file's reader hands it back, so that both file it alike."""
    rows = [{"source": SOURCE, "row": None} | row for row in parsed.quarantined.to_pylist()]
    return pa.Table.from_pylist(rows, schema=QUARANTINE_SCHEMA)


def _unknown_quarantine(store: Warehouse, quarantined: pa.Table) -> pa.Table:
    rows = quarantine_rows(quarantined)
    if not rows.num_rows:
        return rows
    known = queries.select_quarantine(store, source=SOURCE)["quarantine_id"].combine_chunks()
    return rows.filter(pc.invert(pc.is_in(rows["quarantine_id"], known)))


def _new_deliveries(reading: Reading, tasks: pa.Table, deliveries: pa.Table) -> pa.Table:
    key = ["clip_id", "task_id"]
    new = (
        tasks.select(key)
        .join(deliveries.select(key), key, join_type="left anti")
        .sort_by([("task_id", "ascending")])
    )
    fixed = {"project": reading.project.key, "seen_at": reading.read_at}
    return pa.Table.from_pylist(
        [fixed | row for row in new.to_pylist()], schema=schemas.DELIVERIES.schema
    )


def _collection(reading: Reading) -> pa.Table:
    row = {
        "collection_id": digest(reading.project.key, reading.is_full, reading.read_at.isoformat()),
        "project": reading.project.key,
        "is_full": reading.is_full,
        "until": reading.until,
        "tasks": reading.state.tasks,
        "answers": reading.state.answers,
        "read_at": reading.read_at,
    }
    return pa.Table.from_pylist([row], schema=schemas.COLLECTIONS.schema)


def _count_missed(reading: Reading, tasks: pa.Table, votes: pa.Table) -> int:
    if not reading.is_full or reading.since is None:
        return 0
    since = pa.scalar(reading.since, pa.timestamp("us", tz="UTC"))
    old = tasks.filter(pc.less_equal(tasks["updated_at"], since))["clip_id"].combine_chunks()
    return int(pc.sum(pc.is_in(votes["clip_id"], old)).as_py() or 0)
