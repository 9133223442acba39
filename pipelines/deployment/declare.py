"""The deployments as a file that `prefect deploy` reads."""

import json
from collections.abc import Sequence
from typing import Any

from pipelines.deployment.plan import ROUND_LIMIT, Cron, Deployment, Every
from pipelines.deployment.schedules import ANCHOR, SLUG

HEADER = f"""\
# Written by `serloop deploy --write`; for those who deploy with Prefect's own command:
#
#   prefect gcl create {ROUND_LIMIT} --limit 1
#   SERLOOP_HOME=/data/serloop prefect --no-prompt deploy --all --prefect-file infra/prefect.yaml
name: serloop
pull: null
deployments:
"""
HOME = "{{ $SERLOOP_HOME }}"


def declare(planned: Sequence[Deployment], *, work_pool: str) -> str:
    """Return deployments as YAML; equal ones give equal text, and no home is in it.

    Args:
        planned: The deployments.
        work_pool: Where workers look for work.

    Example:
        >>> text = declare([Deployment("maintain", "now", "Sweep.")], work_pool="p")
        >>> print("entrypoint" + text.partition("entrypoint")[2].rstrip())
        entrypoint: "pipelines.deployment.entrypoints.maintain"
            description: "Sweep."
            tags: ["serloop"]
            parameters: {"home": "{{ $SERLOOP_HOME }}"}
            schedules: []
            work_pool: {"name": "p"}
    """
    return HEADER + "".join(_declare(item, work_pool) for item in planned)


def _declare(item: Deployment, work_pool: str) -> str:
    fields = {
        "name": item.name,
        "entrypoint": item.entrypoint,
        "description": item.summary,
        "tags": [SLUG],
        "parameters": {**item.parameters, "home": HOME},
        "schedules": [_schedule(item.schedule)] if item.schedule else [],
        "work_pool": {"name": work_pool},
    }
    # JSON is YAML, and leaves no doubt about what is a string.
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items())
    return "  - " + "\n    ".join(lines) + "\n"


def _schedule(schedule: Cron | Every) -> dict[str, Any]:
    match schedule:
        case Every(pause, after):
            anchor = (ANCHOR + after).isoformat()
            return {"interval": pause.total_seconds(), "anchor_date": anchor, "slug": SLUG}
        case Cron(cron, time_zone):
            return {"cron": cron, "timezone": time_zone, "slug": SLUG}
