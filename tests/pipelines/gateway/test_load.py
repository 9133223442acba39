"""Many webhooks at once: none that was acknowledged is lost."""

from pathlib import Path

import pytest

from tests.benchmarks.gateway import run_load

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("is_killed", [False, True], ids=["steady", "killed in the middle"])
def test_what_is_acknowledged_is_handled(tmp_path: Path, *, is_killed: bool) -> None:
    """At 200 webhooks per second, also when the gateway is killed and started again."""
    load = run_load(tmp_path, rate=200, seconds=6, is_killed=is_killed)
    assert load.lost == 0
    assert load.handled == load.received >= load.acknowledged
    # While it starts nobody is answered, which polling makes up for.
    assert load.acknowledged > (load.sent / 4 if is_killed else 0.99 * load.sent)
