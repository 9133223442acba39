"""What a mapping loses is counted."""

import numpy as np
import pytest

from annotation.taxonomies import (
    Split,
    TaxonomyError,
    TaxonomyMap,
    account,
    compile_mapping,
    find_mapping,
    map_votes,
)
from annotation.testing import fill_votes
from annotation.votes import build_vote_matrix

SIX = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")


FOUR = compile_mapping(find_mapping("crema-d-6", "emotion-4"), SIX)


MOODS = compile_mapping(find_mapping("crema-d-6", "valence-2"), SIX)


HEAT = compile_mapping(
    TaxonomyMap.of(
        "heat-2",
        "heat-3",
        ["cold", "hot", "calm"],
        {"anger": Split.of("level", {"HI": "hot", "LO": "cold", "XX": None}), "calm": "calm"},
    ),
    ["anger", "calm"],
)


def test_what_is_dropped_is_accounted_for() -> None:
    """Votes, clips and labels that go are named and counted."""
    rows = {"clip_id": ["a", "a", "b"], "label": ["anger", "fear", "disgust"], "count": [3, 2, 4]}
    mapped = map_votes(FOUR, build_vote_matrix(fill_votes(rows), SIX))
    assert (mapped.clips_lost, mapped.votes.clips) == (("b",), ("a",))
    assert (mapped.loss.votes, mapped.loss.dropped_votes) == (9, 6)
    assert mapped.loss.dropped_by_label == (("disgust", 4), ("fear", 2))
    assert mapped.loss.mapping == FOUR.name
    assert mapped.loss.sentences()[-1] == "6 of 9 votes are dropped"


def test_lost_distinctions_are_measured() -> None:
    """Merging two equally common labels loses a bit; merging nothing loses none."""
    even = account(MOODS, np.array([5, 0, 5, 0, 0, 0]))
    assert even.distinctions_lost == pytest.approx(np.log(2))
    assert even.merged_votes == 10
    assert account(FOUR, np.array([5, 1, 1, 5, 5, 5])).distinctions_lost == pytest.approx(0)
    assert np.isnan(account(FOUR, np.zeros(6, int)).distinctions_lost)


def test_counts_cannot_account_for_a_split() -> None:
    """Which way split votes went is known only to those who have the votes."""
    with pytest.raises(TaxonomyError, match="free of splits"):
        account(HEAT, np.array([1, 1]))
    rows = {"clip_id": ["a", "b"], "label": ["anger", "anger"], "count": [2, 3]}
    votes = build_vote_matrix(fill_votes(rows), ["anger", "calm"])
    mapped = map_votes(HEAT, votes, {"level": ["XX", "HI"]})
    assert (mapped.loss.votes, mapped.loss.dropped_votes) == (5, 2)
    assert mapped.loss.split == (("anger", "level"),)


def test_an_identity_changes_nothing_and_loses_nothing() -> None:
    """The corpus's own taxonomy is a mapping too."""
    loss = account(compile_mapping(TaxonomyMap.identity("a-2", ["y", "x"]), ["y", "x"]))
    assert (loss.dropped, loss.merged, loss.split, loss.sentences()) == ((), (), (), ())
