"""Progress is drawn where there is a terminal, and costs nothing elsewhere."""

import io

import pytest
from rich.console import Console

from pipelines.progress import SilentProgress, TerminalProgress


def test_silent_progress_takes_every_report() -> None:
    """A stage reports progress whether anybody looks or not."""
    with SilentProgress().track("decode", 3, "clips") as advance:
        advance()
        advance(2, note="loss 0.1")


def test_terminal_progress_shows_label_count_and_note() -> None:
    """The bar says what is being done, how far it is, and what it last heard."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=160)
    with TerminalProgress(console).track("decode ravdess", 3, "clips") as advance:
        advance()
        advance(2, note="loss 0.125")
    shown = screen.getvalue()
    assert all(text in shown for text in ("decode ravdess", "3/3", "loss 0.125", "clips/s"))


def test_terminal_progress_writes_nothing_to_a_pipe_but_the_end() -> None:
    """A log file does not fill with bars."""
    screen = io.StringIO()
    with TerminalProgress(Console(file=screen, width=160)).track("decode", 2, "clips") as advance:
        advance()
        assert screen.getvalue() == ""
        advance()
    assert screen.getvalue().count("decode") == 1


def test_a_failure_passes_through() -> None:
    """A bar in the way hides no error."""
    progress = TerminalProgress(Console(file=io.StringIO()))
    with pytest.raises(ValueError, match="broken"), progress.track("decode", 2, "clips"):
        raise ValueError("broken")
