"""Bring in what people answered, in every campaign that asks in Label Studio."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.collecting.pull import PullResult, pull
from pipelines.deployment.each import attempt_each
from pipelines.runner import Row, Runner
from pipelines.settings import Settings
from pipelines.workspace import has_warehouse, open_store
from warehouse import queries


@dataclass(frozen=True)
class CollectAllResult:
    """What was brought in.

    Args:
        collected: What one collection brought, by campaign.
    """

    collected: tuple[tuple[str, PullResult], ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per campaign."""
        return [{"campaign": name, **row} for name, found in self.collected for row in found.rows()]


def collect_all(run: Runner) -> CollectAllResult:
    """Bring in the answers of every campaign that asks in Label Studio.

    Args:
        run: Runs the stages.

    Raises:
        PipelineError: If campaigns failed, with each of them; the others are collected.
    """
    if not has_warehouse(run.settings):
        return CollectAllResult(())
    with open_store(run.settings) as store:
        campaigns = sorted(set(queries.select_projects(store)["campaign"].to_pylist()))

    def collect(campaign: str) -> tuple[str, PullResult]:
        return campaign, collect_campaign(run, campaign=campaign)

    return CollectAllResult(tuple(attempt_each(campaigns, collect)))


def collect_campaign(run: Runner, *, campaign: str) -> PullResult:
    """Bring in the answers of one campaign, and put right what they ask for in Label Studio.

    Args:
        run: Runs the stages.
        campaign: The campaign.

    Raises:
        PipelineError: If Label Studio does not run, or has lost its project.
    """
    found = run(pull, campaign=campaign)
    if found.quarantined or found.is_full or _has_gold(run.settings, campaign):
        # What is no vote is asked again, what was lost in Label Studio comes back, and gold that
        # as many have answered as other tasks goes to the next.
        from pipelines.publishing.publish import publish  # noqa: PLC0415 - seldom needed

        run(publish, campaign=campaign)
    if run.settings.people.enforce_cap:
        from pipelines.people.caps import enforce_caps  # noqa: PLC0415 - seldom needed

        run(enforce_caps, campaign=campaign)
    return found


def _has_gold(settings: Settings, campaign: str) -> bool:
    with open_store(settings) as store:
        return bool(queries.select_gold(store, campaign=campaign).num_rows)
