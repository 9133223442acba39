"""Run what a verb asks for, directly or as a Prefect flow, and show the result."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import typer

from pipelines.errors import PipelineError, SettingsError
from pipelines.progress import Progress, SilentProgress, TerminalProgress
from pipelines.runner import DirectRunner, Row, Runner, StageResult

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.settings import Settings

P = ParamSpec("P")
R = TypeVar("R", bound=StageResult)

EXIT_FAILED = 1
EXIT_USAGE = 2
# A pipe has no width of its own, and lines folded to 80 columns are no use in a log.
PIPE_WIDTH = 160


@dataclass(frozen=True)
class Session:
    """How this invocation runs and shows things.

    Args:
        settings: Settings of the run.
        use_prefect: Whether stages run as Prefect flows.
        as_json: Whether results are printed as JSON.
        options: Sections of settings given on the command line, for flows to read again.
    """

    settings: "Settings"
    use_prefect: bool
    as_json: bool
    options: Mapping[str, object]

    def run_stage(
        self,
        stage: "Callable[Concatenate[Settings, Progress, P], R]",
        *args: P.args,
        **parameters: P.kwargs,
    ) -> R:
        """Run one stage and show its table."""
        if self.use_prefect:
            result: R = self._flow(stage)(*args, **self._place(), **parameters)
        else:
            result = stage(self.settings, self.progress(), *args, **parameters)
        self.show(result)
        return result

    def compose(
        self,
        composition: Callable[Concatenate[Runner, P], R],
        *args: P.args,
        **parameters: P.kwargs,
    ) -> R:
        """Run a composition of stages and show its table."""
        if self.use_prefect:
            result: R = self._flow(composition)(*args, **self._place(), **parameters)
        else:
            result = composition(self._direct(), *args, **parameters)
        self.show(result)
        return result

    def show(self, result: StageResult) -> None:
        """Print the table of a result on standard output."""
        print_rows(result.rows(), as_json=self.as_json)

    def _flow(self, function: Callable[..., R]) -> Callable[..., R]:
        # Prefect takes about a second to import, so only runs that use it pay for it.
        from pipelines.flows import FLOWS

        return FLOWS[function.__name__]

    def _place(self) -> dict[str, object]:
        # A flow reads its settings where it runs, so it has to be told what the environment
        # does not say.
        return {"home": self.settings.home, "options": self.options or None}

    def _direct(self) -> DirectRunner:
        return DirectRunner(self.settings, self.progress())

    def progress(self) -> Progress:
        """Return where progress is shown: on standard error, or nowhere when a program reads."""
        return SilentProgress() if self.as_json else TerminalProgress(stderr_console())


@contextmanager
def session(
    home: Path | None = None, *, prefect: bool = False, as_json: bool = False, **overrides: object
) -> Iterator[Session]:
    """Read the settings, and turn expected errors into one line and an exit code.

    Args:
        home: Folder of everything serloop writes.
        prefect: Whether to run as Prefect flows even when no server is configured.
        as_json: Whether to print JSON.
        overrides: Sections of settings given on the command line.
    """
    from pipelines.settings import load_settings

    try:
        settings = load_settings(home=home, **overrides)
        use_prefect = prefect or bool(os.environ.get("PREFECT_API_URL"))
        yield Session(settings, use_prefect, as_json, overrides)
    except SettingsError as error:
        fail(str(error), EXIT_USAGE)
    except _expected_errors() as error:
        fail("; ".join([str(error), *getattr(error, "__notes__", [])]), EXIT_FAILED)


def fail(message: str, code: int) -> None:
    """Print one line on standard error and end with `code`."""
    stderr_console().print("[bold red]error:[/]", end=" ")
    typer.echo(message, err=True)
    raise typer.Exit(code)


def print_rows(rows: Sequence[Row], *, as_json: bool) -> None:
    """Print a table for a person, or JSON for a program, on standard output.

    Args:
        rows: Rows with the same keys.
        as_json: Which of the two.
    """
    if as_json:
        typer.echo(json.dumps([dict(row) for row in rows], indent=2, default=str))
        return
    if not rows:
        return
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE, pad_edge=False)
    for name, value in rows[0].items():
        table.add_column(
            name.replace("_", " "), justify="right" if isinstance(value, int | float) else "left"
        )
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


def stderr_console() -> "Console":
    """Return a console on standard error, where progress and errors go."""
    from rich.console import Console

    return Console(stderr=True, width=None if sys.stderr.isatty() else PIPE_WIDTH)


def _cell(value: object) -> str:
    from rich.markup import escape

    if value is None:
        return "–"
    return f"{value:,.3f}" if isinstance(value, float) else escape(f"{value}")


def _expected_errors() -> tuple[type[Exception], ...]:
    from annotation.errors import AnnotationError
    from ser.errors import SerError
    from warehouse.errors import WarehouseError

    return (PipelineError, SerError, AnnotationError, WarehouseError)
