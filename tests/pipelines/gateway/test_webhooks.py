"""Who may wake the gateway, with what, and that it does not forget."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from pipelines.gateway.keys import SECRET_HEADER
from tests.pipelines.gateway.running import ANSWER, KEY, Gateway
from tests.running import wait_for

MEBIBYTE = 1_048_576


@pytest.mark.parametrize("secret", [None, "", "wrong", "wröng"], ids=str)
def test_without_the_secret_nothing_is_taken(idle_gateway: Gateway, secret: str | None) -> None:
    """A missing, empty or wrong secret is refused, whatever the body, and nothing is noted."""
    headers = {} if secret is None else {SECRET_HEADER: secret.encode("latin-1")}
    assert idle_gateway.send(headers=headers).status_code == 401
    assert idle_gateway.send(headers=headers, json="no event").status_code == 401
    assert idle_gateway.status()["waiting"] == 0


def test_the_secret_of_one_door_does_not_open_another(idle_gateway: Gateway) -> None:
    """Every user of a Label Studio may read what webhooks send: it starts no round."""
    keys = idle_gateway.keys
    assert idle_gateway.send(headers={SECRET_HEADER: keys.password}).status_code == 401
    for path in (f"/ml/{KEY}/webhook", "/ml/webhook"):
        sent = httpx.post(
            idle_gateway.url + path, headers={SECRET_HEADER: keys.webhook}, json=ANSWER, timeout=30
        )
        assert sent.status_code == 401
    assert idle_gateway.send({"action": "START_TRAINING"}).json() == {"queued": False}
    assert (
        httpx.get(f"{idle_gateway.url}/status", auth=("serloop", keys.webhook)).status_code == 401
    )


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"action": 3}', 422),
        (b'{"action": ["ANNOTATION_CREATED"]}', 422),
        (b'{"action": "ANNOTATION_BURNT"}', 422),
    ],
    ids=["empty", "half", "no text", "deep", "list", "no action", "number", "nested", "unknown"],
)
def test_what_is_no_event_is_refused(idle_gateway: Gateway, content: bytes, status: int) -> None:
    """Malformed bodies are refused with a reason that repeats nothing of them."""
    refused = idle_gateway.send(content=content, json=None)
    assert refused.status_code == status
    assert "BURNT" not in refused.text
    assert idle_gateway.status()["waiting"] == 0


@pytest.mark.parametrize("project", ["", "../keys", "a" * 101, "a b", "campaign\n"])
def test_a_project_must_be_named_as_projects_are(idle_gateway: Gateway, project: str) -> None:
    """What cannot be a key of a project is not noted."""
    refused = idle_gateway.send(project=project)
    assert (refused.status_code, idle_gateway.status()["waiting"]) == (422, 0)
    assert "serloop gateway connect" in refused.json()["detail"]


def test_a_body_may_be_so_long_and_no_longer(idle_gateway: Gateway) -> None:
    """The last byte that is allowed is taken; one more is refused, declared or not."""
    longest = json.dumps(ANSWER).ljust(MEBIBYTE).encode()
    too_long = longest + b" "
    assert idle_gateway.send(content=longest, json=None).status_code == 202
    assert idle_gateway.send(content=too_long, json=None).status_code == 413
    assert idle_gateway.send(content=_pieces(longest), json=None).status_code == 202
    assert idle_gateway.send(content=_pieces(too_long), json=None).status_code == 413


def test_an_endless_body_is_not_read_to_its_end(idle_gateway: Gateway) -> None:
    """Whoever never ends is cut off after the limit, and others are answered meanwhile."""
    with socket.create_connection(("127.0.0.1", idle_gateway.port), timeout=10) as line:
        head = f"POST /webhooks/label-studio HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: "
        head += f"{idle_gateway.keys.webhook}\r\nTransfer-Encoding: chunked\r\n\r\n"
        line.sendall(head.encode())
        with pytest.raises(ConnectionError):
            _send_for_ever(line)
    assert idle_gateway.is_well()


def test_a_declared_length_is_refused_before_it_is_sent(idle_gateway: Gateway) -> None:
    """Nobody has to send a gigabyte to be told that it is too long."""
    with socket.create_connection(("127.0.0.1", idle_gateway.port), timeout=10) as line:
        head = f"POST /webhooks/label-studio HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: "
        head += f"{idle_gateway.keys.webhook}\r\nContent-Length: {10**9}\r\n\r\n"
        line.sendall(head.encode())
        assert line.recv(12) == b"HTTP/1.1 413"


def test_answers_are_collected_soon_and_together(idle_gateway: Gateway) -> None:
    """A burst of webhooks is answered at once and leads to few collections."""
    told, collected = idle_gateway.counts()[0], len(idle_gateway.done())
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda _: idle_gateway.send(), range(40)))
    assert {(answer.status_code, answer.json()["queued"]) for answer in sent} == {(202, True)}
    wait_for(lambda: idle_gateway.counts() == (told + 40, told + 40))
    assert 1 <= len(idle_gateway.done()) - collected <= 20


def test_a_project_may_be_told_by_its_mark(idle_gateway: Gateway) -> None:
    """A webhook made by hand sends the project, whose description tells which one it is."""
    said = {"action": "ANNOTATION_UPDATED", "annotation": {"result": ["whatever"]}}
    said["project"] = {"id": 3, "description": f"Emotions.\nserloop project {KEY}"}
    assert idle_gateway.send(said, params={}).json() == {"queued": True}
    wait_for(lambda: idle_gateway.status()["waiting"] == 0)
    kept = "".join(
        path.read_text() for path in idle_gateway.home.glob("gateway/*") if path.is_file()
    )
    assert "whatever" not in kept


@pytest.mark.parametrize("action", ["TASKS_CREATED", "PROJECT_UPDATED", "LABEL_LINK_DELETED"])
def test_events_that_bring_no_answer_are_let_be(idle_gateway: Gateway, action: str) -> None:
    """A webhook for all actions may send what leads to nothing."""
    sent = idle_gateway.send({"action": action})
    assert (sent.status_code, sent.json()) == (202, {"queued": False})
    assert idle_gateway.status()["waiting"] == 0


def test_a_project_that_nobody_knows_is_let_be(idle_gateway: Gateway) -> None:
    """It is looked for, then said to be strange, and forgotten."""
    assert idle_gateway.send(project="campaign-99999999").status_code == 202
    wait_for(lambda: idle_gateway.status()["waiting"] == 0)
    assert "no campaign here has the project `campaign-99999999`" in idle_gateway.log
    assert {wake["project"] for wake in idle_gateway.status()["told"]} == {KEY}


def test_a_disk_that_is_full_is_said(idle_gateway: Gateway) -> None:
    """What cannot be written down is not accepted; later ones are."""
    secret = {SECRET_HEADER: idle_gateway.keys.webhook}
    told, folder = idle_gateway.counts()[0], idle_gateway.home / "gateway"
    aside = folder.rename(idle_gateway.home / "aside")
    folder.write_text("a file in the place of the folder")
    refused = idle_gateway.send(headers=secret)
    folder.unlink()
    aside.rename(folder)
    assert (refused.status_code, idle_gateway.send().status_code) == (503, 202)
    wait_for(lambda: idle_gateway.counts() == (told + 1, told + 1))


def _send_for_ever(line: socket.socket) -> None:
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    for _ in range(10_000):
        line.sendall(piece)


def _pieces(content: bytes) -> Iterator[bytes]:
    """Give bytes piece by piece, so that their length is not declared."""
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]
