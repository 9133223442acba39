"""Which deployments there are to be: a pure function of the settings and the campaigns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from pipelines.operations_sections import IngestSchedule
from pipelines.settings import Settings

ROUND_LIMIT = "serloop-round"
"""The place on a server that whoever makes a round has to hold."""

# Campaigns of people are named freely; Prefect's names of deployments are not.
REFUSED = re.compile(r"[/%&<>]")

Value = str | list[str]


class Campaign(NamedTuple):
    """A series of rounds on a corpus."""

    name: str
    corpus: str


@dataclass(frozen=True)
class Cron:
    """When a clock says so.

    Args:
        cron: Five fields.
        time_zone: Whose clock.
    """

    cron: str
    time_zone: str


@dataclass(frozen=True)
class Every:
    """Again and again.

    Args:
        pause: Between two starts.
        after: By how much it is later than others of the same pause.
    """

    pause: timedelta
    after: timedelta = timedelta()


@dataclass(frozen=True)
class Deployment:
    """A flow that a Prefect server may start.

    Args:
        function: Name of the stage or composition.
        name: Tells it from others of the flow.
        summary: What it is for, in a sentence.
        parameters: Values its runs have unless they are told others.
        schedule: When it starts by itself; None for never.
    """

    function: str
    name: str
    summary: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    schedule: Cron | Every | None = None

    @property
    def flow(self) -> str:
        """Return the name of its flow."""
        return flow_name(self.function)

    @property
    def full_name(self) -> str:
        """Return what tells it from all others, such as `ingest/ravdess`."""
        return f"{self.flow}/{self.name}"

    @property
    def entrypoint(self) -> str:
        """Return where a worker finds the flow."""
        return f"pipelines.deployment.entrypoints.{self.function}"


def flow_name(function: str) -> str:
    """Return the name of the flow made of a stage or a composition.

    Example:
        >>> flow_name("run_due_rounds")
        'due-rounds'
    """
    return function.removeprefix("run_").replace("_", "-")


def deployment_name(text: str) -> str:
    """Return text as a name that Prefect takes.

    Example:
        >>> deployment_name("calls/2026")
        'calls-2026'
    """
    return REFUSED.sub("-", text)


def plan_deployments(
    settings: Settings, campaigns: Sequence[Campaign] = ()
) -> tuple[Deployment, ...]:
    """Return the deployments that the settings ask for.

    Args:
        settings: `schedule`: corpora to look at again, paces and hours.
        campaigns: The campaigns that there are.

    Returns:
        Them, in order of their flow and name.

    Example:
        >>> [planned.full_name for planned in plan_deployments(Settings())]
        ['approve/human', 'collect-all/scheduled', 'due-rounds/scheduled', 'maintain/nightly']
    """
    given = settings.schedule
    pace = timedelta(minutes=given.collect_min)
    planned = [
        Deployment("approve", "human", "Ask a person whether a model that passed is promoted."),
        Deployment(
            "collect_all", "scheduled", "Bring in what people answered.", schedule=Every(pace)
        ),
        # In the middle between two looks for answers.
        Deployment(
            "run_due_rounds",
            "scheduled",
            "Make the rounds that are due.",
            schedule=Every(pace, pace / 2),
        ),
        Deployment(
            "maintain",
            "nightly",
            "Remove what killed runs left, merge small files, expire old snapshots.",
            schedule=Cron(given.maintain, given.time_zone),
        ),
        *(_plan_ingest(name, item, given.time_zone) for name, item in given.ingest.items()),
        *(_plan_round(campaign) for campaign in campaigns),
    ]
    return tuple(sorted(planned, key=lambda item: (item.flow, item.name)))


def _plan_ingest(name: str, item: IngestSchedule, time_zone: str) -> Deployment:
    parameters: dict[str, Value] = {
        "corpus": item.reader or name,
        "root": str(item.root.absolute()),
    }
    if item.reader is not None:
        parameters["name"] = name
    if item.classes:
        parameters["classes"] = list(item.classes)
    summary = f"Bring in what is new in `{name}`."
    return Deployment(
        "ingest", deployment_name(name), summary, parameters, Cron(item.cron, time_zone)
    )


def _plan_round(campaign: Campaign) -> Deployment:
    return Deployment(
        "run_round",
        deployment_name(campaign.name),
        f"Take campaign `{campaign.name}` one round further now.",
        {"corpus": campaign.corpus, "campaign": campaign.name},
    )
