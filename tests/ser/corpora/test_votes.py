"""The vote table of a corpus is complete and checked."""

import pyarrow as pa
import pytest

from ser.corpora.records import VOTE_SCHEMA
from ser.corpora.votes import vote_table
from ser.errors import CorpusError

GOOD = {"native_id": ["a", "a"], "source_ref": ["1", "2"], "label": ["anger", "fear"]}


def test_absent_columns_are_filled():
    """Only ids, references and a judgement are needed."""
    table = vote_table(GOOD)
    assert table.schema == VOTE_SCHEMA
    assert table["count"].to_pylist() == [1, 1]
    assert table["annotator"].null_count == 2


def test_no_votes_are_a_table_too():
    """An empty table keeps its columns."""
    assert vote_table({"native_id": [], "source_ref": []}).num_rows == 0


def test_a_rating_alone_is_a_judgement():
    """A vote needs a label or one rating."""
    columns = {"native_id": ["a"], "source_ref": ["1"], "dominance": pa.array([3.0])}
    assert vote_table(columns)["dominance"].to_pylist() == [3.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"source_ref": ["1", "1"]}, "unique .*, '1' repeats", id="reference"),
        pytest.param({"count": [1, 0]}, "at least 1, got 0", id="count"),
        pytest.param({"modality": ["audio", "text"]}, r"got \['text'\]", id="modality"),
        pytest.param({"label": ["anger", None]}, "'2' has neither a `label`", id="nothing"),
    ],
)
def test_bad_column_is_refused(change, message):
    """The message names the column and the offender."""
    with pytest.raises(CorpusError, match=message):
        vote_table({**GOOD, **change})
