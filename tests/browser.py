"""A person at the labelling page: Chromium driven by Playwright, waiting for what is seen."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # As browsers do with people: no sound before a key was pressed or something clicked.
    "--autoplay-policy=document-user-activation-required",
)
SCREENS = {
    "laptop": (1366, 768),
    "desktop": (1920, 1080),
    "tablet": (768, 1024),
    "phone": (390, 844),
}
LAPTOP = SCREENS["laptop"]
PATIENCE_MS = 60_000

_CHECKED = ".ant-checkbox-wrapper-checked"
# The number of pixels of the waveform that are not of the colour most of it has.
_COUNT_INK = """
() => Math.max(0, ...[...document.querySelectorAll("canvas")].map((canvas) => {
  if (!canvas.width || !canvas.height) return 0;
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const seen = new Map();
  for (const pixel of new Uint32Array(data.buffer)) seen.set(pixel, (seen.get(pixel) || 0) + 1);
  return data.length / 4 - Math.max(...seen.values());
}))
"""
# What of the page lies outside of what is seen, in pixels: below, and to the right.
_FIND_OVERFLOW = """
() => {
  const main = document.querySelector(".lsf-main-content");
  const page = document.documentElement;
  return [main.scrollHeight - main.clientHeight, page.scrollWidth - page.clientWidth];
}
"""

_IS_ANOTHER = """
(before) => {
  const task = document.querySelector(".lsf-current-task__task-id");
  return task && task.innerText !== before && document.querySelector(".serloop-options");
}
"""


@contextmanager
def open_browser() -> Iterator["Browser"]:
    """Run Chromium with a profile of its own, or skip with the reason.

    Inside, an event loop runs: start no other one.
    """
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"no browser: install one of {PROGRAMS}")
    api = pytest.importorskip(
        "playwright.sync_api", reason="no Playwright: install the extra `dev`"
    )
    with api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True)
class Labeller:
    """Somebody who labels with the keyboard.

    Args:
        page: The tab.
        url: Address of the server.
    """

    page: "Page"
    url: str

    def log_in(self, address: str, password: str) -> None:
        """Log in through the server's own page."""
        self.page.goto(f"{self.url}/user/login/")
        self.page.fill("#email", address)
        self.page.fill("#password", password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/user/login" not in url)

    def open_stream(self, project: int) -> None:
        """Open the page that hands out clip after clip; the instructions lie on top."""
        self.page.goto(f"{self.url}/projects/{project}/data?labeling=1")
        self.page.wait_for_selector(".serloop-options")
        self.instructions().wait_for()

    def instructions(self) -> "Locator":
        """Return the window with the instructions."""
        return self.page.locator(".lsf-modal-ls__body")

    def close_instructions(self) -> None:
        """Close them by key."""
        self.page.keyboard.press("Escape")
        self.instructions().wait_for(state="detached")

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def wait_for_choice(self, *expected: str) -> None:
        """Wait until exactly these options are chosen."""
        self._wait(
            "([query, expected]) => JSON.stringify([...document.querySelectorAll(query)].map("
            "(option) => option.querySelector('input').name)) === expected",
            [_CHECKED, json.dumps(expected, separators=(",", ":"))],
        )

    def choices(self) -> list[str]:
        """Return the options that are chosen."""
        found = self.page.locator(f"{_CHECKED} input")
        return [str(option.get_attribute("name")) for option in found.all()]

    def current(self) -> str:
        """Return what the page calls the task."""
        return str(self.page.locator(".lsf-current-task__task-id").inner_text())

    def submit(self, keys: str = "Control+Enter") -> None:
        """Submit by keyboard, and wait until another clip is there.

        After the last one Label Studio stays where it is, so that there must be another.
        """
        before = self.current()
        self.page.keyboard.press(keys)
        self._wait(_IS_ANOTHER, before)

    def wait_for_waveform(self) -> int:
        """Wait until the clip is drawn and has a length, and return how many pixels it has."""
        self._wait(f"() => ({_COUNT_INK.strip()})() > 500")
        self._wait(
            "() => [...document.querySelectorAll('audio')].every((audio) => audio.duration > 0.2)"
        )
        return int(self.page.evaluate(_COUNT_INK))

    def wait_for_sound(self, *, is_replay: bool = False) -> None:
        """Wait until the clip plays: by itself, or after the key that plays it again."""
        self._wait(
            "(isReplay) => [...document.querySelectorAll('audio')].some((audio) => "
            "audio.autoplay !== isReplay && audio.currentTime > 0 && !audio.muted)",
            is_replay,
        )

    def wait_for_end(self) -> None:
        """Wait until the clip has played once by itself."""
        self._wait(
            "() => [...document.querySelectorAll('audio')].some("
            "(audio) => audio.autoplay && audio.ended)"
        )

    def find_overflow(self) -> tuple[int, int]:
        """Return the pixels that do not fit, below and to the right."""
        below, right = self.page.evaluate(_FIND_OVERFLOW)
        return int(below), int(right)

    def take_picture(self, path: Path, screen: str) -> None:
        """Save what is seen on a screen of that size."""
        width, height = SCREENS[screen]
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.screenshot(path=str(path))

    def _wait(self, condition: str, argument: object = None) -> None:
        self.page.wait_for_function(condition, arg=argument, timeout=PATIENCE_MS)


@contextmanager
def open_labeller(
    browser: "Browser", url: str, *, screen: str = "laptop", scheme: str = "light"
) -> Iterator[Labeller]:
    """Give somebody with cookies of their own a tab."""
    width, height = SCREENS[screen]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield Labeller(context.new_page(), url)
    finally:
        context.close()
