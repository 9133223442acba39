"""What Prometheus is told, read by its own parser."""

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families

from pipelines.observe.meters import Meters
from tests.pipelines.observe.views import BUSY, CALM, NIGHT, make_bad, make_calm


def read(meters: Meters) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return the value of each sample by its name and the values of its labels."""
    text, kind = meters.write("text/plain")
    assert kind.startswith("text/plain")
    return {
        (sample.name.removeprefix("serloop_"), tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_a_bad_morning_is_measured() -> None:
    """Services, runs, queue, votes, rounds, champions, drift and checks."""
    found = read(Meters(make_bad, lambda: BUSY))
    expected = {
        ("service_up", ("label-studio",)): 0,
        ("service_up", ("gateway",)): 1,
        ("source_up", ("warehouse",)): 1,
        ("queue_length", ("collect",)): 3,
        ("queue_length", ("round",)): 0,
        ("work_running", ("collect",)): 1,
        ("work_attempts", ("collect", "ravdess-00c0ffee")): 3,
        ("deployment_last_run_failed", ("ingest/urdu",)): 1,
        ("deployment_last_run_failed", ("ingest/ravdess",)): 0,
        ("deployment_last_success_timestamp_seconds", ("ingest/ravdess",)): NIGHT.timestamp(),
        ("runs_running", ()): 2,
        ("votes", ("ravdess", "label_studio")): 60,
        ("clips", ("ravdess",)): 1440,
        ("rounds", ("ravdess",)): 2,
        ("asks_open", ("ravdess",)): 20,
        ("new_votes", ("ravdess",)): 40,
        ("round_due", ("ravdess",)): 0,
        ("champion_uar", ("ravdess", "m-1")): 0.61,
        ("drift_alarm", ("ravdess", "snr")): 1,
        ("data_check_rows", ("clip_without_waveform",)): 4,
        ("disk_free_bytes", ()): 2e9,
    }
    assert {name: found.get(name) for name in expected} == expected


def test_what_cannot_be_read_is_left_out() -> None:
    """A gauge that keeps its last value would lie; one that says so is there instead."""
    blind = make_calm(facts=None, orchestration=None, rounds=())
    found = read(Meters(lambda: blind, lambda: CALM))
    assert found["source_up", ("warehouse",)] == found["source_up", ("prefect",)] == 0
    assert not [name for name, _ in found if name in {"votes", "rounds", "champion_uar"}]


def test_nothing_is_looked_at_before_somebody_asks() -> None:
    """A gateway starts whether or not everything else does."""

    def refuse() -> None:
        raise AssertionError

    Meters(refuse, refuse)  # type: ignore[arg-type]


def test_who_understands_openmetrics_gets_it() -> None:
    """As newer releases of Prometheus ask for it."""
    text, kind = Meters(make_bad, lambda: BUSY).write("application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert "serloop_service_up" in {family.name for family in read_open(text.decode())}
