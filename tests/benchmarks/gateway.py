"""Webhooks at a steady rate over HTTP: how soon the gateway answers, and whether it forgets any.

`python -m tests.benchmarks.gateway [--rate 200] [--seconds 30]` sends them from this process to
a gateway in another, on a connection each as Label Studio does, at set times whether or not the
ones before were answered. Then it does so again and kills the gateway in the middle (kill -9) and
starts it anew. What was acknowledged must be in its queue, and handled in the end. The work is
written down instead of done: collecting is measured elsewhere.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.gateway.keys import SECRET_HEADER
from tests.pipelines.gateway.running import ANSWER, Gateway, open_campaign, run_gateway
from tests.running import wait_for

KEYS = tuple(f"campaign-0000000{number}" for number in range(5))
# Label Studio waits one second, and never sends a webhook again.
PATIENCE_S = 1.0
ACCEPTED = b"HTTP/1.1 202"


@dataclass(frozen=True)
class Load:
    """What came of some webhooks.

    Args:
        sent: Webhooks sent.
        acknowledged: Those answered with 202 within a second.
        received: Those in the queue in the end.
        handled: Those whose work was done in the end.
        waits_s: Seconds from when each that was acknowledged was to be sent until its answer.
    """

    sent: int
    acknowledged: int
    received: int
    handled: int
    waits_s: np.ndarray

    @property
    def lost(self) -> int:
        """Return how many were acknowledged and not handled."""
        return max(self.acknowledged - self.handled, 0)

    def describe(self) -> str:
        """Return it in a line."""
        quantiles = np.percentile(1000 * self.waits_s, [50, 99, 100])
        p50, p99, most = (f"{value:.1f}" for value in quantiles)
        return (
            f"sent {self.sent}, acknowledged {self.acknowledged}, in the queue {self.received}, "
            f"handled {self.handled}, lost {self.lost}; answered in ms: p50 {p50}, p99 {p99}, "
            f"max {most}"
        )


def run_load(home: Path, *, rate: int, seconds: int, is_killed: bool) -> Load:
    """Send webhooks to a gateway of its own and wait until it has handled them.

    Args:
        home: A new home.
        rate: Webhooks per second.
        seconds: For how long.
        is_killed: Whether the gateway is killed and started again in the middle.
    """
    open_campaign(home, *KEYS)
    with run_gateway(home) as gateway:
        wait_for(lambda: len(gateway.done()) == len(KEYS))
        waits = asyncio.run(_send_all(gateway, rate, seconds, is_killed=is_killed))
        wait_for(lambda: gateway.status()["waiting"] == 0, 60)
        received, handled = gateway.counts()
    known = np.array([wait for wait in waits if wait is not None])
    return Load(len(waits), len(known), received, handled, known)


async def _send_all(
    gateway: Gateway, rate: int, seconds: int, *, is_killed: bool
) -> list[float | None]:
    count = rate * seconds
    requests = [_request(gateway, KEYS[number % len(KEYS)]) for number in range(count)]
    begin = time.perf_counter() + 0.5
    sending = [
        asyncio.create_task(_send(gateway.port, requests[number], begin + number / rate))
        for number in range(count)
    ]
    if is_killed:
        await asyncio.sleep(0.5 + seconds / 2)
        await asyncio.to_thread(_restart, gateway)
    return list(await asyncio.gather(*sending))


def _restart(gateway: Gateway) -> None:
    gateway.kill()
    gateway.start()


async def _send(port: int, request: bytes, at: float) -> float | None:
    """Send one at its time; return how long after that it was acknowledged, None if it was not."""
    await asyncio.sleep(max(at - time.perf_counter(), 0))
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(request)
                status = await reader.readexactly(len(ACCEPTED))
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return None
    return time.perf_counter() - at if status == ACCEPTED else None


def _request(gateway: Gateway, project: str) -> bytes:
    body = json.dumps(ANSWER)
    head = (
        f"POST /webhooks/label-studio?project={project} HTTP/1.1",
        "Host: gateway",
        f"{SECRET_HEADER}: {gateway.keys.webhook}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    return "\r\n".join([*head, "", body]).encode()


def main() -> None:
    """Measure both, and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=30)
    given = parser.parse_args()
    say: Callable[[str], None] = print
    with tempfile.TemporaryDirectory() as folder:
        for name, is_killed in (("steady", False), ("killed in the middle", True)):
            home = Path(folder) / str(is_killed)
            load = run_load(home, rate=given.rate, seconds=given.seconds, is_killed=is_killed)
            say(f"{name}: {load.describe()}")


if __name__ == "__main__":
    main()
