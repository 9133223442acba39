"""A Prefect server with a past, for reading only."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL
from prefect.testing.utilities import prefect_test_harness

from tests.pipelines.observe.prefect_history import write_history


@pytest.fixture(scope="module")
def prefect_url() -> Iterator[str]:
    """Run a Prefect server that remembers a night, and return the address of its API."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        with prefect_test_harness(server_startup_timeout=120):
            with get_client(sync_client=True) as client:
                write_history(client, datetime.now(UTC))
            yield str(PREFECT_API_URL.value())
