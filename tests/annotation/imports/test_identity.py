"""Ids follow from content and source."""

import numpy as np
import pyarrow as pa

from annotation.imports.identity import (
    content_keys,
    content_references,
    number_among_equals,
    vote_ids,
)


def test_rows_have_equal_keys_only_if_they_are_equal() -> None:
    """Nothing is not the empty word, and cells do not run into each other."""
    left = pa.array(["ab", "a", None, "", "ab"])
    right = pa.array(["c", "bc", "x", "x", "c"])
    keys = content_keys([left, right]).to_pylist()
    assert len(set(keys)) == 4
    assert keys[0] == keys[4]


def test_equal_keys_are_numbered_in_order() -> None:
    """The first of its kind is number 1; a row without a key is like no other."""
    keys = pa.array(["b", "a", "b", None, "b", None, "a"])
    assert number_among_equals(keys).tolist() == [1, 1, 2, 1, 3, 1, 2]
    assert number_among_equals(pa.array([], pa.string())).tolist() == []


def test_references_and_ids_differ_where_rows_do() -> None:
    """Content and number make the reference, source and reference the id."""
    references = content_references(pa.array(["a", "a"]), np.array([1, 2])).to_pylist()
    assert [text[-2:] for text in references] == ["/1", "/2"]
    assert references[0][:16] == references[1][:16]
    ids = {*vote_ids("x", references).to_pylist(), *vote_ids("y", references).to_pylist()}
    assert len(ids) == 4
