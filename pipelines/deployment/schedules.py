"""Schedules as Prefect has them, and in words."""

from datetime import UTC, datetime

from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from pydantic import ValidationError

from pipelines.deployment.plan import Cron, Deployment, Every
from pipelines.errors import PipelineError

SLUG = "serloop"
# Fixed, so that deploying anew does not put a run off.
ANCHOR = datetime(2020, 1, 1, tzinfo=UTC)


def build_schedule(planned: Deployment) -> DeploymentScheduleCreate | None:
    """Return when a deployment runs by itself.

    Raises:
        PipelineError: If its five fields or its time zone mean nothing.
    """
    match planned.schedule:
        case Every(pause, after):
            every = IntervalSchedule(interval=pause, anchor_date=ANCHOR + after)
            return DeploymentScheduleCreate(schedule=every, slug=SLUG)
        case Cron(cron, time_zone):
            try:
                return DeploymentScheduleCreate(
                    schedule=CronSchedule(cron=cron, timezone=time_zone), slug=SLUG
                )
            except ValidationError as error:
                raise PipelineError(
                    f"schedule `{cron}` in time zone `{time_zone}` of `{planned.full_name}`: "
                    f"{error.errors()[0]['msg']}; correct it under `[schedule]`, for example "
                    "`0 2 * * *` in `Europe/Berlin`"
                ) from error
        case None:
            return None


def describe_schedule(schedule: Cron | Every | None) -> str:
    """Return a schedule in words.

    Example:
        >>> describe_schedule(Cron("0 2 * * *", "UTC")), describe_schedule(None)
        ('0 2 * * * (UTC)', 'when asked')
    """
    match schedule:
        case Every(pause, _):
            return f"every {pause.total_seconds() / 60:g} min"
        case Cron(cron, time_zone):
            return f"{cron} ({time_zone})"
        case None:
            return "when asked"
