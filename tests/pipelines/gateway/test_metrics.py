"""Metrics of a running gateway, read as Prometheus reads them."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.pipelines.gateway.running import Gateway
from tests.running import wait_for


def scrape(gateway: Gateway) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return the value of each sample by its name and the values of its labels."""
    answer = httpx.get(f"{gateway.url}/metrics", auth=gateway.login, timeout=60)
    assert answer.raise_for_status().headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name.removeprefix("serloop_"), tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_metrics_are_for_who_knows_the_password(idle_gateway: Gateway) -> None:
    """They name campaigns and models."""
    assert httpx.get(f"{idle_gateway.url}/metrics", timeout=60).status_code == 401


def test_what_is_done_is_counted(gateway: Gateway) -> None:
    """Webhooks, work that succeeds and work that fails, with how long it took."""
    before = scrape(gateway)
    assert before["work_seconds_count", ("collect", "done")] == 1
    gateway.send()
    gateway.send()
    wait_for(lambda: gateway.status()["waiting"] == 0)
    (gateway.home / "refuse").touch()
    gateway.send()
    wait_for(lambda: ("work_seconds_count", ("collect", "failed")) in scrape(gateway))
    after = scrape(gateway)
    assert after["webhooks_received_total", ("collect",)] == 3
    assert after["work_seconds_count", ("collect", "done")] > 1
    assert after["queue_length", ("collect",)] == 1
    assert after["work_attempts", ("collect", "campaign-00c0ffee")] >= 1
    paths = {name: value for name, value in after.items() if name[0] == "request_seconds_count"}
    assert paths["request_seconds_count", ("POST", "/webhooks/label-studio", "202")] == 3


def test_strange_requests_make_no_new_series(idle_gateway: Gateway) -> None:
    """Whatever is asked for, paths and methods that there are not are counted as one."""
    for name in ("a", "b"):
        httpx.request(f"X{name}".upper(), f"{idle_gateway.url}/{name}", timeout=60)
    found = [labels for name, labels in scrape(idle_gateway) if name == "request_seconds_count"]
    assert ("(other)", "(no such path)", "404") in found
    assert not [labels for labels in found if {"/a", "XA"} & set(labels)]


def test_looks_at_health_are_no_news(idle_gateway: Gateway) -> None:
    """The watch asks every few seconds: of that, only what is refused is written down."""
    before = len(idle_gateway.log)
    for path in ("/health", "/metrics", "/nowhere"):
        httpx.get(f"{idle_gateway.url}{path}", timeout=60)
    lines = [line for line in idle_gateway.log[before:].splitlines() if " GET " in line]
    told = [line.partition(" GET ")[2].rsplit(maxsplit=2)[0] for line in lines]
    assert [line for line in told if "/status" not in line] == [
        "/metrics 401",
        "(no such path) 404",
    ]
