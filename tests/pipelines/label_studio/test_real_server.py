"""A real Label Studio is installed, started, known and ended as it should be."""

import html
import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from annotation.errors import LabelStudioServerError
from pipelines.errors import PipelineError
from pipelines.label_studio.connect import connect
from pipelines.label_studio.identity import read_login
from pipelines.label_studio.places import HOST, find_places
from pipelines.label_studio.process import is_claimed
from pipelines.label_studio.server import down, up
from pipelines.label_studio.status import read_status
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from tests.label_studio_server import (
    MARKS,
    real_settings,
    run_postgres,
    warm_settings,
)

pytestmark = MARKS
SILENT = SilentProgress()


@pytest.fixture
def warm(tmp_path: Path) -> Iterator[Settings]:
    """Return the settings of a server that starts within seconds, ended afterwards."""
    settings = warm_settings(tmp_path / "home")
    yield settings
    down(settings)


def test_the_server_answers_as_ours_and_says_no_secret(label_studio: Settings) -> None:
    """It is the pinned release, run by our process, and its log holds neither secret."""
    found = read_status(label_studio)
    assert (found.state, found.version, found.user) == (
        "running",
        "1.23.2",
        "admin@serloop.example",
    )
    places = find_places(label_studio)
    login = read_login(places.login)
    assert login is not None
    log = places.log.read_text()
    assert "GET /api/current-user/whoami" in log
    assert login.token not in log
    assert login.password not in log
    assert (places.data / "label_studio.sqlite3").stat().st_mode & 0o077 == 0


def test_the_server_listens_on_this_machine_alone(label_studio: Settings) -> None:
    """No address but the loopback one answers."""
    with socket.socket() as probe:
        probe.connect((HOST, label_studio.label_studio.port))
    # All of 127.0.0.0/8 is this machine; a server that listens on every address answers here.
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.2", label_studio.label_studio.port)) != 0


@contextmanager
def open_browser(settings: Settings) -> Iterator[httpx.Client]:
    """Give a browser that has opened the login page."""
    url = f"http://{HOST}:{settings.label_studio.port}"
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as browser:
        browser.get("/user/login/")
        yield browser


def send_form(browser: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Send a form as a browser does."""
    token = browser.cookies["csrftoken"]
    return browser.post(path, data={"csrfmiddlewaretoken": token, **fields})


def test_strangers_make_no_account(label_studio: Settings) -> None:
    """Whoever reaches the page still needs an invitation."""
    with open_browser(label_studio) as browser:
        fields = {"email": "x@y.org", "password": "long-enough-1"}
        assert send_form(browser, "/user/signup/", **fields).status_code == 403


def test_the_login_opens_the_browser_and_telemetry_is_off(warm: Settings) -> None:
    """The password logs in, and the server's own page of settings says what it would send."""
    up(warm, SILENT)
    login = read_login(find_places(warm).login)
    assert login is not None
    with open_browser(warm) as browser:
        fields = {"email": login.username, "password": login.password}
        assert send_form(browser, "/user/login/", **fields).status_code == 302
        shown = browser.get("/projects/").text
        # Last, and on a server of its own: from then on this release repeats all of its settings,
        # its secret key among them, in `/api/version`, to everybody, until it is started again.
        page = browser.get("/version/").text.removeprefix("<pre>").removesuffix("</pre>")
    settings = json.loads(html.unescape(page))["settings"]
    off = {
        "COLLECT_ANALYTICS": "False",
        "LATEST_VERSION_CHECK": "False",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "HOSTNAME": "",
    }
    assert {name: settings[name] for name in off} == off
    assert "ingest.sentry.io" not in shown


def test_audio_below_the_home_is_served_in_parts(label_studio: Settings) -> None:
    """A clip in the audio folder is heard through a local storage, from any second on."""
    places = find_places(label_studio)
    soundfile.write(places.audio / "tone.wav", np.zeros(1600, np.float32), 16000)
    data = (places.audio / "tone.wav").read_bytes()
    with connect(label_studio) as api:
        project = api.send("POST", "/api/projects/", body={"title": "audio"})["id"]
        storage = {"project": project, "path": str(places.audio), "use_blob_urls": True}
        api.send("POST", "/api/storages/localfiles/", body=storage)
        login = read_login(places.login)
        assert login is not None
        answer = httpx.get(
            f"{api.url}/data/local-files/?d=audio/tone.wav",
            headers={"Authorization": f"Token {login.token}", "Range": "bytes=44-143"},
            trust_env=False,
            timeout=30,
        )
        api.send("DELETE", f"/api/projects/{project}/")
    assert (answer.status_code, answer.content) == (206, data[44:144])


def test_a_personal_access_token_adopts_a_server(label_studio: Settings, tmp_path: Path) -> None:
    """It is exchanged once for several requests; revoked, it is refused in words."""
    with connect(label_studio) as api:
        token = api.send("POST", "/api/token/")["token"]
        path = tmp_path / "token"
        path.write_text(f"{token}\n")
        path.chmod(0o600)
        adopted = Settings(home=tmp_path, label_studio={"url": api.url, "token_file": path})
        found = read_status(adopted)
        assert (found.state, found.token_kind) == ("running", "personal access")
        assert (found.managed_by, found.user) == ("somebody else", "admin@serloop.example")
        before = find_places(label_studio).log.read_text().count("POST /api/token/refresh/")
        with connect(adopted) as other:
            assert other.whoami() == api.whoami()
            assert other.version() == "1.23.2"
        after = find_places(label_studio).log.read_text().count("POST /api/token/refresh/")
        # Each line is printed twice by this release.
        assert after - before in {1, 2}
        api.send("POST", "/api/token/blacklist/", body={"refresh": token})
        with connect(adopted) as other, pytest.raises(LabelStudioServerError, match="was revoked"):
            other.whoami()
        assert read_status(adopted).state == "refused"


def test_another_home_does_not_take_the_port(label_studio: Settings, tmp_path: Path) -> None:
    """The running server is not touched, nor its identity guessed at with a token."""
    port = label_studio.label_studio.port
    other = real_settings(tmp_path, port=port)
    with pytest.raises(PipelineError, match=f"port {port} is in use by another program"):
        up(other, SILENT)
    assert read_status(label_studio).is_running


def test_a_killed_server_starts_again(warm: Settings) -> None:
    """After kill -9 it counts as stopped at once, and comes back with the same login and data."""
    first = up(warm, SILENT)
    assert first.pid is not None
    with connect(warm) as api:
        project = api.send("POST", "/api/projects/", body={"title": "kept"})["id"]
    os.killpg(first.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while is_claimed(find_places(warm).lock) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert read_status(warm).state == "stopped"
    second = up(warm, SILENT)
    assert (second.state, second.pid != first.pid) == ("running", True)
    with connect(warm) as api:
        assert api.get(f"/api/projects/{project}/")["title"] == "kept"


def test_a_database_of_another_login_is_refused(warm: Settings) -> None:
    """A login that was lost is not replaced in silence, and the server is ended."""
    places = find_places(warm)
    places.login.unlink()
    with pytest.raises(PipelineError, match=r"does not know our login \(401\)"):
        up(warm, SILENT)
    assert read_status(warm).state == "stopped"
    shutil.rmtree(places.data)


def test_postgresql_holds_the_data(tmp_path: Path) -> None:
    """With an address set, nothing is in SQLite, and a second start finds what the first made."""
    with run_postgres() as database:
        settings = real_settings(tmp_path / "home", database=database)
        try:
            assert up(settings, SILENT).database == "postgresql"
            with connect(settings) as api:
                project = api.send("POST", "/api/projects/", body={"title": "kept"})["id"]
            down(settings)
            up(settings, SILENT)
            with connect(settings) as api:
                assert api.get(f"/api/projects/{project}/")["title"] == "kept"
        finally:
            down(settings)
    assert not (find_places(settings).data / "label_studio.sqlite3").exists()
