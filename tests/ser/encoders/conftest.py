"""Every family of pretrained encoders in turn."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ser.tiny_encoders import SAVERS

pytest.importorskip("transformers")


@pytest.fixture(params=SAVERS)
def any_tiny(request: pytest.FixtureRequest, tiny: Callable[[str], Path]) -> Path:
    """Return the folder of each family in turn."""
    return tiny(request.param)
