"""A mapping is a record with a name that changes with its meaning."""

import pytest

from annotation.taxonomies import Split, TaxonomyError, TaxonomyMap

RULES = {"happy": "joy", "excited": "joy", "sad": "sadness", "other": None}


def make(**changes) -> TaxonomyMap:
    """Build a mapping of four labels to two."""
    given = {"source": "mine-4", "target": "two-2", "classes": ["joy", "sadness"], "rules": RULES}
    return TaxonomyMap.of(**(given | changes))


def test_the_order_of_rules_is_no_meaning() -> None:
    """Two people who write the same rules in another order get the same name."""
    assert make() == make(rules=dict(reversed(RULES.items())))
    assert len({make(), make()}) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"rules": RULES | {"other": "joy"}},
        {"classes": ["sadness", "joy"]},
        {"source": "yours-4"},
        {"rules": RULES | {"other": Split.of("level", {"hi": "joy", "lo": None})}},
    ],
    ids=["rule", "class-order", "source", "split"],
)
def test_another_meaning_is_another_name(changes) -> None:
    """A metric that names its mapping cannot be mistaken for one under another."""
    assert make(**changes).digest != make().digest


def test_a_version_is_in_the_name_but_not_in_the_hash() -> None:
    """The author counts versions; the hash tells whether anything changed."""
    assert make(version=2).digest == make().digest
    assert make(version=2).name != make().name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 0}, "version of at least 1"),
        ({"source": ""}, "must have a source"),
        ({"classes": ["joy", "joy", "sadness"]}, "`classes` of `mine-4`.*must be distinct"),
        ({"classes": ["joy", "sadness", "fear"]}, "exactly those the rules lead to"),
        ({"classes": ["joy"]}, r"lead to, \['joy', 'sadness'\], but are \['joy'\]"),
    ],
    ids=["version", "nameless", "repeated", "unreached", "unknown"],
)
def test_a_mapping_that_contradicts_itself_is_refused(changes, message: str) -> None:
    """Every class is reached, and every rule leads to one."""
    with pytest.raises(TaxonomyError, match=message):
        make(**changes)
