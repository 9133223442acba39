"""Ratings tables into matrices: repeats, pools and refusals."""

import numpy as np
import pyarrow as pa
import pytest

from annotation.errors import VoteError
from annotation.ratings import build_rating_matrix
from annotation.testing import fill_votes


def test_repeats_of_a_person_are_averaged() -> None:
    """Two ratings of one clip by one person are one entry, their mean."""
    rows = {"clip_id": ["a"] * 3, "annotator": ["kim", "kim", "lee"], "arousal": [1.0, 3.0, 5.0]}
    matrix = build_rating_matrix(fill_votes(rows), "arousal")
    assert matrix.rating.tolist() == [2.0, 5.0]
    assert matrix.count.tolist() == [1, 1]


def test_anonymous_ratings_add_up() -> None:
    """Equal anonymous ratings share an entry with their count, unequal ones stay apart."""
    rows = {"clip_id": ["a"] * 3, "arousal": [1.0, 1.0, 2.0], "count": [2, 3, 1]}
    matrix = build_rating_matrix(fill_votes(rows), "arousal")
    assert matrix.annotators == ("anonymous:testing:audio",)
    assert matrix.rating.tolist() == [1.0, 2.0]
    assert matrix.count.tolist() == [5, 1]
    assert matrix.pools().tolist() == [True]


def test_a_vote_twice_is_one_judgement() -> None:
    """Rows that repeat a vote id change nothing, even where nobody's name tells them apart."""
    table = fill_votes({"clip_id": ["a"] * 2, "arousal": [1.0, 1.0], "count": [2, 3]})
    matrix = build_rating_matrix(pa.concat_tables([table, table]), "arousal")
    assert matrix.count.tolist() == [5]


def test_rows_without_the_dimension_are_left_out() -> None:
    """A vote that rates another dimension is no rating here."""
    rows = {"clip_id": ["a", "b"], "arousal": [1.0, None], "valence": [None, 2.0]}
    assert build_rating_matrix(fill_votes(rows), "valence").clips == ("b",)


REFUSED = {
    "infinite": ({"arousal": [np.inf]}, r"`arousal` must be finite .* clip `a` has inf"),
    "nan": ({"arousal": [np.nan]}, r"`arousal` must be finite .* leave a missing rating null"),
    "count": ({"count": [0]}, r"`count` at least 1, but clip `a` has 1.0 with count 0"),
    "reserved": ({"annotator": ["anonymous:me"]}, r"`anonymous:me` bears the prefix"),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_a_bad_row_is_refused(change: dict[str, list[object]], message: str) -> None:
    """A row that is no rating is named with the remedy."""
    with pytest.raises(VoteError, match=message):
        build_rating_matrix(fill_votes({"clip_id": ["a"], "arousal": [1.0]} | change), "arousal")


def test_mixed_modalities_and_missing_columns_are_refused() -> None:
    """What is heard and what is seen are never averaged, and a table must have its columns."""
    rows = {"clip_id": ["a", "a"], "arousal": [1.0, 2.0], "modality": ["audio", "video"]}
    table = fill_votes(rows)
    with pytest.raises(VoteError, match=r"mixes the modalities \['audio', 'video'\]"):
        build_rating_matrix(table, "arousal")
    with pytest.raises(VoteError, match=r"`votes` lacks \['source'\]"):
        build_rating_matrix(table.drop_columns(["source"]), "arousal")
