"""A tiny text encoder with random weights, and the real ones where they are installed."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from ser.text import encoder, recognition
from tests.ser.text.tiny import write_tiny_text


@pytest.fixture(scope="session")
def tiny_text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny BERT that knows single letters."""
    folder = tmp_path_factory.mktemp("text")
    write_tiny_text(folder)
    return folder


@pytest.fixture
def minilm() -> str:
    """Return the name of the bundled text encoder, or skip with the reason."""
    if find_spec(encoder.PACKAGE) is None:
        pytest.skip(f"`{encoder.PACKAGE}` of the extra [text] is not installed")
    return encoder.MINILM


@pytest.fixture
def tiny_en() -> str:
    """Return the name of the bundled recogniser, or skip with the reason."""
    for package in (recognition.PACKAGE, "faster_whisper"):
        if find_spec(package) is None:
            pytest.skip(f"`{package}` of the extra [transcripts] is not installed")
    return recognition.TINY_EN
