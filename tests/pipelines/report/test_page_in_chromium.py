"""The page as a real browser lays it out."""

import json
import shutil
import subprocess
from dataclasses import replace

import pytest

from pipelines.report.render import render_report
from pipelines.report.testing import build_sample_content
from tests.browser import LAPTOP, open_browser

# A frame has the width it is told, below the browser's own minimum window width of 500.
PROBE = """<!doctype html><body><script>
const frame = document.createElement("iframe");
frame.style = "width:%dpx;height:800px;border:0";
frame.onload = () => {
  const root = frame.contentDocument.documentElement;
  document.title = "width " + root.scrollWidth + " of " + root.clientWidth;
};
frame.srcdoc = %s;
document.body.append(frame);
</script>"""


@pytest.fixture(scope="module")
def chromium():
    """Return the browser, or skip with the reason."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("`chromium` is not on PATH")
    return path


def _measure(chromium, tmp_path, page, width_px):
    probe = tmp_path / "probe.html"
    probe.write_text(PROBE % (width_px, json.dumps(page).replace("</", "<\\/")), encoding="utf-8")
    flags = (
        "--headless --hide-scrollbars --no-sandbox --disable-gpu --disable-quic --no-first-run "
        "--disable-sync --disable-background-networking --disable-component-update "
        "--virtual-time-budget=4000"
    )
    command = [chromium, *flags.split(), f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run(
        [*command, probe.as_uri()], capture_output=True, text=True, timeout=180, check=True
    )
    return done.stdout.partition("<title>")[2].partition("</title>")[0]


def _with_long_words(content):
    long_word = "unbroken" * 12
    clip = replace(content.asked[0], clip_id=f"synthetic/{long_word}", reason=long_word)
    annotator = replace(content.consensus.annotators[0], annotator=long_word)
    check = replace(content.registry.decision.checks[0], check_name=long_word, reason=long_word)
    change = replace(content.registry.history[0], reason=long_word, actor=long_word)
    setting = replace(content.changes.settings[0], name=long_word, after=long_word)
    flip = replace(content.changes.flips[0], clip_id=long_word)
    measure = replace(content.drifts[0].measures[0], name=long_word, detail=long_word)
    return replace(
        content,
        title=long_word,
        corpus_title=long_word,
        classes=("a-rather-long-class-name", *content.classes[1:]),
        asked=(clip, *content.asked[1:]),
        consensus=replace(content.consensus, annotators=(annotator,)),
        next_steps=(replace(content.next_steps[0], command=long_word, purpose=long_word),),
        registry=replace(
            content.registry,
            line=long_word,
            decision=replace(content.registry.decision, model_id=long_word, checks=(check,)),
            history=(change,),
        ),
        changes=replace(content.changes, settings=(setting,), flips=(flip,)),
        drifts=(replace(content.drifts[0], measures=(measure,)),),
        following=replace(content.following, asks=(clip,)),
    )


def _keep(content):
    return content


@pytest.mark.parametrize("width_px", [390, 768, 1366])
@pytest.mark.parametrize("change", [_keep, _with_long_words], ids=["sample", "long-words"])
def test_the_page_does_not_scroll_sideways(chromium, tmp_path, change, width_px):
    """Wide tables scroll in their own boxes, never the page, down to a phone's 390 px."""
    page = render_report(change(build_sample_content(audio=[b"fLaC"])))
    assert _measure(chromium, tmp_path, page, width_px) == f"width {width_px} of {width_px}"


def test_the_first_screen_of_a_laptop_has_every_answer(tmp_path):
    """Progress, champion and what to do are seen without scrolling, in light and dark."""
    path = tmp_path / "round.html"
    path.write_text(render_report(build_sample_content()), encoding="utf-8")
    with open_browser() as browser:
        for scheme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": LAPTOP[0], "height": LAPTOP[1]}, color_scheme=scheme
            )
            page.goto(path.as_uri())
            boxes = [answer.bounding_box() for answer in page.locator(".answer").all()]
            assert len(boxes) == 3
            assert all(box["y"] + box["height"] < LAPTOP[1] for box in boxes)


def test_the_keyboard_reaches_the_gate(tmp_path):
    """Tab walks over the questions; Enter leads to the section, and unfolds why."""
    path = tmp_path / "round.html"
    path.write_text(render_report(build_sample_content()), encoding="utf-8")
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(path.as_uri())
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.url.endswith("#h-gate")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.locator(".history details[open] p").inner_text().startswith("gender=female")
