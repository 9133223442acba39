"""Reports that a running gateway serves, and all that it does not."""

import socket
from base64 import b64encode
from pathlib import Path

import httpx
import pytest

from pipelines.gateway.places import report_url
from pipelines.gateway.reports import find_report
from pipelines.settings import Settings
from tests.pipelines.gateway.running import Gateway

PAGE = "<!doctype html><title>Round 1</title>"


@pytest.fixture
def report(idle_gateway: Gateway) -> str:
    """Write a report, and return its address as others link to it."""
    settings = Settings(home=idle_gateway.home, gateway={"port": idle_gateway.port})
    path = settings.reports / "my campaign-001.html"
    path.parent.mkdir(exist_ok=True)
    path.write_text(PAGE, encoding="utf-8")
    return report_url(settings, path)


def test_a_report_is_for_who_knows_the_password(idle_gateway: Gateway, report: str) -> None:
    """It opens where links lead, and nobody else is told that it is there."""
    assert httpx.get(report, timeout=60).status_code == 401
    assert httpx.get(f"{idle_gateway.url}/reports/none.html", timeout=60).status_code == 401
    page = httpx.get(report, auth=idle_gateway.login, timeout=60)
    assert (page.status_code, page.text) == (200, PAGE)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "../gateway/keys.json",
        "..%2fgateway%2fkeys.json",
        "%2e%2e/gateway/keys.json",
        "..%2f..%2f..%2fetc%2fpasswd",
        "..%5cgateway%5ckeys.json",
        "../outside.html",
        "..%2foutside.html",
        "%2fetc%2fpasswd",
        "deeper/page.html",
        "link.html",
        ".hidden.html",
        "outside.html%00",
        "none.html",
        "",
        ".",
    ],
)
@pytest.mark.usefixtures("report")
def test_nothing_else_is_served(idle_gateway: Gateway, path: str) -> None:
    """Whatever is asked for, as it stands; no client tidies the path up before."""
    folder = Settings(home=idle_gateway.home).reports
    (folder.parent / "outside.html").write_text("outside", encoding="utf-8")
    (folder / ".hidden.html").write_text("outside", encoding="utf-8")
    (folder / "deeper").mkdir(exist_ok=True)
    (folder / "deeper" / "page.html").write_text("outside", encoding="utf-8")
    (folder / "link.html").unlink(missing_ok=True)
    (folder / "link.html").symlink_to(folder.parent / "outside.html")
    head, _, body = ask(idle_gateway, f"/reports/{path}").partition("\r\n\r\n")
    assert " 404 " in head.splitlines()[0]
    assert "outside" not in body
    assert idle_gateway.keys.password not in body


def ask(gateway: Gateway, path: str) -> str:
    """Send a request as it stands, and return the whole answer."""
    login = b64encode(":".join(gateway.login).encode()).decode()
    lines = [f"GET {path} HTTP/1.1", "Host: x", f"Authorization: Basic {login}"]
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as line:
        line.sendall(("\r\n".join([*lines, "Connection: close", "", ""])).encode())
        answer = b""
        while part := line.recv(65536):
            answer += part
    return answer.decode()


def test_a_folder_that_is_not_there_has_no_report(tmp_path: Path) -> None:
    """A home that has reported nothing yet is none to complain about."""
    assert find_report(tmp_path / "reports", "demo-000.html") is None
