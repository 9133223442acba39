"""Two ways to run one composition: plain calls, or Prefect tasks.

A stage is a plain function `stage(settings, progress, **parameters) -> StageResult`. Compositions
such as the round call stages through a `Runner`, so that they read the same with and without a
Prefect server. Settings are bound by the runner and never become flow parameters: they hold
secrets, and Prefect stores parameters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, runtime_checkable

from pipelines.observe.context import about_stage
from pipelines.progress import Progress

if TYPE_CHECKING:
    from pipelines.settings import Settings

P = ParamSpec("P")
Cell = str | int | float | None
Row = Mapping[str, Cell]


class StageResult(Protocol):
    """What a stage reports: shown as a table in the terminal and in Prefect, or as JSON."""

    def rows(self) -> Sequence[Row]:
        """Return the table that a person wants to see after the stage."""


@dataclass(frozen=True)
class Link:
    """A page that somebody should look at.

    Args:
        text: What it is.
        path: The file.
    """

    text: str
    path: str


@dataclass(frozen=True)
class Event:
    """Something that others may want to act on.

    Args:
        name: What happened, such as `serloop.gate.refused`.
        resource: Id of what it happened to, such as `serloop.model.NAME`.
        payload: Facts that JSON can write, without secrets.
    """

    name: str
    resource: str
    payload: Mapping[str, Any]


@runtime_checkable
class LinkingResult(Protocol):
    """A result that has pages to show; a runner may link to them."""

    def links(self) -> Sequence[Link]:
        """Return the pages."""


@runtime_checkable
class EventfulResult(Protocol):
    """A result that others may want to act on; a runner may tell them."""

    def events(self) -> Sequence[Event]:
        """Return what happened."""


R_co = TypeVar("R_co", bound=StageResult, covariant=True)
R = TypeVar("R", bound=StageResult)


class Stage(Protocol[P, R_co]):
    """A named step of the loop."""

    __name__: str

    def __call__(
        self, settings: "Settings", progress: Progress, /, *args: P.args, **kwargs: P.kwargs
    ) -> R_co:
        """Run the step."""


class Runner(Protocol):
    """Run stages, somewhere."""

    @property
    def settings(self) -> "Settings":
        """Return the settings that every stage gets."""

    def __call__(self, stage: "Stage[P, R]", *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one stage and return its result."""


@dataclass(frozen=True)
class DirectRunner:
    """Call each stage in this process.

    Args:
        settings: Settings bound to every stage.
        progress: Where progress is shown.
    """

    settings: "Settings"
    progress: Progress

    def __call__(self, stage: "Stage[P, R]", *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one stage and return its result."""
        with about_stage(stage.__name__, kwargs):
            return stage(self.settings, self.progress, *args, **kwargs)
