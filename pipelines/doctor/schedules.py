"""Whether schedules mean something, and what they ingest is there."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.deployment.plan import plan_deployments
from pipelines.doctor.finding import Finding
from pipelines.errors import PipelineError
from pipelines.readers import find_reader
from pipelines.settings import Settings
from ser.errors import SerError


def check_schedules(settings: Settings) -> Iterator[Finding]:
    """Read every cron expression and time zone, and find each corpus."""
    from pipelines.deployment.schedules import build_schedule  # noqa: PLC0415 - loads Prefect

    findings = []
    for planned in plan_deployments(settings):
        try:
            build_schedule(planned)
        except PipelineError as error:
            remedy = "write five fields, such as `0 2 * * *`, and a zone such as `Europe/Berlin`"
            findings.append(Finding("schedule", "broken", str(error), remedy))
    for name, item in settings.schedule.ingest.items():
        subject = f"schedule.ingest.{name}"
        if not item.root.exists():
            remedy = f"correct `root` under `[{subject}]` of serloop.toml"
            findings.append(Finding(subject, "broken", f"there is no `{item.root}`", remedy))
            continue
        try:
            find_reader(item.reader or name, item.root, name, item.classes)
        except (SerError, PipelineError) as error:
            remedy = f"set `reader` under `[{subject}]`, for example to `manifest`"
            findings.append(Finding(subject, "broken", str(error), remedy))
    yield from findings or [Finding("schedules", "ok", "each can be read")]
    yield from _check_zone(settings)


def _check_zone(settings: Settings) -> Iterator[Finding]:
    zone = settings.people.time_zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        remedy = "set SERLOOP_PEOPLE__TIME_ZONE to one such as `Europe/Berlin`"
        yield Finding("people.time_zone", "broken", f"there is no time zone `{zone}`", remedy)
