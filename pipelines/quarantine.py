"""Quarantine: what was found in the place of a vote and is none, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from annotation.imports import REASONS
from pipelines.errors import PipelineError
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import has_warehouse, open_store
from warehouse import queries
from warehouse.schemas import QUARANTINE

_SHOWN = ("source", "row", "source_ref", "clip_id", "annotator", "reason", "detail")

_ORDER = ("source", "row", "source_ref", "quarantine_id")


@dataclass(frozen=True, eq=False)
class Quarantine:
    """The rows that are no votes.

    Args:
        table: Rows of `quarantine`, by source, row and reference.
    """

    table: pa.Table

    def rows(self) -> Sequence[Row]:
        """Return one row per thing refused: where it stands, the reason, and what was found."""
        found: list[Row] = self.table.select(_SHOWN).to_pylist()
        return found

    def reasons(self) -> Sequence[Row]:
        """Return how many rows of each source were refused for each reason, the commonest first."""
        counted = self.table.group_by(["source", "reason"]).aggregate([([], "count_all")])
        order = [("source", "ascending"), ("count_all", "descending"), ("reason", "ascending")]
        return [
            {
                "source": group["source"],
                "reason": group["reason"],
                "rows": group["count_all"],
                "meaning": REASONS.get(group["reason"]),
            }
            for group in counted.sort_by(order).to_pylist()
        ]

    def document(self) -> dict[str, Sequence[Row]]:
        """Return all of it for a program."""
        return {"reasons": self.reasons(), "rows": self.rows()}

    def first(self, count: int) -> "Quarantine":
        """Return its first rows alone."""
        return Quarantine(self.table.slice(0, count))


def read_quarantine(
    settings: Settings, *, source: str | None = None, reason: str | None = None
) -> Quarantine:
    """Read what `serloop votes` and `serloop collect` could not take for a vote.

    Nothing is ever taken out: a row that was mended and imported again is a vote now, and what it
    was is still listed.

    Args:
        settings: Where the warehouse is.
        source: Only rows of this file, or `label-studio`.
        reason: Only rows refused for this reason, a key of `annotation.imports.REASONS`.

    Raises:
        PipelineError: If there is no such reason.
    """
    if reason is not None and reason not in REASONS:
        raise PipelineError(f"`reason` must be one of {', '.join(REASONS)}, got '{reason}'")
    if not has_warehouse(settings):
        return Quarantine(QUARANTINE.schema.empty_table())
    with open_store(settings) as store:
        table = queries.select_quarantine(store, source=source)
    if reason is not None:
        table = table.filter(pc.equal(table["reason"], reason))
    return Quarantine(table.sort_by([(name, "ascending") for name in _ORDER]))


def examples_of(quarantined: pa.Table) -> Iterator[str]:
    """Say in words what the first row refused for each reason is.

    Args:
        quarantined: `annotation.imports.QUARANTINE_SCHEMA`.
    """
    for reason in quarantined["reason"].unique().to_pylist():
        first = pc.index(quarantined["reason"], reason).as_py()
        row = quarantined.slice(first, 1).to_pylist()[0]
        where = row["source_ref"] if row["row"] is None else f"row {row['row']}"
        yield f"{where}: {reason}: {row['detail']}"


def listed(counts: Mapping[str, int]) -> str | None:
    """Write counts by name as one cell, the commonest first; None for none.

    Example:
        >>> listed({"unknown_clip_id": 1, "unknown_label": 12})
        '12 unknown_label, 1 unknown_clip_id'
    """
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{count} {name}" for name, count in ordered) or None
