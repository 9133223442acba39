"""Users of a real server are made, known, kept out and let in, and never lose their votes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from annotation.errors import LabelStudioServerError
from annotation.label_studio.administration import Administrator
from annotation.label_studio.api import Api
from annotation.label_studio.browser import read_complaints, read_fields
from annotation.label_studio.users import (
    SIMULATED_DOMAIN,
    ServerUser,
    annotator_of,
    create_user,
    list_users,
    log_in,
    make_password,
    read_invitation,
)
from pipelines.label_studio.connect import connect
from pipelines.label_studio.identity import read_login
from pipelines.label_studio.places import find_places

if TYPE_CHECKING:
    from pipelines.settings import Settings

CONFIG = (
    "<View><Text name='t' value='$t'/>"
    "<Choices name='c' toName='t'><Choice value='a'/></Choices></View>"
)


def test_an_address_becomes_a_name_that_does_not_tell_it() -> None:
    """Case and blanks do not matter, and the address cannot be read off."""
    names = {annotator_of(text) for text in ("Ann@Example.org", " ann@example.org ")}
    assert names == {annotator_of("ann@example.org")}
    assert "ann@" not in names.pop()


def test_simulated_annotators_are_told_by_their_address() -> None:
    """Only who is at the simulated domain itself is simulated."""
    assert annotator_of(f"a@{SIMULATED_DOMAIN}").startswith("simulated-")
    assert annotator_of(f"a@not{SIMULATED_DOMAIN}").startswith("annotator-")


def test_passwords_are_long_and_never_the_same() -> None:
    """Two draws differ, and both satisfy the server's shortest length."""
    first, second = make_password(), make_password()
    assert first != second
    assert min(len(first), len(second)) >= 16


def test_a_form_is_read_as_a_browser_would_send_it() -> None:
    """Unchecked boxes, buttons and the token of the page stay out."""
    page = (
        '<input name="a" value="x &amp; y"><input type="checkbox" name="on" checked>'
        '<input type="checkbox" name="off"><input type="submit" name="_save" value="Save">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="t">'
    )
    assert read_fields(page) == {"a": "x & y", "on": "on"}
    assert read_complaints('<ul class="errorlist"><li>Too short.</li></ul><p>x</p>') == "Too short."


@pytest.fixture
def api(label_studio: "Settings") -> Iterator[Api]:
    """Return the server in its first user's name."""
    with connect(label_studio) as found:
        yield found


@pytest.fixture
def administrator(label_studio: "Settings", api: Api) -> Iterator[Administrator]:
    """Return its administration pages."""
    login = read_login(find_places(label_studio).login)
    assert login is not None
    with Administrator.by_password(api.url, login.username, login.password) as found:
        yield found


def make_user(api: Api, name: str = "") -> tuple[ServerUser, str]:
    """Make a user with an address of their own; return the password, too."""
    password = make_password()
    return create_user(api, f"U-{password}@example.org", password, name=name), password


@pytest.mark.slow
def test_a_new_user_is_listed_and_speaks_for_themselves(api: Api) -> None:
    """Name and address are as given, and what is sent after logging in is theirs."""
    user, password = make_user(api, "Ann van Bee")
    assert user.name == "Ann van Bee"
    assert user in list_users(api)
    with log_in(api.url, user.address.upper(), password) as own:
        assert (own.whoami().id, own.whoami().email) == (user.id, user.address)
    assert read_invitation(api).startswith(f"{api.url}/user/signup/?token=")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "password", "reason"),
    [
        ("admin@serloop.example", "long-enough-1", "already exists"),
        ("nobody", "long-enough-1", "valid email"),
        ("short@example.org", "1", "8–128 characters"),
    ],
)
def test_a_refused_account_says_why(api: Api, address: str, password: str, reason: str) -> None:
    """The server's own words are passed on, without the password."""
    before = list_users(api)
    with pytest.raises(LabelStudioServerError, match=reason) as refused:
        create_user(api, address, password)
    assert "long-enough-1" not in str(refused.value)
    assert len(list_users(api)) == len(before)


@pytest.mark.slow
def test_a_wrong_password_is_refused(api: Api) -> None:
    """The message names the address and not the password."""
    user, _ = make_user(api)
    with pytest.raises(
        LabelStudioServerError, match=f"does not let `{user.address}` in"
    ) as refused:
        log_in(api.url, user.address, "guess-guess")
    assert "guess-guess" not in str(refused.value)


@pytest.mark.slow
def test_a_deactivated_user_is_kept_out_and_keeps_votes_and_number(
    api: Api, administrator: Administrator
) -> None:
    """Neither a session nor a token works until the user is let in again; nothing else changes."""
    user, password = make_user(api, "Bo Li")
    project = api.send("POST", "/api/projects/", body={"title": "votes", "label_config": CONFIG})
    task = api.send("POST", "/api/tasks/", body={"data": {"t": "x"}, "project": project["id"]})
    path = f"/api/tasks/{task['id']}/annotations/"
    with log_in(api.url, user.address, password) as own:
        own.send("POST", path, body={"result": []})
        administrator.set_active(user.id, is_active=False)
        assert user.id in administrator.read_inactive()
        with pytest.raises(LabelStudioServerError, match="401 User inactive"):
            own.send("POST", path, body={"result": []})
    with pytest.raises(LabelStudioServerError, match="does not let"):
        log_in(api.url, user.address, password)
    assert [one["completed_by"] for one in api.get(path)] == [user.id]
    # When they were last seen is not theirs to keep.
    kept = next(one for one in list_users(api) if one.id == user.id)
    assert (kept.address, kept.name) == (user.address, "Bo Li")
    administrator.set_active(user.id, is_active=True)
    assert user.id not in administrator.read_inactive()
    with log_in(api.url, user.address, password) as own:
        assert own.whoami().id == user.id


@pytest.mark.slow
def test_only_superusers_administrate(api: Api, administrator: Administrator) -> None:
    """An annotator who opens the pages is told so, and so is one who names a user there is not."""
    user, password = make_user(api)
    with (
        Administrator.by_password(api.url, user.address, password) as own,
        pytest.raises(LabelStudioServerError, match="shown to superusers only"),
    ):
        own.set_active(1, is_active=False)
    with pytest.raises(LabelStudioServerError, match="for users there are"):
        administrator.set_active(10**6, is_active=False)


@pytest.mark.slow
def test_a_personal_access_token_administrates_too(api: Api) -> None:
    """A server that was adopted has no password of ours; a legacy token is refused in words."""
    user, _ = make_user(api)
    token = api.send("POST", "/api/token/")["token"]
    try:
        with Administrator.by_token(api.url, token) as own:
            own.set_active(user.id, is_active=False)
            assert user.id in own.read_inactive()
            own.set_active(user.id, is_active=True)
    finally:
        api.send("POST", "/api/token/blacklist/", body={"refresh": token})
    with pytest.raises(LabelStudioServerError, match="to no legacy token"):
        Administrator.by_token(api.url, "0" * 40)
