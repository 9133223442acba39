"""One server over HTTP: both kinds of token, and refusals in words."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from annotation.errors import LabelStudioServerError
from annotation.label_studio.api import Api, User, is_healthy, tell_token_kind

LEGACY = "0123456789abcdef0123456789abcdef01234567"
PERSONAL = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"

Answer = tuple[int, object]


@dataclass
class Server:
    """A server that answers as told, and remembers what it was asked."""

    answers: dict[str, Callable[[str], Answer]] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    """Run a server on this machine."""
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            said = self.headers.get("Authorization", "")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = self.path.partition("?")[0]
            told.asked.append((self.command, self.path, said))
            status, document = told.answers[path](said)
            is_text = isinstance(document, str)
            body = (document if is_text else json.dumps(document)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Set-Cookie", "sessionid=HUSH")
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{running.server_address[1]}"
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    yield told
    running.shutdown()
    running.server_close()


def say(status: int, document: object) -> Callable[[str], Answer]:
    """Return an answer that does not depend on who asks."""
    return lambda _: (status, document)


def test_a_legacy_token_is_sent_as_it_is(server: Server) -> None:
    """It goes into the header of every request, and `whoami` reads the user."""
    server.answers["/api/current-user/whoami"] = say(200, {"id": 7, "email": "a@b.org", "x": 1})
    with Api(f"{server.url}/", LEGACY) as api:
        assert api.token_kind == tell_token_kind(LEGACY)
        assert api.whoami() == User(7, "a@b.org")
    assert server.asked == [("GET", "/api/current-user/whoami", f"Token {LEGACY}")]


def test_a_personal_token_is_exchanged_once_and_again_when_it_ends(server: Server) -> None:
    """Requests share an access token; one that ended early is renewed without an error."""
    alive = {"access": 0}

    def exchange(_: str) -> Answer:
        alive["access"] += 1
        return 200, {"access": f"access-{alive['access']}"}

    def version(said: str) -> Answer:
        is_known = said == f"Bearer access-{alive['access']}"
        return (200, {"release": "1.23.2"}) if is_known else (401, {"detail": "expired"})

    server.answers |= {"/api/token/refresh/": exchange, "/api/version": version}
    with Api(server.url, PERSONAL) as api:
        assert (api.version(), api.version()) == ("1.23.2", "1.23.2")
        assert alive["access"] == 1
        # As after a restart of the server: what it gave before is worth nothing now.
        alive["access"] = 5
        assert api.version() == "1.23.2"
    assert alive["access"] == 6
    assert PERSONAL not in str(server.asked)


def test_a_revoked_personal_token_is_said(server: Server) -> None:
    """The message says where to make another, and does not hold the token."""
    server.answers["/api/token/refresh/"] = say(401, {"detail": "Token is blacklisted"})
    with (
        Api(server.url, PERSONAL) as api,
        pytest.raises(LabelStudioServerError, match="expired or was revoked; make one") as caught,
    ):
        api.whoami()
    assert caught.value.status == 401
    assert PERSONAL not in str(caught.value)


REFUSALS = {
    "detail": (400, {"detail": "No such thing.", "id": "x"}, "400 No such thing."),
    "fields": (
        400,
        {"detail": "Validation error", "validation_errors": {"title": ["too long"]}},
        '400 {"title": ["too long"]}',
    ),
    "page": (502, "<html>Bad gateway</html>", "502"),
}


@pytest.mark.parametrize(("status", "body", "said"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_says_what_and_why_without_its_headers(
    server: Server, status: int, body: object, said: str
) -> None:
    """Request, status and detail are in the message; cookies are not."""
    server.answers["/api/projects/"] = say(status, body)
    with Api(server.url, LEGACY) as api, pytest.raises(LabelStudioServerError) as caught:
        api.send("POST", "/api/projects/", body={"title": "x"})
    assert str(caught.value) == f"POST {server.url}/api/projects/ was refused: {said}"
    assert caught.value.status == status


def test_nothing_is_sent_twice(server: Server) -> None:
    """A failed import may have been carried out, so that it is not repeated from here."""
    server.answers["/api/projects/1/import"] = say(500, {"detail": "no"})
    with Api(server.url, LEGACY) as api, pytest.raises(LabelStudioServerError):
        api.send("POST", "/api/projects/1/import", query={"return_task_ids": "true"}, body=[])
    assert [path for _, path, _ in server.asked] == ["/api/projects/1/import?return_task_ids=true"]


@pytest.mark.parametrize("body", ["<html>Welcome</html>", [], {"other": 1}])
def test_something_else_at_the_address_is_recognised(server: Server, body: object) -> None:
    """Another program's page or JSON is no Label Studio."""
    server.answers["/api/version"] = say(200, body)
    with (
        Api(server.url, LEGACY) as api,
        pytest.raises(LabelStudioServerError, match=r"is it a Label Studio\?|not answer as Label"),
    ):
        api.version()


def test_no_answer_is_said() -> None:
    """The address is named, and there is no status."""
    with (
        Api("http://127.0.0.1:1", LEGACY) as api,
        pytest.raises(LabelStudioServerError, match=r"127\.0\.0\.1:1 does not answer: ") as caught,
    ):
        api.whoami()
    assert caught.value.status is None


def test_this_machine_is_reached_without_a_proxy(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that is set for the world would see the token, and could not reach the server."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    server.answers |= {
        "/api/version": say(200, {"release": "1"}),
        "/health": say(200, {"status": "UP"}),
    }
    with Api(server.url, LEGACY) as api:
        assert api.version() == "1"
    assert is_healthy(server.url)


@pytest.mark.parametrize("token", ["", "two words", "líne", "a\nb"])
def test_a_token_that_cannot_be_sent_is_refused_unseen(token: str) -> None:
    """It would otherwise fail deep inside, with the token in the message."""
    with pytest.raises(LabelStudioServerError, match=r"must be one word in ASCII; copy it again$"):
        Api("http://127.0.0.1:1", token)


@pytest.mark.parametrize("token", [LEGACY, "a.b.c", "e30.e30.x", "not-base64!.x.y", "{}.a.b"])
def test_only_a_web_token_is_taken_for_one(token: str) -> None:
    """Three parts are not enough: the first must be a head that names an algorithm."""
    assert tell_token_kind(token) == "legacy"


@pytest.mark.parametrize(
    ("status", "body"), [(503, {"status": "UP"}), (200, {"status": "DOWN"}), (200, "UP"), (200, [])]
)
def test_health_is_believed_in_one_form(server: Server, status: int, body: object) -> None:
    """Anything else at the address is not a server that is ready."""
    server.answers["/health"] = say(status, body)
    assert not is_healthy(server.url)
    assert not is_healthy("http://127.0.0.1:1")
