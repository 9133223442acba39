"""The page as HTML, and the files it loads; all of it comes from this package."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from pipelines.report.page import page_environment
from pipelines.serving.load import Loaded
from pipelines.serving.page.consent import CONSENT, CONSENT_ID
from pipelines.settings import Settings

PACKAGE = "pipelines.serving.page"
FILES: Mapping[str, str] = MappingProxyType(
    {
        "live.css": "text/css",
        "live.js": "text/javascript",
        "speech.js": "text/javascript",
        "timeline.js": "text/javascript",
        "correcting.js": "text/javascript",
        "recorder.js": "text/javascript",
        "capture.js": "text/javascript",
    }
)


def render_page(settings: Settings, loaded: Loaded, *, needs_key: bool) -> str:
    """Render the live page; equal arguments give equal text.

    Args:
        settings: Whether sounds may be kept.
        loaded: What answers.
        needs_key: Whether callers have to show a key.

    Returns:
        The HTML text.
    """
    return (
        page_environment(PACKAGE)
        .get_template("live.html.j2")
        .render(
            classes=loaded.recogniser.classes,
            model_id=loaded.model_id,
            line=loaded.line,
            coverage=None if loaded.calibration is None else loaded.calibration.coverage,
            is_open=settings.serving.keep_audio == "with_consent",
            needs_key=needs_key,
            consent=CONSENT,
            consent_id=CONSENT_ID,
            colours=len(loaded.recogniser.classes),
        )
    )


@cache
def read_file(name: str) -> bytes:
    """Return a file of the page.

    Args:
        name: One of `FILES`.
    """
    folder = files(PACKAGE) / "templates"
    if name == "live.css":
        # The colours and letters of the reports come first.
        shared = files("pipelines.report") / "templates" / "round.css"
        return shared.read_bytes() + (folder / name).read_bytes()
    return (folder / name).read_bytes()
