"""Reading a votes table into a vote matrix."""

import time

import numpy as np
import pyarrow as pa
import pytest

from annotation.errors import AnnotationError, VoteError
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix

CLASSES = ("calm", "joy")


def test_ids_are_sorted_and_cells_summed() -> None:
    """Clips and annotators ascend, and repeated responses become one cell with their count."""
    rows = {"clip_id": ["b", "a", "b"], "annotator": ["lee", "kim", "lee"]}
    matrix = build_vote_matrix(fill_votes(rows | {"label": ["joy", "calm", "joy"]}), CLASSES)
    assert matrix.clips == ("a", "b")
    assert matrix.annotators == ("kim", "lee")
    assert matrix.count.tolist() == [1, 2]
    assert matrix.class_counts().tolist() == [[1, 0], [0, 2]]
    assert matrix.annotator_counts().tolist() == [1, 2]
    assert matrix.clip_counts().tolist() == [1, 2]


def test_matrix_equals_a_dense_count() -> None:
    """The sparse cells hold what a plain loop over the rows counts."""
    votes = make_votes(CLASSES, clips=30, annotators=5, votes_per_clip=3, seed=2)
    matrix = votes.matrix()
    dense = np.zeros(matrix.shape, int)
    for row in votes.table.to_pylist():
        clip, annotator = row["clip_id"], row["annotator"]
        where = matrix.clips.index(clip), matrix.annotators.index(annotator)
        dense[(*where, CLASSES.index(row["label"]))] += row["count"]
    rebuilt = np.zeros(matrix.shape, int)
    rebuilt[matrix.clip_index, matrix.annotator_index, matrix.label_index] = matrix.count
    np.testing.assert_array_equal(rebuilt, dense)


def test_anonymous_counts_form_one_annotator_per_source() -> None:
    """Counts without annotator are pooled by source, apart from named annotators."""
    rows = {"clip_id": ["a"] * 3, "label": ["joy"] * 3, "annotator": [None, None, "kim"]}
    table = fill_votes(rows | {"source": ["x", "y", "x"], "count": [4, 5, 1]})
    matrix = build_vote_matrix(table, CLASSES)
    assert matrix.annotators == ("anonymous:x:audio", "anonymous:y:audio", "kim")
    assert matrix.count.tolist() == [4, 5, 1]


def test_rows_without_label_are_left_out() -> None:
    """A rating without a label is no vote, and a clip with ratings only is no item."""
    rows = {"clip_id": ["a", "b"], "label": ["joy", None], "arousal": [None, 0.5]}
    assert build_vote_matrix(fill_votes(rows), CLASSES).clips == ("a",)


def test_dictionary_columns_are_read() -> None:
    """Columns a Parquet reader dictionary-encoded, in chunks, read like plain ones."""
    plain = make_votes(CLASSES, clips=6, annotators=3).table
    label = plain.schema.get_field_index("label")
    encoded = plain.set_column(label, "label", plain["label"].dictionary_encode())
    chunked = pa.concat_tables([encoded.slice(0, 7), encoded.slice(7)])
    left, right = build_vote_matrix(plain, CLASSES), build_vote_matrix(chunked, CLASSES)
    np.testing.assert_array_equal(left.label_index, right.label_index)


REFUSED = {
    "label": ({"label": ["rage"]}, r"`rage` of clip `a` is none of the classes .* map the labels"),
    "count": ({"count": [0]}, r"`count` must be at least 1, but is 0 for the label `joy` of clip"),
    "reserved": ({"annotator": ["anonymous:me"]}, r"`annotator` `anonymous:me` bears the prefix"),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_a_bad_row_is_refused(change: dict[str, list[object]], message: str) -> None:
    """A row that is no judgement in these classes is named with the remedy."""
    table = fill_votes({"clip_id": ["a"], "label": ["joy"]} | change)
    with pytest.raises(VoteError, match=message):
        build_vote_matrix(table, CLASSES)


def test_an_id_of_two_votes_is_refused() -> None:
    """One id under which two different things were said is an error of the ledger."""
    rows = {"clip_id": ["a", "a"], "label": ["joy", "calm"], "vote_id": ["v", "v"]}
    with pytest.raises(VoteError, match=r"`vote_id` `v` names 2 different votes; give each"):
        build_vote_matrix(fill_votes(rows), CLASSES)


def test_mixed_modalities_are_refused() -> None:
    """What is heard and what is seen are never added up."""
    rows = {"clip_id": ["a", "a"], "label": ["joy"] * 2, "modality": ["audio", "video"]}
    with pytest.raises(VoteError, match=r"mixes the modalities \['audio', 'video'\]"):
        build_vote_matrix(fill_votes(rows), CLASSES)


@pytest.mark.parametrize("classes", [(), ("joy", "joy")], ids=["none", "repeated"])
def test_bad_classes_are_refused(classes: tuple[str, ...]) -> None:
    """A class list must name classes, each once."""
    with pytest.raises(AnnotationError, match="`classes` must name at least one class"):
        build_vote_matrix(fill_votes({"clip_id": []}), classes)


def test_a_missing_column_is_named() -> None:
    """A table of another shape is refused by what it lacks."""
    with pytest.raises(VoteError, match=r"`votes` lacks \['source'\]"):
        build_vote_matrix(fill_votes({"clip_id": []}).drop_columns(["source"]), CLASSES)


def test_a_null_id_is_refused() -> None:
    """A vote on nothing is refused."""
    table = make_votes(CLASSES, clips=2).table.drop_columns(["clip_id"])
    nulls = pa.nulls(table.num_rows, pa.string())
    with pytest.raises(VoteError, match=r"`clip_id` must be known for every vote, but 12 are null"):
        build_vote_matrix(table.append_column("clip_id", nulls), CLASSES)


def test_sixty_thousand_rows_build_quickly() -> None:
    """A corpus the size of CREMA-D builds in a fraction of a second (0.02 s when measured)."""
    votes = make_votes(CLASSES, clips=6000, annotators=100, votes_per_clip=10)
    start = time.process_time()
    build_vote_matrix(votes.table, CLASSES)
    assert time.process_time() - start < 1.0
