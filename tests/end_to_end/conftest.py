"""A small synthetic corpus for runs of the whole command."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from ser.corpora.synthetic import write_synthetic_corpus
from tests.sharing import DUCKDB_THREADS


@pytest.fixture(scope="module", autouse=True)
def threads_of_the_machine() -> Iterator[None]:
    """Let DuckDB take the threads that it takes elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(DUCKDB_THREADS, raising=False)
        yield


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of 24 clips: four speakers, six emotions, one sentence."""
    root = tmp_path_factory.mktemp("corpus") / "synthetic"
    write_synthetic_corpus(root, speakers=4, sentences=1, repetitions=1, seed=0)
    return root


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Return a source of moments, the same whenever this test runs."""
    return random.Random(request.node.name)
