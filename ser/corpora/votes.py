"""Build the vote table of a corpus: every column of `VOTE_SCHEMA`, checked once."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ser.corpora.records import VOTE_SCHEMA
from ser.errors import CorpusError

MODALITIES = ("audio", "video", "audiovisual")


def vote_table(columns: Mapping[str, Sequence[object] | pa.Array]) -> pa.Table:
    """Complete and check a vote table.

    Args:
        columns: `native_id` and `source_ref`, and any other column of `VOTE_SCHEMA`, each with
            one value a row. Absent columns become null, `modality` 'audio' and `count` 1.

    Returns:
        A table of `VOTE_SCHEMA`, rows in the given order.

    Raises:
        CorpusError: If a `source_ref` repeats, a `count` is below 1, a modality is unknown, or
            a row has neither a label nor a rating.

    Example:
        >>> table = vote_table({"native_id": ["a"], "source_ref": ["1"], "label": ["anger"]})
        >>> table.select(["modality", "count"]).to_pylist()
        [{'modality': 'audio', 'count': 1}]
    """
    rows = len(columns["native_id"])
    defaults = {"modality": "audio", "count": 1}
    arrays = [
        _array(columns.get(field.name), field.type, rows=rows, default=defaults.get(field.name))
        for field in VOTE_SCHEMA
    ]
    table = pa.table(arrays, schema=VOTE_SCHEMA)
    _check(table)
    return table


def _array(
    values: Sequence[object] | pa.Array | None, kind: pa.DataType, *, rows: int, default: object
) -> pa.Array | pa.ChunkedArray:
    if values is None:
        return pa.array([default] * rows, kind)
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.cast(kind)
    return pa.array(values, kind)


def _check(table: pa.Table) -> None:
    references = table["source_ref"]
    if len(pc.unique(references)) < table.num_rows:
        counts = pc.value_counts(references)
        repeated = counts.filter(pc.greater(pc.struct_field(counts, "counts"), 1))
        first = repeated.field("values")[0].as_py()
        raise CorpusError(f"`source_ref` must be unique within the corpus, '{first}' repeats")
    if table.num_rows and pc.min(table["count"]).as_py() < 1:
        raise CorpusError(f"`count` must be at least 1, got {pc.min(table['count']).as_py()}")
    unknown = set(pc.unique(table["modality"]).to_pylist()) - set(MODALITIES)
    if unknown:
        raise CorpusError(
            f"`modality` must be one of {MODALITIES}, got {sorted(map(str, unknown))}"
        )
    judged = table["label"].is_valid()
    for rating in ("arousal", "valence", "dominance"):
        judged = pc.or_(judged, table[rating].is_valid())
    if not pc.all(judged, min_count=0).as_py():
        first = references[pc.index(judged, False).as_py()].as_py()
        raise CorpusError(f"vote '{first}' has neither a `label` nor a rating")
