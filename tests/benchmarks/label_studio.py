"""Publishing and collecting 10,000 tasks on a real Label Studio, beside its own SDK.

`python -m tests.benchmarks.label_studio [TASKS]`, SERLOOP_LABEL_STUDIO__ENVIRONMENT set, starts a
server of its own with SQLite, publishes tasks with predictions, corrects the votes wanted of a
hundred of them, has every task answered, and collects. The SDK imports the same tasks in one call
and exports the same answers. Seconds are wall time, in brackets the server's CPU time. Audio is not
exported.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotation.label_studio.api import Api
from annotation.label_studio.projects import read_tasks
from pipelines.collecting.pull import pull
from pipelines.label_studio.connect import connect
from pipelines.label_studio.identity import read_login
from pipelines.label_studio.places import find_places
from pipelines.label_studio.process import read_process
from pipelines.label_studio.server import down, up
from pipelines.progress import SilentProgress
from pipelines.publishing.publish import PublishResult, publish
from pipelines.settings import Settings
from tests.label_studio_server import warm_settings
from tests.pipelines.publishing.many import CAMPAIGN, CLASSES, ask, write_clips

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

SILENT = SilentProgress()
CORRECTED = 100
BATCH = 500


def cpu_seconds(settings: Settings) -> float:
    """Return the CPU time that the server has used so far."""
    process = read_process(find_places(settings).process)
    assert process is not None
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def timed(settings: Settings, what: str) -> Iterator[None]:
    """Print how long something took."""
    begin, cpu = time.perf_counter(), cpu_seconds(settings)
    yield
    seconds, spent = time.perf_counter() - begin, cpu_seconds(settings) - cpu
    print(f"{what}: {seconds:.2f} s ({spent:.2f} s)", flush=True)  # noqa: T201


def answer_all(api: Api, result: PublishResult, tasks: list[dict[str, Any]]) -> None:
    """Put the same tasks in the place of those that are there, each with one answer."""
    everything = {"selectedItems": {"all": True, "excluded": []}}
    query: dict[str, str | int] = {"id": "delete_tasks", "project": result.number}
    api.send("POST", "/api/dm/actions", query=query, body=everything, timeout_s=600)
    region = {"from_name": "emotion", "to_name": "audio", "type": "choices"}
    for start in range(0, len(tasks), BATCH):
        body = [
            {
                "data": task["data"],
                "annotations": [
                    {
                        "result": [region | {"value": {"choices": [CLASSES[at % 6]]}}],
                        "completed_by": 1,
                        "lead_time": 3.0,
                        "ground_truth": False,
                    }
                ],
            }
            for at, task in enumerate(tasks[start : start + BATCH])
        ]
        api.send("POST", f"/api/projects/{result.number}/import", body=body, timeout_s=600)


def publish_all(settings: Settings, count: int) -> PublishResult:
    """Publish, publish what is there already, and correct some of it."""
    clips = write_clips(settings, count)
    ask(settings, 0, clips, wanted=[1] * count)
    with timed(settings, f"publish {count} tasks with predictions"):
        result = publish(settings, SILENT, campaign=CAMPAIGN)
    with timed(settings, "publish again, nothing new"):
        publish(settings, SILENT, campaign=CAMPAIGN)
    ask(settings, 1, clips[:CORRECTED], wanted=[3] * CORRECTED)
    with timed(settings, f"publish again, {CORRECTED} tasks want more votes"):
        publish(settings, SILENT, campaign=CAMPAIGN)
    return result


def import_by_sdk(
    settings: Settings, client: "LabelStudio", project: dict[str, Any], tasks: list[dict[str, Any]]
) -> None:
    """Import the same tasks into another project by one call of the SDK."""
    config = project["label_config"]
    other = client.projects.create(title="by the SDK", label_config=config)
    with timed(settings, f"the SDK imports {len(tasks)} tasks in one call"):
        client.projects.import_tasks(
            other.id, request=tasks, request_options={"max_retries": 0, "timeout_in_seconds": 900}
        )


def read_sent(api: Api, number: int) -> list[dict[str, Any]]:
    """Return the tasks of a project as they were sent."""
    fields = ("id", "data", "predictions_results")
    choice = {"from_name": "emotion", "to_name": "audio", "type": "choices"}
    return [
        {
            "data": task["data"],
            "predictions": [
                {
                    "model_version": "serloop",
                    "result": [choice | {"value": {"choices": [CLASSES[at % 6]]}}],
                }
            ],
        }
        for at, task in enumerate(read_tasks(api, number, include=fields))
    ]


def collect_all(settings: Settings, client: "LabelStudio", count: int, number: int) -> None:
    """Collect all answers, then none, then all again, and let the SDK export them."""
    with timed(settings, f"collect {count} new annotations"):
        found = pull(settings, SILENT, campaign=CAMPAIGN)
    for _ in range(3):
        with timed(settings, "collect again, nothing new"):
            pull(settings, SILENT, campaign=CAMPAIGN)
    with timed(settings, f"collect all {count} again (--full)"):
        pull(settings, SILENT, campaign=CAMPAIGN, full=True)
    with timed(settings, "the SDK exports the project as JSON"):
        exported = client.projects.exports.as_json(number)
    print(f"{found.votes} votes; {len(exported)} tasks exported")  # noqa: T201


def main() -> None:
    """Publish, correct, answer and collect, and print what it took."""
    from label_studio_sdk import LabelStudio

    count = int(sys.argv[1]) if sys.argv[1:] else 10_000
    with tempfile.TemporaryDirectory() as folder:
        settings = warm_settings(Path(folder) / "home")
        shown = settings.labelling.model_copy(update={"shown_share": 1.0})
        settings = settings.model_copy(update={"labelling": shown})
        try:
            up(settings, SILENT)
            result = publish_all(settings, count)
            login = read_login(find_places(settings).login)
            assert login is not None
            with connect(settings) as api:
                client = LabelStudio(base_url=api.url, api_key=login.token, timeout=900)
                tasks = read_sent(api, result.number)
                project = api.get(f"/api/projects/{result.number}/")
                import_by_sdk(settings, client, project, tasks)
                answer_all(api, result, tasks)
            collect_all(settings, client, count, result.number)
        finally:
            down(settings)


if __name__ == "__main__":
    main()
