"""The state of the gateway, for a person or a monitor."""

from pipelines.gateway.status import describe
from pipelines.gateway.wakes import Name, Wake
from pipelines.gateway.work import Work

DEMO = Work("collect", "demo", "demo", ("campaign-1", "campaign-2"))
QUIET = Work("collect", "quiet", "demo", ("campaign-3",))


def test_a_campaign_is_all_of_its_projects() -> None:
    """What waits is added up, the last collection is the latest, and failures have reasons."""
    told = [
        Wake("collect", "campaign-1", received=3, handled=1, done_at=100.0),
        Wake("collect", "campaign-2", received=5, handled=5, done_at=1_800_000_000.0),
        Wake("round", "campaign-2", received=1, attempts=2, failure="nobody has answered"),
    ]
    wakes = {Name(wake.kind, wake.project): wake for wake in told}
    found = describe(wakes, [DEMO, QUIET], [DEMO])
    assert (found["waiting"], found["running"]) == (3, [{"kind": "collect", "campaign": "demo"}])
    demo, quiet = found["campaigns"]
    assert demo == {
        "campaign": "demo",
        "project": "campaign-2",
        "waiting": 3,
        "collected_at": "2027-01-15T08:00:00+00:00",
        "failures": [{"kind": "round", "attempts": 2, "reason": "nobody has answered"}],
    }
    assert (quiet["waiting"], quiet["collected_at"], quiet["failures"]) == (0, None, [])
