"""Let users in and keep them out, through the server's own administration pages.

Its API cannot: `is_active` is no field of it. A deactivated user cannot log in, is logged out at
the next request, and a token of theirs is refused with 401; number, address and annotations stay.
"""

from __future__ import annotations

import re
from types import TracebackType
from typing import Final

from annotation.errors import LabelStudioServerError
from annotation.label_studio.api import Api, tell_token_kind
from annotation.label_studio.browser import Browser, read_complaints, read_fields

_USERS: Final = "/admin/users/user/"
_LINK: Final = re.compile(r"/admin/users/user/(\d+)/change/")
# The server's own; a page beyond the last repeats the last one or is refused.
_USERS_A_PAGE: Final = 100
_MOVED, _FOUND = 302, 200


class Administrator:
    """The administration pages, opened by a superuser; a context manager.

    Args:
        browser: In which a superuser is logged in.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    @classmethod
    def by_password(cls, url: str, address: str, password: str) -> Administrator:
        """Log in as a superuser, such as the first user of a server of our own.

        Raises:
            LabelStudioServerError: If there is no answer, or the password is wrong.
        """
        browser = Browser(url)
        try:
            browser.log_in(address, password)
        except LabelStudioServerError:
            browser.close()
            raise
        return cls(browser)

    @classmethod
    def by_token(cls, url: str, token: str) -> Administrator:
        """Use a superuser's personal access token.

        Raises:
            LabelStudioServerError: If there is no answer, or the token is refused or a legacy one.
        """
        if tell_token_kind(token) == "legacy":
            msg = (
                f"{url} shows its administration to no legacy token; set a superuser's personal "
                "access token, or deactivate by hand under /admin/users/user/"
            )
            raise LabelStudioServerError(msg)
        with Api(url, token) as api:
            said = api.send("POST", "/api/token/refresh/", body={"refresh": token})
        return cls(Browser(url, access_token=str(said["access"])))

    def __enter__(self) -> Administrator:
        """Return this."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self._browser.close()

    def read_inactive(self) -> frozenset[int]:
        """Return the numbers of the users who are deactivated.

        Raises:
            LabelStudioServerError: If there is no answer, or the user is no superuser.
        """
        found: set[int] = set()
        for page in range(1, 1_000):
            answer = self._browser.open(_USERS, is_active__exact=0, p=page)
            if page > 1 and answer.status_code != _FOUND:
                break
            text = self._check(answer.status_code, answer.text)
            # Before the list there may be links to users who were changed a moment ago.
            numbers = {int(number) for number in _LINK.findall(text.partition("result_list")[2])}
            is_last = len(numbers) < _USERS_A_PAGE or numbers <= found
            found |= numbers
            if is_last:
                break
        return frozenset(found)

    def set_active(self, user_id: int, *, is_active: bool) -> None:
        """Let a user in, or keep one out; nothing else about the user changes.

        Args:
            user_id: The user's number.
            is_active: Whether the user may log in.

        Raises:
            LabelStudioServerError: If there is no answer, the user is no superuser, there is no
                such user, or the page refuses.
        """
        path = f"{_USERS}{user_id}/change/"
        answer = self._browser.open(path)
        page = self._check(answer.status_code, answer.text)
        fields = dict(read_fields(page.partition('id="user_form"')[2]))
        if "email" not in fields:
            msg = f"{self._browser.url}{path} has not the form of the release we know"
            raise LabelStudioServerError(msg)
        fields.pop("is_active", None)
        fields |= {"is_active": "on"} if is_active else {}
        sent = self._browser.submit(path, fields | {"_save": "Save"})
        if sent.status_code != _MOVED:
            reason = read_complaints(sent.text) or f"status {sent.status_code}"
            msg = f"{self._browser.url}{path} does not take the change: {reason}"
            raise LabelStudioServerError(msg, status=sent.status_code)

    def _check(self, status: int, page: str) -> str:
        if status != _FOUND:
            msg = (
                f"{self._browser.url}{_USERS} is shown to superusers only, and for users there "
                f"are (status {status}); deactivate by hand as one"
            )
            raise LabelStudioServerError(msg, status=status)
        return page
