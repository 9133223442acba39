"""Fixtures every test folder shares."""

import os
from pathlib import Path

import pytest

# Two intra-op threads under contention can be several times slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def serloop_data() -> Path:
    """Return the folder of real corpora, or skip with the reason."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    root = Path(os.environ.get("SERLOOP_DATA", default))
    if not (root / "ravdess" / "MANIFEST.csv").is_file():
        pytest.skip(f"real data not found under `{root}`; set SERLOOP_DATA")
    return root
