"""The votes of named annotators, in the order they were cast, with what each clip deserved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.aggregation.result import Consensus
from annotation.annotators.reference import leave_own_out
from annotation.columns import FloatArray, IntArray, as_int64
from annotation.errors import VoteError

_NEEDED: Final = ("clip_id", "annotator", "label")


@dataclass(frozen=True, slots=True, eq=False)
class Judgements:
    """V votes by A annotators on N clips in C classes, sorted by annotator, then time, then clip.

    Attributes:
        annotators: A ids, ascending.
        clips: N ids, ascending.
        classes: C class names.
        annotator_index: Who voted, (V,) int64, ascending.
        clip_index: On what, (V,) int64.
        label_index: What, (V,) int64.
        lead_time_s: Time taken as recorded, (V,) seconds; NaN where unknown. May be nonsense.
        cast_at_s: When, (V,) seconds since 1970; NaN where unknown.
        reference: P(class) of the clip without the vote itself, (V, C); NaN where nobody else
            voted on the clip, so that nothing can be said of the vote.
    """

    annotators: tuple[str, ...]
    clips: tuple[str, ...]
    classes: tuple[str, ...]
    annotator_index: IntArray
    clip_index: IntArray
    label_index: IntArray
    lead_time_s: FloatArray
    cast_at_s: FloatArray
    reference: FloatArray

    @property
    def shape(self) -> tuple[int, int]:
        """Return (A, C)."""
        return len(self.annotators), len(self.classes)

    def sum(self, values: FloatArray) -> FloatArray:
        """Sum values (V,) over each annotator, (A,)."""
        sums = np.bincount(self.annotator_index, values, len(self.annotators))
        return sums.astype(np.float64, copy=False)


def build_judgements(votes: pa.Table, consensus: Consensus) -> Judgements:
    """Join the votes of named annotators with a consensus on the same clips.

    Anonymous counts and votes without a label are left out, and so are votes on clips the
    consensus does not know. A person who gave a clip the same label twice voted once, at the
    earlier time.

    Args:
        votes: Columns `clip_id`, `annotator`, `label`, and where known `lead_time_s` and
            `cast_at`, as in the votes table.
        consensus: From any aggregator, on these votes or more.

    Returns:
        The judgements.

    Raises:
        VoteError: A column is missing, or a label is none of the consensus's classes.
    """
    table = _select(votes)
    clip = pc.index_in(table["clip_id"], value_set=pa.array(consensus.items, pa.string()))
    table = table.filter(pc.is_valid(clip))
    label = pc.index_in(table["label"], value_set=pa.array(consensus.classes, pa.string()))
    if label.null_count:
        unknown = table.filter(pc.is_null(label))["label"][0]
        msg = f"`label` `{unknown}` is none of the consensus's classes {list(consensus.classes)}"
        raise VoteError(msg)
    annotators = tuple(sorted(pc.unique(table["annotator"]).to_pylist()))
    who = as_int64(pc.index_in(table["annotator"], value_set=pa.array(annotators, pa.string())))
    what, clip_index = as_int64(label), as_int64(clip.drop_null())
    cast = np.asarray(table["cast_at"].to_numpy(), np.float64)
    lead = np.asarray(table["lead_time_s"].to_numpy(), np.float64)
    order = _first_of_each(who, clip_index, what, cast)
    who, clip_index, what = who[order], clip_index[order], what[order]
    return Judgements(
        annotators=annotators,
        clips=consensus.items,
        classes=consensus.classes,
        annotator_index=who,
        clip_index=clip_index,
        label_index=what,
        lead_time_s=lead[order],
        cast_at_s=cast[order],
        reference=leave_own_out(consensus, annotators, who, clip_index, what),
    )


def _select(votes: pa.Table) -> pa.Table:
    missing = [name for name in _NEEDED if name not in votes.column_names]
    if missing:
        msg = (
            f"`votes` lacks {missing}: it must have the columns {list(_NEEDED)}, "
            f"but has {votes.column_names}; pass rows of the votes table"
        )
        raise VoteError(msg)
    nothing = pa.nulls(votes.num_rows, pa.float64())
    columns = {name: votes[name].cast(pa.string()) for name in _NEEDED}
    columns["lead_time_s"] = nothing
    columns["cast_at"] = nothing
    if "lead_time_s" in votes.column_names:
        columns["lead_time_s"] = votes["lead_time_s"].cast(pa.float64())
    if "cast_at" in votes.column_names and not pa.types.is_null(votes["cast_at"].type):
        micros = votes["cast_at"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
        columns["cast_at"] = pc.divide(micros.cast(pa.float64(), safe=False), 1e6)
    table = pa.table(columns)
    kept = pc.and_(pc.is_valid(table["annotator"]), pc.is_valid(table["label"]))
    return table.filter(kept).combine_chunks()


def _first_of_each(who: IntArray, clip: IntArray, what: IntArray, cast: FloatArray) -> IntArray:
    """Return the rows in order of annotator, time and clip, without repeated answers."""
    by_answer = np.lexsort((cast, what, clip, who))
    is_new = np.ones(len(who), np.bool_)
    for values in (who, clip, what):
        is_new[1:] &= values[by_answer][1:] == values[by_answer][:-1]
    is_new[1:] = ~is_new[1:]
    kept = by_answer[is_new]
    return np.asarray(kept[np.lexsort((what[kept], clip[kept], cast[kept], who[kept]))])
