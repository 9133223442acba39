"""Two mappings one after the other are one."""

import pytest

from annotation.taxonomies import Split, TaxonomyError, TaxonomyMap, compose, find_mapping


def test_composition_is_one_mapping_after_the_other() -> None:
    """Every label ends where two steps would take it."""
    first = find_mapping("iemocap-10", "emotion-4")
    second = TaxonomyMap.of(
        "emotion-4",
        "mood-2",
        ["bad", "good"],
        {"anger": "bad", "sadness": "bad", "happiness": "good", "neutral": None},
    )
    both = compose(first, second)
    for label, rule in first.rules:
        assert both.rule(label) == (None if rule is None else second.rule(rule))
    assert (both.source, both.target) == ("iemocap-10", "mood-2")
    with pytest.raises(TaxonomyError, match="must map from `mood-2`, but maps from `iemocap-10`"):
        compose(second, first)


def test_composition_follows_splits() -> None:
    """A split by one column stays one, also where both steps split by it; two are refused."""
    split = Split.of("level", {"hi": "hot", "lo": "cold"})
    first = TaxonomyMap.of("a", "b", ["hot", "cold"], {"anger": split})
    level = Split.of("level", {"hi": "x", "lo": None})
    second = TaxonomyMap.of("b", "c", ["x", "y"], {"hot": level, "cold": "y"})
    assert compose(first, second).rule("anger") == Split.of("level", {"hi": "x", "lo": "y"})
    other = TaxonomyMap.of("b", "c", ["x"], {"hot": Split.of("age", {"7": "x"}), "cold": None})
    with pytest.raises(TaxonomyError, match="split by `level` and then by `age`"):
        compose(first, other)
