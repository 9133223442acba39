"""Two packages that may not know each other describe one table."""

import pytest

from annotation.votes import VOTE_SCHEMA

schemas = pytest.importorskip("warehouse.schemas")


def test_votes_have_the_warehouse_shape() -> None:
    """The shape annotation writes is the shape the warehouse stores."""
    assert VOTE_SCHEMA.equals(schemas.VOTES.schema)
