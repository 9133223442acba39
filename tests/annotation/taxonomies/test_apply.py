"""Labels, votes and posteriors are mapped alike, and nothing goes missing unsaid."""

import numpy as np
import pyarrow as pa
import pytest

from annotation.taxonomies import (
    Split,
    TaxonomyError,
    TaxonomyMap,
    compile_mapping,
    find_mapping,
    map_labels,
    map_posterior,
    map_votes,
)
from annotation.testing import fill_votes, make_votes
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


def test_labels_are_translated_and_gaps_stay_gaps() -> None:
    """A dropped label and a missing one are both no label."""
    labels = pa.chunked_array([["anger", None], ["fear", "neutral"]])
    assert map_labels(FOUR, labels).to_pylist() == ["anger", None, None, "neutral"]
    assert map_labels(FOUR, []).to_pylist() == []
    with pytest.raises(TaxonomyError, match="label `bliss` is none of the classes"):
        map_labels(FOUR, ["anger", "bliss"])


def test_a_split_asks_another_column() -> None:
    """The same label becomes two classes, or none, by its clip's level."""
    labels = ["anger", "anger", "anger", "calm", None]
    levels = ["HI", "LO", "XX", "HI", "HI"]
    found = map_labels(HEAT, labels, {"level": levels})
    assert found.to_pylist() == ["hot", "cold", None, "calm", None]


def test_a_value_without_a_rule_matters_only_to_labels_that_ask() -> None:
    """Calm clips may have any level; an angry one must have a known one."""
    columns = {"level": ["??", None]}
    assert map_labels(HEAT, ["calm", None], columns).to_pylist() == ["calm", None]
    with pytest.raises(TaxonomyError, match="says nothing of `anger` where `level` is `None`"):
        map_labels(HEAT, ["calm", "anger"], columns)
    with pytest.raises(TaxonomyError, match="must hold 2 values of it, but holds none"):
        map_labels(HEAT, ["calm", "anger"])


def test_votes_equal_the_matrix_of_the_translated_table() -> None:
    """Mapping the matrix is mapping every row and building it again."""
    votes = make_votes(SIX, clips=60, annotators=7, votes_per_clip=3, accuracy=0.5, seed=1)
    for compiled in (FOUR, MOODS):
        mapped = map_votes(compiled, votes.matrix())
        labels = map_labels(compiled, votes.table["label"])
        at = votes.table.schema.get_field_index("label")
        again = build_vote_matrix(votes.table.set_column(at, "label", labels), compiled.classes)
        for name in again.__slots__:
            assert np.array_equal(getattr(mapped.votes, name), getattr(again, name))


def test_votes_that_become_equal_add_up() -> None:
    """Two answers of one person that mean the same afterwards count twice."""
    rows = {"clip_id": ["a", "a"], "annotator": ["kim", "kim"], "label": ["anger", "fear"]}
    mapped = map_votes(MOODS, build_vote_matrix(fill_votes(rows), SIX))
    assert mapped.votes.count.tolist() == [2]


def test_posteriors_are_summed_and_scaled() -> None:
    """Merged columns add up; what dropped classes held is reported, not shared out unsaid."""
    posterior = np.array([[0.2, 0.1, 0.1, 0.3, 0.2, 0.1], [0, 0.5, 0.5, 0, 0, 0]])
    found = map_posterior(FOUR, posterior)
    assert found.posterior[0] == pytest.approx(np.array([0.2, 0.3, 0.2, 0.1]) / 0.8)
    assert found.dropped_mass == pytest.approx([0.2, 1.0])
    assert np.isnan(found.posterior[1]).all()
    halves = map_posterior(MOODS, posterior)
    assert halves.posterior[0] == pytest.approx([0.5, 0.5])
    assert halves.dropped_mass == pytest.approx([0, 0])


def test_the_opinion_of_a_minority_is_told_apart() -> None:
    """Where a dropped class leads, or ties, what is left is not what people said."""
    posterior = np.array([[0.4, 0, 0.6, 0, 0, 0], [0.5, 0, 0.5, 0, 0, 0], [0.6, 0, 0.4, 0, 0, 0]])
    assert map_posterior(FOUR, posterior).is_dropped.tolist() == [True, True, False]
    assert not map_posterior(MOODS, posterior).is_dropped.any()
    levels = {"level": ["XX", "XX"]}
    found = map_posterior(HEAT, np.array([[0.75, 0.25], [0.25, 0.75]]), levels)
    assert found.is_dropped.tolist() == [True, False]


def test_posteriors_are_split_by_clip() -> None:
    """Each row's mass goes where its own clip's column sends it."""
    posterior = np.array([[0.75, 0.25], [0.75, 0.25]])
    found = map_posterior(HEAT, posterior, {"level": ["HI", "XX"]})
    assert found.posterior.tolist() == [[0.0, 0.75, 0.25], [0.0, 0.0, 1.0]]
    assert found.dropped_mass.tolist() == [0.0, 0.75]
    with pytest.raises(TaxonomyError, match=r"`level` is `\?`"):
        map_posterior(HEAT, posterior, {"level": ["HI", "?"]})


def test_other_classes_are_refused() -> None:
    """A mapping compiled for one list of classes is not applied to another."""
    votes = make_votes(["calm", "joy"]).matrix()
    with pytest.raises(TaxonomyError, match="`votes` must be in the classes"):
        map_votes(FOUR, votes)
    with pytest.raises(TaxonomyError, match="must have 6 columns, but has 2"):
        map_posterior(FOUR, np.full((1, 2), 0.5))


def test_votes_may_all_go() -> None:
    """A matrix of dropped votes is an empty one."""
    rows = {"clip_id": ["a"], "label": ["fear"]}
    mapped = map_votes(FOUR, build_vote_matrix(fill_votes(rows), SIX))
    assert mapped.votes.shape == (0, 0, 4)
    assert mapped.clips_lost == ("a",)
