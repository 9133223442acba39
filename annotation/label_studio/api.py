"""One Label Studio server over HTTP: tokens of both kinds, answers as JSON, refusals as errors.

Nothing is ever sent twice from here: an import that was carried out, but whose answer was lost,
would be carried out again. Who sends something decides what to do after a doubt.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import httpx

from annotation.errors import LabelStudioServerError

TokenKind = Literal["legacy", "personal access"]

TIMEOUT_S: Final = 30.0
# Access tokens live 300 s; a request that waits in a queue must still find its own alive.
_ACCESS_S: Final = 240.0
_UNAUTHORISED: Final = 401
_LONGEST_DETAIL: Final = 300


@dataclass(frozen=True, slots=True)
class User:
    """Whose token a server was shown.

    Attributes:
        id: Number of the user there.
        email: What the user logs in with.
    """

    id: int
    email: str


class Api:
    """Send requests to one server in one user's name; a context manager.

    Args:
        url: Address of the server, with the path it is served under if there is one.
        token: Legacy or personal access token; which of the two is told from its form.
        timeout_s: Seconds to wait for an answer unless a request says otherwise.

    Raises:
        LabelStudioServerError: The token cannot be sent in a header.
    """

    def __init__(self, url: str, token: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.url = url.rstrip("/")
        self.token_kind = kind = tell_token_kind(token)
        if not token.isascii() or not token.isprintable() or " " in token or not token:
            msg = f"the token for {self.url} must be one word in ASCII; copy it again"
            raise LabelStudioServerError(msg)
        auth: httpx.Auth = (
            _LegacyToken(token) if kind == "legacy" else _PersonalToken(self.url, token)
        )
        is_near = is_loopback(self.url)
        # It answers in two packets, and on a kept connection the second waits 40 ms for the first
        # to be acknowledged; a new connection on this machine costs nothing.
        headers = {"Connection": "close"} if is_near else None
        self._client = httpx.Client(
            auth=auth, timeout=timeout_s, trust_env=not is_near, headers=headers
        )

    def __enter__(self) -> Api:
        """Return this."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, **query: str | int) -> Any:  # noqa: ANN401 - JSON is anything
        """Ask for something; see `send`."""
        return self.send("GET", path, query=query)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: object = None,
        timeout_s: float | None = None,
    ) -> Any:  # noqa: ANN401 - JSON is anything
        """Send one request, once.

        Args:
            method: HTTP method.
            path: Path below the server's address, such as `/api/projects/`.
            query: Parameters of the address.
            body: What to send as JSON; None for nothing.
            timeout_s: Seconds to wait, if not as long as usual.

        Returns:
            The JSON of the answer; None where it is empty.

        Raises:
            LabelStudioServerError: There is no answer, it is a refusal, or it is no JSON.
        """
        span = httpx.USE_CLIENT_DEFAULT if timeout_s is None else timeout_s
        try:
            answer = self._client.request(
                method, self.url + path, params=query or None, json=body, timeout=span
            )
        except httpx.HTTPError as error:
            raise _unanswered(self.url, error) from error
        return _decode(answer, f"{method} {self.url}{path}")

    def whoami(self) -> User:
        """Return the user whose token this is.

        Raises:
            LabelStudioServerError: The token is refused, or this is no Label Studio.
        """
        said = self.get("/api/current-user/whoami")
        try:
            return User(id=int(said["id"]), email=str(said["email"]))
        except (KeyError, TypeError, ValueError) as error:
            raise _stranger(self.url) from error

    def version(self) -> str:
        """Return the release of the server, such as `1.23.2`.

        Raises:
            LabelStudioServerError: It does not say, so this is no Label Studio.
        """
        said = self.get("/api/version")
        try:
            return str(said["release"])
        except (KeyError, TypeError) as error:
            raise _stranger(self.url) from error


class _LegacyToken(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._header = f"Token {token}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = self._header
        yield request


class _PersonalToken(httpx.Auth):
    """Exchange a personal access token for access tokens, which live five minutes."""

    requires_response_body = True

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self._access = ""
        self._until_s = 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        was_exchanged = time.monotonic() >= self._until_s
        if was_exchanged:
            self._keep((yield self._exchange()))
        request.headers["Authorization"] = f"Bearer {self._access}"
        answer = yield request
        if answer.status_code == _UNAUTHORISED and not was_exchanged:
            # It ended early: the server was restarted with another key, or gives shorter ones.
            self._keep((yield self._exchange()))
            request.headers["Authorization"] = f"Bearer {self._access}"
            yield request

    def _exchange(self) -> httpx.Request:
        return httpx.Request(
            "POST", f"{self._url}/api/token/refresh/", json={"refresh": self._token}
        )

    def _keep(self, answer: httpx.Response) -> None:
        if answer.status_code == _UNAUTHORISED:
            msg = (
                f"{self._url} refused the personal access token (401): it has expired or was "
                "revoked; make one there under Account & Settings"
            )
            raise LabelStudioServerError(msg, status=_UNAUTHORISED)
        said = _decode(answer, f"POST {self._url}/api/token/refresh/")
        if not isinstance(said, dict) or not isinstance(said.get("access"), str):
            raise _stranger(self._url)
        self._access = said["access"]
        self._until_s = time.monotonic() + _ACCESS_S


def tell_token_kind(token: str) -> TokenKind:
    """Tell a personal access token, which is a JSON web token, from a legacy one.

    Example:
        >>> tell_token_kind("0123456789abcdef0123456789abcdef01234567")
        'legacy'
        >>> tell_token_kind("eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl")
        'personal access'
    """
    head, *rest = token.split(".")
    if len(rest) != 2:
        return "legacy"
    try:
        said = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, ValueError):
        return "legacy"
    return "personal access" if isinstance(said, dict) and "alg" in said else "legacy"


def is_loopback(url: str) -> bool:
    """Return whether an address is this machine's, which no proxy has to do with.

    Example:
        >>> is_loopback("http://127.0.0.1:18080"), is_loopback("https://labels.example.org")
        (True, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_healthy(url: str, *, timeout_s: float = 5.0) -> bool:
    """Return whether something at an address answers as a Label Studio that is ready does.

    Any other answer, and none, is False; no token is sent.

    Args:
        url: Address of the server.
        timeout_s: Seconds to wait.
    """
    try:
        answer = httpx.get(
            f"{url.rstrip('/')}/health", timeout=timeout_s, trust_env=not is_loopback(url)
        )
        return bool(answer.is_success and answer.json().get("status") == "UP")
    except (httpx.HTTPError, ValueError, AttributeError):
        return False


def _decode(answer: httpx.Response, request: str) -> Any:  # noqa: ANN401 - JSON is anything
    if not answer.is_success:
        raise LabelStudioServerError(
            f"{request} was refused: {answer.status_code} {_detail(answer)}".rstrip(),
            status=answer.status_code,
        )
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError as error:
        msg = f"{request} was answered by something that is not JSON; is it a Label Studio?"
        raise LabelStudioServerError(msg) from error


def _detail(answer: httpx.Response) -> str:
    """Return what a refusal says, without its headers: they hold cookies."""
    try:
        said = answer.json()
    except ValueError:
        return ""
    if isinstance(said, dict) and "detail" in said:
        said = said.get("validation_errors") or said["detail"]
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return text[:_LONGEST_DETAIL]


def _unanswered(url: str, error: httpx.HTTPError) -> LabelStudioServerError:
    reason = str(error) or type(error).__name__
    return LabelStudioServerError(f"{url} does not answer: {reason}; is it running?")


def _stranger(url: str) -> LabelStudioServerError:
    return LabelStudioServerError(
        f"{url} does not answer as Label Studio does; correct the address"
    )
