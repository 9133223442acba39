"""The classes that are taken for each other."""

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.metrics.confused_pairs import ConfusedPair, most_confused

CLASSES = ["anger", "calm", "joy"]
CONFUSION = np.array([[80, 5, 15], [0, 0, 2], [4, 4, 2]])


def test_rates_rank_a_rare_class_that_fails_first():
    """Two of two calm clips are worse than fifteen of a hundred angry ones."""
    assert most_confused(CONFUSION, CLASSES, limit=2) == (
        ConfusedPair("calm", "joy", 2, 1.0),
        ConfusedPair("joy", "anger", 4, 0.4),
    )


def test_counts_rank_what_costs_most_mistakes_first():
    """Fifteen clips are more than two."""
    found = most_confused(CONFUSION, CLASSES, by="clips")
    assert [(pair.truth, pair.prediction) for pair in found] == [
        ("anger", "joy"),
        ("anger", "calm"),
        ("joy", "anger"),
        ("joy", "calm"),
        ("calm", "joy"),
    ]


def test_ranking_equals_a_plain_sort_of_all_pairs():
    """Every pair that occurs is there once, worst first."""
    counts = np.random.default_rng(0).integers(0, 9, (5, 5))
    names = list("abcde")
    pairs = [
        (-counts[i, j] / counts[i].sum(), -counts[i, j], i, j)
        for i in range(5)
        for j in range(5)
        if i != j and counts[i, j]
    ]
    found = most_confused(counts, names, limit=99)
    assert [(names.index(p.truth), names.index(p.prediction)) for p in found] == [
        pair[2:] for pair in sorted(pairs)
    ]


def test_a_model_without_mistakes_confuses_nothing():
    """No pair is made up."""
    assert most_confused(np.diag([3, 4, 5]), CLASSES) == ()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": ["a"]}, r"each of the 1 `classes`, but has the shape \(3, 3\)"),
        ({"limit": 0}, "`limit` ≥ 1, but got `rate` and 0"),
        ({"by": "size"}, "but got `size` and 5"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments, message):
    """The message names the argument."""
    with pytest.raises(ConfigurationError, match=message):
        most_confused(CONFUSION, **{"classes": CLASSES, **arguments})
