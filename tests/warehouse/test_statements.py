"""SQL lives in files that say what they are for."""

from itertools import chain

import pytest

from warehouse.statements import Folder, list_statements, load_statement, read_purpose

_FOLDERS: tuple[Folder, ...] = ("migrations", "queries", "checks", "judged", "profiles")
_ALL = list(
    chain.from_iterable([(folder, name) for name in list_statements(folder)] for folder in _FOLDERS)
)


@pytest.mark.parametrize(("folder", "name"), _ALL, ids=["/".join(pair) for pair in _ALL])
def test_statement_opens_with_its_purpose(folder: Folder, name: str) -> None:
    """The opening comment is a sentence."""
    assert read_purpose(load_statement(folder, name)).endswith(".")


def test_missing_statement_is_an_error() -> None:
    """A name without a file is a programming error and says so."""
    with pytest.raises(FileNotFoundError, match="select_nothing"):
        load_statement("queries", "select_nothing")
