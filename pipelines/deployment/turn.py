"""One round at a time on all workers of a Prefect server."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import UUID

from prefect.client.schemas.objects import ConcurrencyLeaseHolder
from prefect.concurrency.sync import concurrency
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipelines.deployment.plan import ROUND_LIMIT

# The shortest that Prefect grants. Who makes a round renews it; a killed process does not.
LEASE_S = 60


@contextmanager
def take_turn(*, patience_s: float | None) -> Iterator[bool]:
    """Hold the one place for rounds that `serloop deploy` makes on the server.

    Where there is none, as on Prefect's temporary server, nobody waits.

    Args:
        patience_s: Seconds to wait for another round at most; None for as long as it takes.

    Yields:
        Whether the place was free in time.
    """
    place = concurrency(
        ROUND_LIMIT,
        timeout_seconds=patience_s,
        lease_duration=LEASE_S,
        holder=ConcurrencyLeaseHolder(type="flow_run", id=UUID(str(flow_run.id))),
        # A server that was away for a while is no reason to throw away hours of training.
        raise_on_lease_renewal_failure=False,
    )
    with ExitStack() as held:
        try:
            held.enter_context(place)
            is_ours = True
        except TimeoutError:
            get_run_logger().info("another round is being made; there will be another look")
            is_ours = False
        yield is_ours
