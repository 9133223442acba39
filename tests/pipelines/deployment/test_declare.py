"""The file for Prefect's own command."""

from pathlib import Path

import yaml

from pipelines.deployment.declare import declare
from pipelines.deployment.plan import plan_deployments
from pipelines.settings import Settings

FILE = Path(__file__).parents[3] / "infra" / "prefect.yaml"
EXAMPLE = Settings(schedule={"ingest": {"ravdess": {"root": "/data/ravdess"}}})


def test_the_file_in_the_repository_is_what_is_written() -> None:
    """`serloop deploy --write` with one corpus and the defaults makes it."""
    planned = plan_deployments(EXAMPLE)
    assert FILE.read_text(encoding="utf-8") == declare(planned, work_pool="serloop")


def test_it_is_read_as_it_is_meant() -> None:
    """As YAML, with everything that a deployment is told, and the home left to whoever deploys."""
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    planned = plan_deployments(EXAMPLE)
    assert [item["entrypoint"] for item in document["deployments"]] == [
        item.entrypoint for item in planned
    ]
    (ingest,) = [item for item in document["deployments"] if item["name"] == "ravdess"]
    assert ingest["parameters"] == {
        "corpus": "ravdess",
        "root": "/data/ravdess",
        "home": "{{ $SERLOOP_HOME }}",
    }
    assert ingest["schedules"] == [{"cron": "0 2 * * *", "timezone": "UTC", "slug": "serloop"}]
