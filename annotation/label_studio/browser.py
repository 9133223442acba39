"""What a browser can do on a server and its API cannot: fill in forms, in a session of one user."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, Final

import httpx

from annotation.errors import LabelStudioServerError
from annotation.label_studio.api import TIMEOUT_S, is_loopback

_MOVED: Final = 302
_CSRF: Final = "csrftoken"


class Browser:
    """Open pages and send forms; a context manager.

    Args:
        url: Address of the server.
        access_token: Access token of a user who is logged in from the start; None for nobody.
    """

    def __init__(self, url: str, *, access_token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {access_token}"} if access_token else {},
            timeout=TIMEOUT_S,
            trust_env=not is_loopback(self.url),
        )

    def __enter__(self) -> Browser:
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

    def log_in(self, address: str, password: str) -> None:
        """Start a session.

        Args:
            address: The user's address.
            password: And password.

        Raises:
            LabelStudioServerError: If there is no answer, or both do not belong together.
        """
        self.open("/user/login/")
        answer = self.submit("/user/login/", {"email": address, "password": password})
        if answer.status_code != _MOVED:
            msg = (
                f"{self.url} does not let `{address}` in: another password is set there, or the "
                "account is deactivated or missing; `serloop people list` shows which"
            )
            raise LabelStudioServerError(msg, status=answer.status_code)

    def open(self, path: str, **query: str | int) -> httpx.Response:
        """Return a page, whatever its status.

        Raises:
            LabelStudioServerError: If there is no answer.
        """
        return self._send("GET", path, params=query or None)

    def read(self, path: str) -> Any:  # noqa: ANN401 - JSON is anything
        """Return the JSON that the user of the session gets.

        Raises:
            LabelStudioServerError: If there is no answer, or no JSON.
        """
        return self._decode(self.open(path), path)

    def post(self, path: str) -> Any:  # noqa: ANN401 - JSON is anything
        """Send nothing to a path of the API in the user's name; return the JSON of the answer.

        Raises:
            LabelStudioServerError: If there is no answer, a refusal, or no JSON.
        """
        token = self._client.cookies.get(_CSRF) or ""
        headers = {"X-CSRFToken": token, "Referer": f"{self.url}/"}
        return self._decode(self._send("POST", path, headers=headers), path)

    def submit(
        self, path: str, fields: Mapping[str, str], *, query: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a form whose page was opened before; a form that was accepted leads elsewhere.

        Raises:
            LabelStudioServerError: If there is no answer.
        """
        form = {"csrfmiddlewaretoken": self._client.cookies.get(_CSRF) or "", **fields}
        # Over HTTPS a form is refused unless it says which page it was on.
        headers = {"Referer": f"{self.url}/"}
        return self._send("POST", path, params=query, data=form, headers=headers)

    def _send(self, method: str, path: str, **given: Any) -> httpx.Response:  # noqa: ANN401
        try:
            return self._client.request(method, self.url + path, **given)
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            msg = f"{self.url} does not answer: {reason}; is it running?"
            raise LabelStudioServerError(msg) from error

    def _decode(self, answer: httpx.Response, path: str) -> Any:  # noqa: ANN401 - JSON is anything
        try:
            said = answer.json()
        except ValueError as error:
            msg = f"{self.url}{path} was answered by something that is not JSON"
            raise LabelStudioServerError(msg, status=answer.status_code) from error
        if not answer.is_success:
            detail = said.get("detail", "") if isinstance(said, dict) else ""
            msg = f"{self.url}{path} was refused: {answer.status_code} {detail}".rstrip()
            raise LabelStudioServerError(msg, status=answer.status_code)
        return said


def read_fields(page: str) -> Mapping[str, str]:
    """Return what a form would send as it stands, but for its buttons and its CSRF token.

    Args:
        page: HTML, from the form's beginning on.

    Example:
        >>> dict(read_fields('<input name="a" value="1&amp;2"><input type="checkbox" name="b">'))
        {'a': '1&2'}
    """
    reader = _Reader()
    reader.feed(page)
    return reader.fields


def read_complaints(page: str) -> str:
    """Return what a page says is wrong with the form that was sent.

    Example:
        >>> read_complaints('<ul class="field_errors"><li>Enter a valid address.</li></ul>')
        'Enter a valid address.'
    """
    reader = _Reader()
    reader.feed(page)
    return " ".join(reader.complaints)


class _Reader(HTMLParser):
    _NOT_SENT: Final = frozenset({"submit", "button", "reset"})

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.complaints: list[str] = []
        self._is_complaint = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "ul":
            lists = {"field_errors", "errorlist"}
            self._is_complaint = bool(lists & set((facts.get("class") or "").split()))
        name, kind = facts.get("name"), facts.get("type")
        if tag != "input" or not name or kind in self._NOT_SENT or name == "csrfmiddlewaretoken":
            return
        if kind != "checkbox":
            self.fields[name] = facts.get("value") or ""
        elif "checked" in facts:
            self.fields[name] = facts.get("value") or "on"

    def handle_endtag(self, tag: str) -> None:
        if tag == "ul":
            self._is_complaint = False

    def handle_data(self, data: str) -> None:
        if self._is_complaint and data.strip():
            self.complaints.append(data.strip())
