"""Progress of long work, shown wherever it runs: a terminal, Prefect, or nowhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from rich.console import Console


class Advance(Protocol):
    """Report finished units."""

    def __call__(self, units: int = 1, note: str = "") -> None:
        """Count `units` more as finished, with a short note such as the current loss."""


class Progress(Protocol):
    """Show how far a stage is."""

    def track(self, label: str, total: int, unit: str) -> "AbstractContextManager[Advance]":
        """Open one line of progress.

        Args:
            label: What is being done, such as `decode ravdess`.
            total: Number of units.
            unit: Plural noun of a unit, such as `clips`.

        Returns:
            A context manager that gives the function to call as units finish.
        """


class SilentProgress:
    """Show nothing."""

    @contextmanager
    def track(self, label: str, total: int, unit: str) -> Iterator[Advance]:  # noqa: ARG002
        """Open a line that nobody sees."""
        yield _ignore


class TerminalProgress:
    """Show bars with rate and time left on a terminal.

    Args:
        console: The Rich console to draw on; standard error keeps results pipeable.
    """

    def __init__(self, console: "Console") -> None:
        self._console = console

    @contextmanager
    def track(self, label: str, total: int, unit: str) -> Iterator[Advance]:
        """Open a bar and leave it in place when finished."""
        from rich.progress import (  # noqa: PLC0415 - help must answer before Rich is loaded
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as RichProgress  # noqa: PLC0415
        from rich.table import Column  # noqa: PLC0415

        # On a narrow terminal the note gives way; numbers cut in half would mislead.
        whole = Column(no_wrap=True)
        bars = RichProgress(
            TextColumn("{task.description:<24}", table_column=whole),
            BarColumn(bar_width=12),
            MofNCompleteColumn(table_column=whole),
            TextColumn("{task.fields[rate]}", table_column=whole),
            TimeRemainingColumn(elapsed_when_finished=True, table_column=whole),
            TextColumn("[dim]{task.fields[note]}", table_column=Column(no_wrap=True, ratio=1)),
            console=self._console,
        )
        with bars:
            line = bars.add_task(label, total=total, rate="", note="")

            def advance(units: int = 1, note: str = "") -> None:
                bars.update(line, advance=units, note=note)
                task = bars.tasks[0]
                if task.elapsed:
                    rate = f"{task.completed / task.elapsed:,.0f} {unit}/s"
                    bars.update(line, rate=rate)

            yield advance


def _ignore(units: int = 1, note: str = "") -> None:
    """Drop a report of progress."""
