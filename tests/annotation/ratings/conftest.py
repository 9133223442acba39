"""Ratings that several test files read."""

import pytest

from tests.annotation.ratings.drawing import Drawn, draw


@pytest.fixture(scope="session")
def drawn() -> Drawn:
    """Provide one draw of 600 clips rated by 6 of 30 annotators, 120 ratings each."""
    return draw()
