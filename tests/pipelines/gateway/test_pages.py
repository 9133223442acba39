"""The status page of a running gateway."""

import httpx

from tests.pipelines.gateway.running import Gateway
from tests.running import wait_for


def test_the_page_is_for_who_knows_the_password(idle_gateway: Gateway) -> None:
    """A browser is asked for it."""
    refused = httpx.get(idle_gateway.url, timeout=60)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic")
    assert "serloop ·" not in refused.text


def test_the_page_tells_how_things_are(idle_gateway: Gateway) -> None:
    """It runs nothing, is kept by nobody and shown within no other page."""
    page = httpx.get(idle_gateway.url, auth=idle_gateway.login, timeout=60)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "What runs by itself" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_work_that_fails_is_at_the_top(hindered_gateway: Gateway) -> None:
    """With the reason, as soon as the gateway knows it."""
    gateway = hindered_gateway
    (gateway.home / "refuse").touch()
    gateway.send()
    wait_for(lambda: gateway.status()["campaigns"][0]["failures"])
    page = httpx.get(gateway.url, auth=gateway.login, timeout=60)
    assert "collect of 00c0ffee failed" in page.text
    assert "refused by the test" in page.text
