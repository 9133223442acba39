"""Where the gateway is reached."""

from pathlib import Path

import pytest

from pipelines.gateway.places import backend_url, gateway_url, report_url, webhook_url
from pipelines.settings import Settings


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({}, "http://127.0.0.1:18090"),
        ({"host": "::", "port": 80}, "http://[::1]:80"),
        ({"host": "::1"}, "http://[::1]:18090"),
        ({"url": "https://labels.example.org/serloop/"}, "https://labels.example.org/serloop"),
    ],
)
def test_the_address_is_one_that_can_be_visited(section: dict[str, object], expected: str) -> None:
    """It names one machine, or is what the setting says."""
    assert gateway_url(Settings(gateway=section)) == expected


def test_addresses_tell_the_project() -> None:
    """What a webhook or a backend is about is told by where it is sent."""
    settings = Settings()
    assert webhook_url(settings, "campaign-1").endswith("/webhooks/label-studio?project=campaign-1")
    assert backend_url(settings, "campaign-1").endswith("/ml/campaign-1")


def test_a_report_is_where_it_can_be_opened(tmp_path: Path) -> None:
    """On the gateway where it serves it, at any spelling of its path; else as a file."""
    settings = Settings(home=tmp_path, gateway={"url": "https://labels.example.org/serloop/"})
    served = "https://labels.example.org/serloop/reports/my%20calls-001.html"
    assert report_url(settings, settings.reports / "my calls-001.html") == served
    assert report_url(settings, settings.reports / "x" / ".." / "my calls-001.html") == served
    inside = {"url": "http://gateway:18090", "public_url": "https://labels.example.org/serloop"}
    settings = Settings(home=tmp_path, gateway=inside)
    assert report_url(settings, settings.reports / "my calls-001.html") == served
    assert webhook_url(settings, "c").startswith("http://gateway:18090/")
    for path in (settings.reports / "deeper" / "page.html", tmp_path / "notes.txt"):
        assert report_url(settings, str(path)) == path.as_uri()
