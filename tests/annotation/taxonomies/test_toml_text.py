"""A mapping can be written without Python."""

import pytest

from annotation.taxonomies import TaxonomyError, TaxonomyMap, read_mapping

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
