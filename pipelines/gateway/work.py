"""The work behind a wake, done in a process of its own."""

import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from annotation.errors import AnnotationError
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.gateway.wakes import Kind
from pipelines.progress import SilentProgress
from pipelines.runner import DirectRunner, Row, StageResult
from pipelines.settings import Settings
from pipelines.workspace import has_warehouse, open_store
from ser.errors import SerError
from warehouse import queries
from warehouse.errors import WarehouseError

EXPECTED = (PipelineError, SerError, AnnotationError, WarehouseError)


@dataclass(frozen=True)
class Work:
    """One thing to do for one campaign.

    Args:
        kind: What.
        campaign: The campaign.
        corpus: Its corpus.
        projects: Keys of its projects, the newest last.
    """

    kind: Kind
    campaign: str
    corpus: str
    projects: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """How work ended.

    Args:
        is_done: Whether it need not be tried again.
        text: What came of it, or why not, in a line.
        is_due: Whether there are answers enough now for a round of the campaign.
    """

    is_done: bool
    text: str
    is_due: bool = False


@dataclass(frozen=True)
class Handed:
    """Work that somebody else does.

    Args:
        flow_run: Its flow run, and why it was started.
    """

    flow_run: str

    def rows(self) -> Sequence[Row]:
        """Return one row."""
        return [{"flow run": self.flow_run}]


Perform = Callable[[Settings, Work], Outcome]


def read_campaigns(settings: Settings) -> tuple[Work, ...]:
    """Return what there is to collect: every campaign that has a project.

    Args:
        settings: Where the warehouse is.

    Returns:
        One `collect` per campaign, in order of its name.

    Raises:
        WarehouseError: The warehouse cannot be read.
    """
    if not has_warehouse(settings):
        return ()
    with open_store(settings) as store:
        rows = queries.select_projects(store).to_pylist()
    found: dict[str, Work] = {}
    for row in rows:
        before = found[row["campaign"]].projects if row["campaign"] in found else ()
        projects = (*before, row["project"])
        found[row["campaign"]] = Work("collect", row["campaign"], row["corpus"], projects)
    return tuple(found[campaign] for campaign in sorted(found))


def perform(settings: Settings, work: Work) -> Outcome:
    """Do the work; whatever happens is an outcome.

    Args:
        settings: Settings of the stages.
        work: What to do.
    """
    try:
        result = DOERS[work.kind](settings, work)
        is_due = work.kind == "collect" and _is_due(settings, work.campaign)
    except NothingToDoError as error:
        return Outcome(True, f"nothing to do: {error}")
    except EXPECTED as error:
        return Outcome(False, str(error))
    except Exception as error:  # noqa: BLE001 - the border of this process: the next work goes on
        traceback.print_exc()
        return Outcome(False, f"{type(error).__name__}: {error}")
    return Outcome(True, _describe(result), is_due)


def _describe(result: StageResult) -> str:
    """Return the last row of a result in words, without what is nothing."""
    last = list(result.rows())[-1:]
    return ", ".join(f"{name} {value}" for row in last for name, value in row.items() if value)


def _is_due(settings: Settings, campaign: str) -> bool:
    from pipelines.deployment.due import read_due  # noqa: PLC0415 - in the child alone

    return any(due.campaign == campaign for due in read_due(settings))


def _collect(settings: Settings, work: Work) -> StageResult:
    from pipelines.deployment.collect_all import collect_campaign  # noqa: PLC0415 - the child's

    return collect_campaign(DirectRunner(settings, SilentProgress()), campaign=work.campaign)


def _due(settings: Settings, work: Work) -> StageResult:
    from pipelines.deployment.due import read_due  # noqa: PLC0415 - in the child alone
    from pipelines.deployment.due_rounds import run_due_rounds  # noqa: PLC0415 - loads torch

    for due in read_due(settings):
        if due.campaign == work.campaign and _has_server():
            from pipelines.deployment.trigger import start_due_round  # noqa: PLC0415 - a second

            name = start_due_round(settings, due)
            if name is not None:
                return Handed(f"{name}: {due.reason}")
    return _compose(run_due_rounds, settings, campaign=work.campaign)


def _round(settings: Settings, work: Work) -> StageResult:
    from pipelines.loop import run_round  # noqa: PLC0415 - loads torch

    return _compose(run_round, settings, corpus=work.corpus, campaign=work.campaign)


def _compose(
    composition: Callable[..., StageResult], settings: Settings, **parameters: str
) -> StageResult:
    """Run a composition, as a flow where there is a server."""
    if _has_server():
        from pipelines.flows import FLOWS  # noqa: PLC0415 - Prefect takes a second to import

        flow: Callable[..., StageResult] = FLOWS[composition.__name__]
        return flow(**parameters, home=settings.home)
    return composition(DirectRunner(settings, SilentProgress()), **parameters)


def _has_server() -> bool:
    return bool(os.environ.get("PREFECT_API_URL"))


DOERS: Mapping[Kind, Callable[[Settings, Work], StageResult]] = {
    "collect": _collect,
    "due": _due,
    "round": _round,
}
