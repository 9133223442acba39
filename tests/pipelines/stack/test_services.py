"""Which services there are, and where they are asked how they are."""

from pathlib import Path

from pipelines.settings import Settings
from pipelines.stack.services import Service, plan_services


def plan(**sections: object) -> dict[str, Service]:
    """Return the services of settings by name."""
    return {item.name: item for item in plan_services(Settings(home=Path("/data"), **sections))}


def test_a_label_studio_that_runs_elsewhere_is_not_ours() -> None:
    """It is looked at where it is, and no port of this machine is wanted for it."""
    found = plan(label_studio={"url": "https://labels.example/", "token": "t"})["label-studio"]
    assert (found.is_ours, found.port) == (False, None)
    assert found.health == "https://labels.example/health"


def test_a_gateway_behind_a_proxy_is_asked_itself() -> None:
    """People go to the address for others; a proxy that is down is no reason to start it again."""
    everywhere = "0.0.0.0"  # noqa: S104 - named, not bound
    section = {"url": "https://gate.example", "host": everywhere, "port": 1234}
    found = plan(gateway=section)["gateway"]
    assert found.url == "https://gate.example"
    assert found.health == "http://127.0.0.1:1234/health"


def test_a_gateway_at_an_address_of_version_6_is_asked_there() -> None:
    """Such an address stands in brackets."""
    assert (
        plan(gateway={"host": "::1", "port": 1234})["gateway"].health == "http://[::1]:1234/health"
    )
