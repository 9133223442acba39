"""Which rows fail which check: each row keeps the first reason, and nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.columns import IntArray
from annotation.imports.raw import RawTable
from annotation.imports.result import NOTE_SCHEMA, QUARANTINE_SCHEMA, REASONS

BoolArray = npt.NDArray[np.bool_]


@dataclass(slots=True, eq=False)
class Sieve:
    """Collects the failed checks of n rows.

    Attributes:
        source: Name of the votes' source.
        rows: Number of each row in its file, (n,).
        refused: Which rows have failed so far, (n,).
    """

    source: str
    rows: IntArray
    refused: BoolArray
    _found: list[tuple[IntArray, str, pa.Array]] = field(default_factory=list)
    _noted: list[tuple[IntArray, str, pa.Array]] = field(default_factory=list)

    @classmethod
    def over(cls, source: str, rows: IntArray) -> Self:
        """Begin with rows of which none has failed."""
        return cls(source, rows, np.zeros(len(rows), np.bool_))

    def refuse(self, reason: str, is_wrong: BoolArray, detail: Sequence[str | pa.Array]) -> None:
        """File the rows that fail a check and have failed none before.

        Args:
            reason: A code of `REASONS`.
            is_wrong: (n,).
            detail: Pieces of the sentence: texts, and columns of n cells to show.
        """
        at = np.flatnonzero(is_wrong & ~self.refused)
        if len(at):
            self._found.append((at, _known(reason), _compose(detail, at)))
            self.refused[at] = True

    def note(self, code: str, is_wrong: BoolArray, detail: Sequence[str | pa.Array]) -> None:
        """Say of rows that something was set aside; see `NOTES`."""
        at = np.flatnonzero(is_wrong)
        if len(at):
            self._noted.append((at, code, _compose(detail, at)))

    def quarantine(self, shown: Mapping[str, pa.Array]) -> pa.Table:
        """Return the refused rows, `QUARANTINE_SCHEMA`, by row.

        Args:
            shown: Columns of n cells to be found again by: of `source_ref`, `clip_id`,
                `annotator` those there are.
        """
        parts = [
            _fill(
                QUARANTINE_SCHEMA,
                {"row": pa.array(self.rows[at]), "detail": detail}
                | {name: column.take(pa.array(at)) for name, column in shown.items()},
                source=self.source,
                reason=reason,
            )
            for at, reason, detail in self._found
        ]
        return by_row(pa.concat_tables([QUARANTINE_SCHEMA.empty_table(), *parts]))

    def notes(self, vote_ids: pa.Array) -> pa.Table:
        """Return the notes on rows that are votes, `NOTE_SCHEMA`, by row.

        Args:
            vote_ids: Id of each row, null where it was refused, (n,).
        """
        parts = [
            _fill(
                NOTE_SCHEMA,
                {"row": pa.array(self.rows[at]), "detail": detail}
                | {"vote_id": vote_ids.take(pa.array(at))},
                source=self.source,
                code=code,
            )
            for at, code, detail in self._noted
        ]
        schema = pa.schema([entry.with_nullable(True) for entry in NOTE_SCHEMA])
        table = pa.concat_tables([schema.empty_table(), *(part.cast(schema) for part in parts)])
        return by_row(table.filter(pc.is_valid(table["vote_id"])).cast(NOTE_SCHEMA))


def broken_rows(raw: RawTable, source: str) -> pa.Table:
    """Return the records that are no rows as quarantined ones, `QUARANTINE_SCHEMA`."""
    columns = {"row": raw.broken["row"], "detail": raw.broken["detail"]}
    return _fill(QUARANTINE_SCHEMA, columns, source=source, reason=_known("broken_row"))


def by_row(table: pa.Table) -> pa.Table:
    """Order a table by row; rows of the file keep the order of the checks."""
    order = np.argsort(table["row"].fill_null(0).to_numpy(), kind="stable")
    return table.take(pa.array(order)).combine_chunks()


def _known(reason: str) -> str:
    if reason not in REASONS:
        msg = f"`{reason}` is no reason of `REASONS`; describe it there first"
        raise KeyError(msg)
    return reason


def _compose(pieces: Sequence[str | pa.Array], at: IntArray) -> pa.Array:
    chosen = pa.array(at)
    texts = [
        pa.repeat(pa.scalar(piece), len(at))
        if isinstance(piece, str)
        else piece.take(chosen).cast(pa.string())
        for piece in pieces
    ]
    return pc.binary_join_element_wise(
        *texts, "", null_handling="replace", null_replacement="nothing"
    )


def _fill(
    schema: pa.Schema, columns: Mapping[str, pa.Array | pa.ChunkedArray], **constants: str
) -> pa.Table:
    length = len(columns["row"])
    filled = {name: pa.repeat(pa.scalar(value), length) for name, value in constants.items()}
    filled |= columns
    return pa.table(
        {
            entry.name: filled[entry.name] if entry.name in filled else pa.nulls(length, entry.type)
            for entry in schema
        },
        schema,
    )
