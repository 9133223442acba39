"""The page as a real browser lays it out."""

import json
import shutil
import subprocess
from dataclasses import replace

import pytest

from pipelines.report.render import render_report
from pipelines.report.testing import build_sample_content

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
        [*command, probe.as_uri()], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.partition("<title>")[2].partition("</title>")[0]


def _with_long_words(content):
    long_word = "unbroken" * 12
    clip = replace(content.asked[0], clip_id=f"synthetic/{long_word}", reason=long_word)
    annotator = replace(content.consensus.annotators[0], annotator=long_word)
    return replace(
        content,
        title=long_word,
        corpus_title=long_word,
        classes=("a-rather-long-class-name", *content.classes[1:]),
        asked=(clip, *content.asked[1:]),
        consensus=replace(content.consensus, annotators=(annotator,)),
        next_steps=(replace(content.next_steps[0], command=long_word),),
    )


def _keep(content):
    return content


@pytest.mark.parametrize("change", [_keep, _with_long_words], ids=["sample", "long-words"])
def test_phone_page_does_not_scroll_sideways(chromium, tmp_path, change):
    """At 390 px wide tables scroll in their own boxes, never the page."""
    page = render_report(change(build_sample_content(audio=[b"fLaC"])))
    assert _measure(chromium, tmp_path, page, 390) == "width 390 of 390"
