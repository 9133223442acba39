"""A mapping can be written without Python."""

import json

import pytest

from annotation.taxonomies import (
    BUILTIN,
    Split,
    TaxonomyError,
    TaxonomyMap,
    build_mapping,
    describe_mapping,
    read_mapping,
)

TOML = 'source = "a-2"\ntarget = "b-1"\nversion = 1\nclasses = ["x"]\n'


def test_toml_says_the_same_as_code() -> None:
    """A mapping of your own needs no Python."""
    text = TOML + 'drop = ["q"]\n[map]\np = "x"\n'
    assert read_mapping(text) == TaxonomyMap.of("a-2", "b-1", ["x"], {"p": "x", "q": None})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source = ", "is no TOML"),
        ('source = "a"', r"lacks \['target', 'version', 'classes'\]"),
        (TOML + "colour = 1", r"has \['colour'\]"),
        (TOML.replace("= 1", '= "1"'), "with a whole version"),
        (TOML + 'drop = ["p"]\n[map]\np = "x"', "`p` is ruled twice"),
        (TOML + "map = 1", "`map` must be a table"),
        (TOML + "[map]\np = 1", r"must lead to class names, but \['p'\]"),
        (TOML + 'drop = "p"', "must be a list of names"),
        (TOML + '[split.p]\nmap = {hi = "x"}', "`split.p` must have `column`"),
    ],
    ids=["toml", "missing", "unknown", "version", "twice", "no-table", "number", "drop", "split"],
)
def test_toml_that_is_no_mapping_is_refused(text: str, message: str) -> None:
    """The message names the key."""
    with pytest.raises(TaxonomyError, match=message):
        read_mapping(text)


def test_a_mapping_survives_json() -> None:
    """What a model stores of its mapping is enough to map by it again."""
    split = Split.of("level", {"HI": "x", "LO": None})
    own = TaxonomyMap.of("a-3", "b-1", ["x"], {"p": split, "q": None, "r": "x"}, version=2)
    for mapping in (own, *BUILTIN.values()):
        assert build_mapping(json.loads(json.dumps(describe_mapping(mapping)))) == mapping
