"""What Prometheus is told: counts of what this process did, and gauges of what there is to see."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from pipelines.gateway.wakes import Kind
from pipelines.observe.overview import Overview

# Answers are collected in seconds; rounds take minutes to hours.
WORK_BUCKETS_S = (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
REQUEST_BUCKETS_S = (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)

REQUESTS = Histogram(
    "serloop_request_seconds",
    "Time that a request took, by the pattern of its path.",
    ["method", "path", "status"],
    registry=None,
    buckets=REQUEST_BUCKETS_S,
)
WEBHOOKS = Counter(
    "serloop_webhooks_received",
    "Events that asked for something to be done, noted on the disk.",
    ["kind"],
    registry=None,
)
WORK = Histogram(
    "serloop_work_seconds",
    "Time that a piece of work took, `done` or `failed`.",
    ["kind", "outcome"],
    registry=None,
    buckets=WORK_BUCKETS_S,
)
Sample = tuple[Mapping[str, str], float]


class Meters:
    """Everything Prometheus may ask a gateway for.

    Args:
        look: Gives what there is to see.
        describe: Gives what the gateway says of itself.
    """

    def __init__(
        self, look: Callable[[], Overview], describe: Callable[[], Mapping[str, Any]]
    ) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        for collector in (REQUESTS, WEBHOOKS, WORK, _Seen(look, describe)):
            self._registry.register(collector)
        ProcessCollector(registry=self._registry)

    def write(self, accept: str) -> tuple[bytes, str]:
        """Return the metrics as text.

        Args:
            accept: What the reader understands, as it says in its header.

        Returns:
            The text, and its type.
        """
        encode, kind = choose_encoder(accept)
        return encode(self._registry), kind


class _Seen(Collector):
    """Gauges of what there is to see at the moment somebody asks."""

    def __init__(
        self, look: Callable[[], Overview], describe: Callable[[], Mapping[str, Any]]
    ) -> None:
        self._look = look
        self._describe = describe

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that whoever registers this does not look at everything."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return the gauges."""
        overview, gateway = self._look(), self._describe()
        yield _gauge("build_info", "The version.", [({"version": version("serloop")}, 1)])
        yield from _measure_gateway(gateway)
        yield from _measure_sources(overview)
        yield from _measure_runs(overview)
        yield from _measure_loop(overview)
        yield from _measure_models(overview)


def _measure_gateway(gateway: Mapping[str, Any]) -> Iterable[Metric]:
    told = gateway["told"]
    kinds = get_args(Kind)
    waiting = {kind: _add_up(told, kind) for kind in kinds}
    busy = [work["kind"] for work in gateway["running"]]
    yield _gauge(
        "queue_length",
        "Events received and not yet handled.",
        [({"kind": kind}, waiting[kind]) for kind in kinds],
    )
    yield _gauge(
        "work_running",
        "Work that the gateway does now.",
        [({"kind": kind}, busy.count(kind)) for kind in kinds],
    )
    yield _gauge(
        "work_attempts",
        "How often work failed since it last succeeded.",
        [({"kind": wake["kind"], "project": wake["project"]}, wake["attempts"]) for wake in told],
    )
    yield _gauge(
        "work_last_success_timestamp_seconds",
        "When work last succeeded.",
        [
            ({"kind": wake["kind"], "project": wake["project"]}, wake["done_at"])
            for wake in told
            if wake["done_at"] is not None
        ],
    )


def _measure_sources(overview: Overview) -> Iterable[Metric]:
    yield _gauge(
        "service_up",
        "Whether a service of this machine is healthy.",
        [({"service": item.name}, item.state == "healthy") for item in overview.services],
    )
    yield _gauge(
        "source_up",
        "Whether that could be read which other metrics are made of.",
        [
            ({"source": "prefect"}, overview.orchestration is not None),
            ({"source": "warehouse"}, overview.facts is not None),
        ],
    )
    yield _gauge("disk_free_bytes", "Free on the disk of the home.", [({}, overview.disk.free)])
    yield _gauge("disk_size_bytes", "Size of the disk of the home.", [({}, overview.disk.total)])


def _measure_runs(overview: Overview) -> Iterable[Metric]:
    said = overview.orchestration
    if said is None:
        return
    yield _gauge("runs_running", "Flow runs that have begun.", [({}, len(said.running))])
    yield _gauge(
        "deployment_last_run_failed",
        "Whether the run of a deployment that ended last failed.",
        [
            ({"deployment": item.name}, item.last.is_broken)
            for item in said.deployments
            if item.last is not None
        ],
    )
    yield _gauge(
        "deployment_last_success_timestamp_seconds",
        "When a run of a deployment last succeeded.",
        _moments(("deployment", item.name, item.done_at) for item in said.deployments),
    )
    yield _gauge(
        "deployment_next_run_timestamp_seconds",
        "When a deployment runs next.",
        _moments(
            ("deployment", item.name, item.next.at if item.next else None)
            for item in said.deployments
        ),
    )


def _measure_loop(overview: Overview) -> Iterable[Metric]:
    facts = overview.facts
    if facts is None:
        return
    corpora = [({"corpus": row["corpus"]}, row) for row in facts.corpora]
    named = [({"campaign": item.campaign}, item) for item in facts.campaigns]
    stands = [({"campaign": item.campaign}, item) for item in overview.rounds]
    yield _gauge("clips", "Clips of a corpus.", [(of, row["clips"]) for of, row in corpora])
    yield _gauge(
        "votes",
        "Standing votes in the ledger.",
        [
            ({"corpus": corpus, "source": source}, count)
            for (corpus, source), count in (facts.votes or {}).items()
        ],
    )
    yield _gauge("rounds", "Rounds a campaign has asked.", [(of, it.rounds) for of, it in named])
    yield _gauge("clips_asked", "Clips it asked about.", [(of, it.asked) for of, it in named])
    yield _gauge("asks_open", "Those that lack a vote.", [(of, it.open) for of, it in named])
    yield _gauge(
        "new_votes", "Votes no model learned from.", [(of, it.new_votes) for of, it in stands]
    )
    yield _gauge(
        "round_due",
        "Whether the next round is due.",
        [(of, it.reason is not None) for of, it in stands],
    )
    yield _gauge(
        "data_check_rows",
        "Rows that a data check found; checks that pass are left out.",
        [({"check": check.name}, check.rows) for check in facts.failed_checks],
    )


def _measure_models(overview: Overview) -> Iterable[Metric]:
    facts = overview.facts
    if facts is None:
        return
    yield _gauge("models", "Models there are.", [({}, facts.models)])
    yield _gauge(
        "champion_uar",
        "UAR of the champion of a line on its test speakers.",
        [
            ({"line": line.line, "model": line.champion}, line.uar)
            for line in facts.lines
            if line.champion is not None and line.uar is not None
        ],
    )
    yield _gauge(
        "line_last_change_timestamp_seconds",
        "When the gate or a person last decided something.",
        [
            ({"line": line.line, "kind": line.kind}, line.changed_at.timestamp())
            for line in facts.lines
        ],
    )
    yield _gauge(
        "drift_alarm",
        "Whether the newest look at a corpus found that it drifted.",
        [({"corpus": it.corpus, "measure": it.measure}, it.is_alarm) for it in facts.drifts],
    )


def _gauge(name: str, text: str, samples: Iterable[Sample]) -> Metric:
    listed = list(samples)
    labels = list(listed[0][0]) if listed else []
    family = GaugeMetricFamily(f"serloop_{name}", text, labels=labels)
    for values, value in listed:
        family.add_metric(list(values.values()), float(value))
    return family


def _moments(items: Iterable[tuple[str, str, datetime | None]]) -> Iterable[Sample]:
    return [({label: name}, at.timestamp()) for label, name, at in items if at is not None]


def _add_up(told: Iterable[Mapping[str, Any]], kind: str) -> int:
    return sum(wake["received"] - wake["handled"] for wake in told if wake["kind"] == kind)
