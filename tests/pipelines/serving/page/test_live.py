"""The live page in Chromium, whose microphone plays a recording, on a real server."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
import soundfile

from pipelines.workspace import open_store
from tests.browser import FLAGS, PROGRAMS, SCREENS
from tests.pipelines.places import Trained
from tests.pipelines.serving.page.segments import hex_id, keeping
from tests.pipelines.serving.running import Server, crown, run_server
from warehouse import queries

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RATE = 48_000
PATIENCE_MS = 60_000
CLIPS = ("01-05-02-01-01-01", "01-04-02-02-01-01")
# The contrast of each text with what lies behind it, by WCAG 2.2's formula, where it is too low.
_FIND_PALE = """
() => {
  const read = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const found = read(getComputedStyle(at).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const pale = [];
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !node.checkVisibility()) continue;
    const pair = [light(read(getComputedStyle(node).color)), light(ground(node))].sort();
    if ((pair[1] + 0.05) / (pair[0] + 0.05) < 4.5) pale.push(texts.currentNode.data.trim());
  }
  return pale;
}
"""
_FIND_NAMELESS = """
() => [...document.querySelectorAll("button, input")].filter((node) => node.checkVisibility()
  && !(node.innerText || node.getAttribute("aria-label") || node.labels?.[0]?.innerText))
  .map((node) => node.outerHTML)
"""
_FIND_SMALL = """
() => [...document.querySelectorAll("button, input")].filter((node) => node.checkVisibility())
  .map((node) => [node.innerText || node.id, node.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24).map(([name]) => name)
"""


@pytest.fixture(scope="module")
def voice(serloop_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file in which an actor of RAVDESS says two sentences, with silence around them."""
    folder = serloop_data / "ravdess" / "flac16k" / "Actor_01"
    silence = np.zeros(2 * RATE, np.float32)
    parts = [silence]
    for name in CLIPS:
        sound, rate = soundfile.read(folder / f"03-{name}.flac", dtype="float32")
        times = np.arange(len(sound) * RATE // rate) * rate / RATE
        parts += [np.interp(times, np.arange(len(sound)), sound).astype(np.float32), silence]
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    soundfile.write(path, np.concatenate([*parts, silence]), RATE, subtype="PCM_16")
    return path


@pytest.fixture(scope="module")
def browser(voice: Path) -> Iterator["Browser"]:
    """Run Chromium with a microphone that plays the recording."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"no browser: install one of {PROGRAMS}")
    api = pytest.importorskip("playwright.sync_api", reason="no Playwright")
    microphone = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={voice}%noloop",
    )
    with api.sync_playwright() as driver:
        started = driver.chromium.launch(
            executable_path=program, headless=True, args=[*FLAGS, *microphone]
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def server(trained_once: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that keeps sounds with consent."""
    settings = keeping(trained_once.settings, tmp_path_factory.mktemp("live") / "home")
    crown(settings, trained_once.model_id)
    with run_server(settings, keep_audio="with_consent") as running:
        yield running


@contextmanager
def open_page(
    browser: "Browser", url: str, *, screen: str = "laptop", scheme: Any = "light"
) -> Iterator["Page"]:
    """Open the page, and fail with whatever the browser complains of."""
    width, height = SCREENS[screen]
    size = {"width": width, "height": height}
    context = browser.new_context(viewport=size, color_scheme=scheme, permissions=["microphone"])
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.goto(f"{url}/live")
    try:
        yield page
    finally:
        context.close()
    assert not [text for text in complaints if "409" not in text]


def hear(page: "Page", segments: int = 2) -> None:
    """Listen by keyboard until so many segments are listed, then stop."""
    page.locator("#listen").focus()
    page.keyboard.press("Enter")
    page.locator(".segment").nth(segments - 1).wait_for()
    page.locator("#listen").focus()
    page.keyboard.press("Enter")
    page.get_by_text("The microphone is off.").wait_for()


def wait_for(found: Callable[[], Any]) -> Any:
    """Wait until there is something, and return it."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while not (what := found()):
        assert time.monotonic() < end
        time.sleep(0.2)
    return what


def read_votes(server: Server) -> list[dict[str, Any]]:
    """Return the ledger's rows of the live page, in the order in which they were cast."""
    with open_store(server.settings) as store:
        rows = queries.select_ledger(store).to_pylist()
    return sorted((row for row in rows if row["source"] == "live"), key=lambda row: row["cast_at"])


@pytest.mark.slow
def test_a_voice_is_heard_corrected_by_keyboard_and_undone(
    browser: "Browser", server: Server
) -> None:
    """Segments appear while it speaks; a vote with its clip is stored, and withdrawn by Undo."""
    with open_page(browser, server.url) as page:
        page.fill("#name", "Ann")
        page.check("#consent")
        hear(page)
        assert "s:" in page.inner_text("#announcement")
        page.locator(".segment .open").first.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        page.get_by_text(re.compile(r"You: \w+ · stored")).wait_for()
        (vote,) = wait_for(lambda: read_votes(server))
        page.locator(".segment .undo").first.focus()
        page.keyboard.press("Enter")
        page.locator("#stored", has_text="withdrawn").wait_for()
    votes = wait_for(lambda: votes if len(votes := read_votes(server)) == 2 else None)
    assert (vote["annotator"], vote["modality"], vote["is_retraction"]) == (
        "live/Ann",
        "audio",
        False,
    )
    assert (votes[1]["is_retraction"], votes[1]["supersedes"]) == (True, vote["vote_id"])
    with open_store(server.settings) as store:
        clips = queries.select_clips(store, corpus="live").to_pylist()
        assert store.check() == []
    assert [clip["clip_id"] for clip in clips] == [vote["clip_id"]]
    # An actor takes one to four seconds for the sentence.
    assert 1.0 < clips[0]["duration_s"] < 6.0
    assert clips[0]["level_dbfs"] > -60


@pytest.mark.slow
def test_without_agreement_nothing_leaves_the_page(browser: "Browser", server: Server) -> None:
    """The mark says that it is only here; with the agreement it can be stored after all."""
    before = len(read_votes(server))
    with open_page(browser, server.url) as page:
        hear(page, 1)
        page.locator(".segment .open").first.click()
        page.locator(".segment .choices button").first.click()
        page.get_by_text("nothing is stored without your agreement").wait_for()
        assert len(read_votes(server)) == before
        page.check("#consent")
        page.get_by_role("button", name="Store it").click()
        page.get_by_text(re.compile(r"You: \w+ · stored")).wait_for()
    wait_for(lambda: len(read_votes(server)) > before)


@pytest.mark.slow
def test_a_server_that_keeps_nothing_says_so(
    browser: "Browser", trained_once: Trained, tmp_path: Path
) -> None:
    """There is nothing to agree to, and marks stay on the page."""
    settings = keeping(trained_once.settings, tmp_path / "home")
    crown(settings, trained_once.model_id)
    with run_server(settings) as closed, open_page(browser, closed.url) as page:
        assert page.get_by_text("This server keeps no sound, so corrections cannot").is_visible()
        assert page.locator("#consent").count() == 0
        answer = httpx.post(f"{closed.url}/live/corrections", json=_said())
    assert (answer.status_code, answer.json()["reason"]) == (409, "never_kept")
    assert not (settings.home / "live").exists()


def _said(**given: object) -> dict[str, object]:
    ids = {name: hex_id(name) for name in ("event", "segment", "session")}
    return {**ids, "annotator": "Ann", "label": "anger", **given}


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["laptop", "phone"])
def test_the_page_can_be_read_and_used_on_every_screen(
    browser: "Browser", server: Server, tmp_path: Path, screen: str, scheme: str
) -> None:
    """Nothing is cut off, pale, nameless or too small to be hit."""
    with open_page(browser, server.url, screen=screen, scheme=scheme) as page:
        page.fill("#name", "Ann")
        hear(page, 1)
        page.locator(".segment .open").first.click()
        page.screenshot(path=tmp_path / f"{screen}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for find in (_FIND_PALE, _FIND_NAMELESS, _FIND_SMALL):
            assert page.evaluate(find) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Origin": "https://elsewhere.example"}, 403, id="another site"),
        pytest.param({"Content-Type": "text/plain"}, 415, id="a form"),
    ],
)
def test_other_sites_cannot_correct(server: Server, headers: dict[str, str], status: int) -> None:
    """A page elsewhere can make a browser send, which must have no effect here."""
    url = f"{server.url}/live/corrections"
    body = b'{"event": "x"}'
    given = {"Content-Type": "application/json", **headers}
    assert httpx.post(url, content=body, headers=given).status_code == status


def test_the_page_allows_nothing_from_elsewhere(server: Server) -> None:
    """Its policy names this server alone, and its files are of the kinds they claim."""
    page = httpx.get(f"{server.url}/live")
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert not re.search(r"https?://", page.text)
    for name in re.findall(r"/live/([\w.]+)", page.text):
        assert httpx.get(f"{server.url}/live/{name}").status_code == 200
    assert httpx.get(f"{server.url}/live/routes.py").status_code == 404
