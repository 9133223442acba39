"""The work behind a wake, done in a process of its own."""

import os
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from annotation.errors import AnnotationError
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.gateway.wakes import Kind
from pipelines.progress import SilentProgress
from pipelines.runner import DirectRunner, StageResult
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
    """

    is_done: bool
    text: str


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
    except NothingToDoError as error:
        return Outcome(True, f"nothing to do: {error}")
    except EXPECTED as error:
        return Outcome(False, str(error))
    except Exception as error:  # noqa: BLE001 - the border of this process: the next work goes on
        traceback.print_exc()
        return Outcome(False, f"{type(error).__name__}: {error}")
    return Outcome(True, _describe(result))


def _describe(result: StageResult) -> str:
    """Return the last row of a result in words, without what is nothing."""
    last = list(result.rows())[-1:]
    return ", ".join(f"{name} {value}" for row in last for name, value in row.items() if value)


def _collect(settings: Settings, work: Work) -> StageResult:
    from pipelines.collecting.pull import pull  # noqa: PLC0415 - in the child alone

    progress = SilentProgress()
    found = pull(settings, progress, campaign=work.campaign)
    if found.quarantined or found.is_full or _has_gold(settings, work.campaign):
        # What is no vote is asked again, what was lost in Label Studio comes back, and gold that
        # as many have answered as other tasks goes to the next.
        from pipelines.publishing.publish import publish  # noqa: PLC0415 - seldom needed

        publish(settings, progress, campaign=work.campaign)
    if settings.people.enforce_cap:
        from pipelines.people.caps import enforce_caps  # noqa: PLC0415 - seldom needed

        enforce_caps(settings, progress, campaign=work.campaign)
    return found


def _has_gold(settings: Settings, campaign: str) -> bool:
    with open_store(settings) as store:
        return bool(queries.select_gold(store, campaign=campaign).num_rows)


def _round(settings: Settings, work: Work) -> StageResult:
    from pipelines.loop import run_round  # noqa: PLC0415 - loads torch

    if os.environ.get("PREFECT_API_URL"):
        from pipelines.flows import FLOWS  # noqa: PLC0415 - Prefect takes a second to import

        flow: Callable[..., StageResult] = FLOWS[run_round.__name__]
        return flow(corpus=work.corpus, campaign=work.campaign, home=settings.home)
    run = DirectRunner(settings, SilentProgress())
    return run_round(run, corpus=work.corpus, campaign=work.campaign)


DOERS: Mapping[Kind, Callable[[Settings, Work], StageResult]] = {
    "collect": _collect,
    "round": _round,
}
