"""A row per clip says the same as many rows per clip."""

import numpy as np
import pyarrow as pa
import pytest

from annotation.errors import VoteError
from annotation.imports import (
    RawTable,
    VoteSource,
    read_annotator_columns,
    read_class_columns,
    read_csv,
    read_long_table,
)

CREMA_D = {
    "A": "anger",
    "D": "disgust",
    "F": "fear",
    "H": "happiness",
    "N": "neutral",
    "S": "sadness",
}


def test_annotator_columns_say_what_the_long_table_says(source, make_raw) -> None:
    """Melted or not, the same judgements get the same ids."""
    wide = read_csv(b"clip_id,ann,ben\nc1,joy,calm\nc2,,joy\n")
    long = [("c1", "ann", "joy"), ("c1", "ben", "calm"), ("c2", "ben", "joy")]
    rows = [dict(zip(("clip_id", "annotator", "label"), row, strict=True)) for row in long]
    melted = read_annotator_columns(wide, source)
    assert melted.votes.equals(read_long_table(make_raw(rows), source).votes)
    assert melted.quarantined.num_rows == 0


def test_a_bad_cell_is_found_by_row_and_annotator(source) -> None:
    """The other cells of its row still count."""
    raw = read_csv(b"clip_id,ann,ben\nc1,joy,calm\nc2,rage,joy\nc3\n")
    found = read_annotator_columns(raw, source)
    assert found.votes.num_rows == 3
    shown = found.quarantined.select(["row", "clip_id", "annotator", "reason"]).to_pylist()
    assert shown == [
        {"row": 2, "clip_id": "c2", "annotator": "ann", "reason": "unknown_label"},
        {"row": 3, "clip_id": None, "annotator": None, "reason": "broken_row"},
    ]


def test_annotator_columns_may_hold_ratings(source) -> None:
    """The same shape carries numbers, and only the columns asked for."""
    raw = read_csv(b"clip_id,ann,ben,remark\nc1,3,4.5,x\n")
    found = read_annotator_columns(raw, source, annotators=["ann", "ben"], holds="arousal")
    assert found.votes["arousal"].to_pylist() == [3.0, 4.5]
    assert found.ignored == ("remark",)


def test_class_columns_are_anonymous_counts(source) -> None:
    """Each positive count is a row; zero and blank say nothing."""
    found = read_class_columns(read_csv(b"clip_id,calm,joy\nc1,3,0\nc2,1,2\nc3,,1\n"), source)
    assert found.votes["annotator"].null_count == found.votes.num_rows
    assert found.votes.select(["clip_id", "label", "count"]).to_pylist() == [
        {"clip_id": "c1", "label": "calm", "count": 3},
        {"clip_id": "c2", "label": "calm", "count": 1},
        {"clip_id": "c2", "label": "joy", "count": 2},
        {"clip_id": "c3", "label": "joy", "count": 1},
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("c1,-1,2,1", "bad_count"),
        ("c1,1.5,2,3", "bad_count"),
        ("c1,x,2,2", "bad_count"),
        ("c1,0,0,0", "no_judgement"),
        ("c1,1,2,4", "wrong_total"),
        ("c1,1,2,many", "wrong_total"),
        (",1,2,3", "missing_clip_id"),
    ],
    ids=["negative", "half", "word", "none", "total", "no-total", "no-clip"],
)
def test_a_row_of_impossible_counts_is_refused_whole(row: str, reason: str, source) -> None:
    """Counts that contradict each other cannot be trusted one by one."""
    raw = read_csv(f"clip_id,calm,joy,n\n{row}\nc2,1,1,2\n".encode())
    found = read_class_columns(raw, source, total="n")
    assert set(found.votes["clip_id"].to_pylist()) == {"c2"}
    assert {entry["reason"] for entry in found.quarantined.to_pylist()} == {reason}
    assert {entry["row"] for entry in found.quarantined.to_pylist()} == {1}


def test_columns_that_are_not_there_are_refused(source, make_raw) -> None:
    """The message names the missing columns and those there are."""
    raw = make_raw([{"clip_id": "c1", "calm": 1}])
    with pytest.raises(VoteError, match=r"`columns` must name columns, but \['joy'\]"):
        read_class_columns(raw, source)
    with pytest.raises(VoteError, match=r"`annotators` must name columns, but \['eve'\]"):
        read_annotator_columns(raw, source, annotators=["eve"])
    with pytest.raises(VoteError, match="`annotators` must name columns"):
        read_annotator_columns(RawTable.of(pa.table({"clip_id": ["c1"]})), source)


def test_the_counts_of_crema_d_are_read_whole(serloop_data) -> None:
    """212,000 votes in three modalities, and every row adds up to what it states."""
    path = serloop_data / "crema-d-votes" / "processedResults" / "tabulatedVotes.csv"
    raw = read_csv(path.read_bytes())
    digits = np.array([int(text[0]) for text in raw.table[""].to_pylist()])
    modality = np.array(["", "audio", "video", "audiovisual"])[digits]
    table = raw.table.rename_columns({"fileName": "clip_id", "": "source_ref"})
    table = table.append_column("modality", pa.array(modality.tolist()))
    source = VoteSource("crema-d", "crema-d-6", tuple(CREMA_D.values()), CREMA_D, "crema-d/")
    found = read_class_columns(RawTable(table, raw.rows, raw.broken), source, total="numResponses")
    votes = found.votes
    assert (sum(votes["count"].to_pylist()), found.quarantined.num_rows) == (212_000, 0)
    heard = votes.filter(pa.array(np.array(votes["modality"].to_pylist()) == "audio"))
    assert sum(heard["count"].to_pylist()) == 68_568
