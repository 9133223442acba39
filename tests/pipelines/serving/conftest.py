"""Servers of a model that was trained for a moment."""

from collections.abc import Iterator

import pytest

from tests.pipelines.places import Trained, borrow
from tests.pipelines.serving.running import Server, crown, run_server


@pytest.fixture
def crowned(trained: Trained) -> Trained:
    """Return a warehouse whose model is champion of its line."""
    crown(trained.settings, trained.model_id)
    return trained


@pytest.fixture(scope="module")
def server(trained_once: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that many tests talk to."""
    settings = borrow(trained_once.settings, tmp_path_factory.mktemp("served") / "home")
    crown(settings, trained_once.model_id)
    given = {"idle_s": 2, "largest_mb": 1, "longest_s": 20, "requests_per_min": 100_000}
    with run_server(settings, **given) as running:
        yield running
