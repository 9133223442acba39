"""Pretrained encoders for whatever reads one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ser.tiny_encoders import save_tiny


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the folder of a tiny encoder by the name of its family."""
    pytest.importorskip("transformers", reason="needs the extra `encoders`")
    saved: dict[str, Path] = {}

    def find(name: str) -> Path:
        if name not in saved:
            saved[name] = save_tiny(name, tmp_path_factory.mktemp(name))
        return saved[name]

    return find
