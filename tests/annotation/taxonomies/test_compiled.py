"""A mapping fits the classes it maps, each once."""

import pytest

from annotation.taxonomies import TaxonomyError, TaxonomyMap, compile_mapping

RULES = {"happy": "joy", "excited": "joy", "sad": "sadness", "other": None}
MAPPING = TaxonomyMap.of("mine-4", "two-2", ["joy", "sadness"], RULES)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["happy", "excited", "sad", "other", "bored"], r"lacks \['bored'\]"),
        (["happy", "excited", "sad"], r"has \['other'\] that are no classes"),
        (["happy", "happy", "excited", "sad", "other"], "one rule for each"),
    ],
    ids=["missing", "stranger", "repeated"],
)
def test_a_mapping_must_be_total(classes: list[str], message: str) -> None:
    """No label is dropped by forgetting it."""
    with pytest.raises(TaxonomyError, match=message):
        compile_mapping(MAPPING, classes)


def test_a_label_ruled_twice_is_refused() -> None:
    """Which rule holds must not depend on their order."""
    twice = TaxonomyMap("a", "b", 1, ("x",), (("p", "x"), ("p", None)))
    with pytest.raises(TaxonomyError, match=r"repeats \['p'\]"):
        compile_mapping(twice, ["p"])
