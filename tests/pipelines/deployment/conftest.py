"""A real Prefect server."""

from collections.abc import Iterator

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.sorting import DeploymentSort, FlowRunSort
from prefect.testing.utilities import prefect_test_harness


@pytest.fixture(scope="package")
def server() -> Iterator[None]:
    """Run a Prefect server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        with prefect_test_harness(server_startup_timeout=120):
            yield


@pytest.fixture
def client(server: None) -> Iterator[SyncPrefectClient]:  # noqa: ARG001 - it has to run
    """Speak with the server, which has no deployment and no run yet."""
    with get_client(sync_client=True) as speaking:
        # A run that another test started once would not be started for this one.
        for run in speaking.read_flow_runs(limit=200, sort=FlowRunSort.ID_DESC):
            speaking.delete_flow_run(run.id)
        for item in speaking.read_deployments(limit=200, sort=DeploymentSort.NAME_ASC):
            speaking.delete_deployment(item.id)
        yield speaking
