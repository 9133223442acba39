"""What Prometheus is told about a server: clips, batches, waits, refusals, streams and swaps."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder

WAIT_BUCKETS_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64)


class Meters:
    """Counts of one server; each has its own, so that several in a process do not mix."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry(auto_describe=False)
        self.requests = Histogram(
            "serloop_serving_request_seconds",
            "Time that a request took, by the pattern of its path.",
            ["method", "path", "status"],
            registry=registry,
            buckets=WAIT_BUCKETS_S,
        )
        self.clips = Counter("serloop_serving_clips", "Clips that were judged.", registry=registry)
        self.batch = Histogram(
            "serloop_serving_batch_clips",
            "Clips that were judged together.",
            registry=registry,
            buckets=BATCH_BUCKETS,
        )
        self.judge = Histogram(
            "serloop_serving_judge_seconds",
            "Time that the model took for a batch.",
            registry=registry,
            buckets=WAIT_BUCKETS_S,
        )
        self.wait = Histogram(
            "serloop_serving_wait_seconds",
            "Time that a clip waited for the model, of a request or a stream.",
            ["lane"],
            registry=registry,
            buckets=WAIT_BUCKETS_S,
        )
        self.refused = Counter(
            "serloop_serving_refused",
            "Requests and streams refused.",
            ["reason"],
            registry=registry,
        )
        self.heard = Counter(
            "serloop_serving_stream_seconds", "Sound heard in streams.", registry=registry
        )
        self.moments = Counter(
            "serloop_serving_moments", "Results told in streams.", registry=registry
        )
        self.swaps = Counter(
            "serloop_serving_swaps",
            "Times another model took over, `done` or `failed`.",
            ["outcome"],
            registry=registry,
        )
        self.model = Gauge(
            "serloop_serving_model_info", "What answers.", ["line", "model"], registry=registry
        )
        ProcessCollector(registry=registry)

    def watch(self, name: str, text: str, look: Callable[[], float]) -> None:
        """Have a number read whenever somebody asks.

        Args:
            name: Of the gauge, behind `serloop_serving_`.
            text: What it is.
            look: Returns it.
        """
        gauge = Gauge(f"serloop_serving_{name}", text, registry=self._registry)
        gauge.set_function(look)

    def tell_request(self, method: str, path: str, status: int, took_s: float) -> None:
        """Count a request, by the pattern of its path."""
        self.requests.labels(method, path, str(status)).observe(took_s)

    def tell_model(self, line: str | None, model_id: str) -> None:
        """Say what answers from now on."""
        self.model.clear()
        self.model.labels(line or "", model_id).set(1)

    def write(self, accept: str) -> tuple[bytes, str]:
        """Return the metrics as text, and its type.

        Args:
            accept: What the reader understands, as it says in its header.
        """
        encode, kind = choose_encoder(accept)
        return encode(self._registry), kind
