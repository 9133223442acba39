"""Taxonomies fix the names and the order of classes."""

import pytest

from ser.errors import ConfigurationError
from ser.labels import Taxonomy

FOUR = Taxonomy("urdu-4", ("anger", "happiness", "neutral", "sadness"))


def test_index_follows_the_order_of_the_classes():
    """The column of a class is its position in the list."""
    assert [FOUR.index(label) for label in FOUR.classes] == [0, 1, 2, 3]


def test_indices_keep_the_order_of_the_labels():
    """Labels are translated one by one."""
    assert FOUR.indices(["sadness", "anger", "sadness"]) == [3, 0, 3]


def test_membership_and_length_are_those_of_the_classes():
    """A taxonomy can be asked what it holds."""
    assert "neutral" in FOUR
    assert "calm" not in FOUR
    assert len(FOUR) == 4


def test_unknown_label_is_refused_with_the_classes():
    """The message names the label, the taxonomy and its classes."""
    with pytest.raises(ConfigurationError, match=r"`urdu-4` \['anger', .*, got 'joy'"):
        FOUR.index("joy")


@pytest.mark.parametrize(
    ("name", "classes", "message"),
    [
        pytest.param("", ("a",), "`name` of a taxonomy must not be empty", id="no name"),
        pytest.param("t", ("a", ""), r"`classes` of taxonomy `t` must be non-empty", id="blank"),
        pytest.param("t", ("a", "b", "a"), r"distinct, got \['a'\] repeatedly", id="repeated"),
    ],
)
def test_bad_definition_is_refused(name, classes, message):
    """A taxonomy with blank or repeated names cannot be made."""
    with pytest.raises(ConfigurationError, match=message):
        Taxonomy(name, classes)


def test_taxonomy_may_have_no_classes_yet():
    """A collection without labels has a taxonomy of length 0."""
    assert len(Taxonomy("calls-0", ())) == 0
