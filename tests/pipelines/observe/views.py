"""Overviews as they are on a bad morning and on a good one."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.deployment.due import OpenRound
from pipelines.observe.facts import (
    CampaignFacts,
    DriftFacts,
    Facts,
    FailedCheck,
    LineFacts,
)
from pipelines.observe.overview import Disk, Overview
from pipelines.observe.prefect_server import Deployed, Orchestration, Run
from pipelines.stack.status import ServiceStatus

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
NIGHT = NOW - timedelta(hours=6)
WHY = "MissingCorpusError: `/corpora/urdu` is no folder; in stage `ingest`"
REFUSAL = "worse on gender=female: UAR .58 against .66"
CALM: Mapping[str, Any] = {"waiting": 0, "running": [], "campaigns": [], "told": []}
BUSY: Mapping[str, Any] = {
    "waiting": 3,
    "running": [{"kind": "collect", "campaign": "ravdess"}],
    "campaigns": [
        {
            "campaign": "ravdess",
            "project": "ravdess-00c0ffee",
            "waiting": 3,
            "collected_at": "2026-11-23T07:58:00+00:00",
            "failures": [{"kind": "collect", "attempts": 3, "reason": "<no> answer"}],
        }
    ],
    "told": [
        {
            "kind": "collect",
            "project": "ravdess-00c0ffee",
            "received": 8,
            "handled": 5,
            "attempts": 3,
            "done_at": 1_800_000_000.0,
        }
    ],
}


def make_run(name: str, kind: str, at: datetime = NIGHT, reason: str = "") -> Run:
    """Return a run of a flow."""
    return Run(name, kind.title(), kind, at, 240.0, reason, f"http://flows/{name}")


def make_deployed(name: str, last: Run | None, **others: Any) -> Deployed:
    """Return a deployment that is due at two each night."""
    due = make_run(name, "SCHEDULED", NOW + timedelta(hours=18))
    given = {"is_paused": False, "is_ready": True, "done_at": None, "next": due} | others
    return Deployed(name, "daily at 02:00 UTC", last=last, url="http://flows/x", **given)


GOOD = make_deployed("ingest/ravdess", make_run("a", "COMPLETED"), done_at=NIGHT)
BAD = make_deployed("ingest/urdu", make_run("b", "FAILED", reason=WHY))
LATE = make_deployed(
    "collect-all/scheduled", None, is_ready=False, next=make_run("c", "SCHEDULED", NIGHT)
)
CAMPAIGN = CampaignFacts("ravdess", "ravdess", 2, 80, 20)
STAND = OpenRound("ravdess", "ravdess", 1, 40, NIGHT, NOW + timedelta(days=3), None)
LINE = LineFacts("ravdess", "m-1", 0.61, 0.55, 0.67, "refused", "m-2", REFUSAL, NIGHT)
SERVICES = (
    ServiceStatus("prefect", "healthy", "http://127.0.0.1:4200", 11, NIGHT, 0),
    ServiceStatus("gateway", "healthy", "http://127.0.0.1:18090", 12, NIGHT, 0),
)


def make_calm(**changes: Any) -> Overview:
    """Return an overview in which all is well, but for what is given."""
    given = {
        "at": NOW,
        "services": SERVICES,
        "orchestration": Orchestration("http://flows", (GOOD,), (), ()),
        "facts": Facts(
            snapshot=3,
            corpora=({"corpus": "ravdess", "clips": 1440},),
            votes={("ravdess", "label_studio"): 60},
            models=2,
            campaigns=(CAMPAIGN,),
            lines=(LINE,),
        ),
        "rounds": (STAND,),
        "rounds_at": NOW,
        "making": frozenset[str](),
        "disk": Disk(80_000_000_000, 100_000_000_000),
        "errors": {},
    }
    return Overview(**(given | changes))


def make_bad() -> Overview:
    """Return an overview in which something of everything went wrong."""
    facts = make_calm().facts
    assert facts is not None
    broken = Facts(
        **{
            **vars(facts),
            "drifts": (DriftFacts("ravdess", "m-1", "snr", True, "9 dB less", NIGHT),),
            "failed_checks": (FailedCheck("clip_without_waveform", 4, "It cannot be heard."),),
        }
    )
    return make_calm(
        services=(*SERVICES, ServiceStatus("label-studio", "unhealthy", detail="no answer")),
        orchestration=Orchestration(
            "http://flows",
            (LATE, GOOD, BAD),
            (make_run("round-ravdess", "RUNNING"), make_run("approve-m-3", "PAUSED")),
            (make_run("round-demo", "CRASHED", reason="killed"),),
        ),
        facts=broken,
        disk=Disk(2_000_000_000, 100_000_000_000),
    )
