"""Collecting 10,000 answers from a real Label Studio, and collecting again when nothing happened.

`python -m tests.benchmarks.collecting [ANSWERS]` starts a server of its own, on SQLite, imports
tasks that are answered already, collects them, looks again, reads all again, collects one further
answer, and exports the project with Label Studio's own SDK for comparison. It needs
SERLOOP_LABEL_STUDIO__ENVIRONMENT, the server's virtual environment.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pipelines.collecting.pull import PullResult, pull
from pipelines.label_studio.connect import connect
from pipelines.label_studio.server import down, up
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from tests.label_studio_server import warm_settings
from tests.pipelines.collecting.asked_campaign import CAMPAIGN, CLASSES
from tests.pipelines.collecting.server_project import ServerProject, adopt, open_project, say

BATCH = 1000


def fill(project: ServerProject, clips: list[str]) -> None:
    """Import a task per clip, each with an answer."""
    tasks = [
        {
            "data": {"audio": "/a.wav", "clip_id": clip_id, "round_id": "r1"},
            "annotations": [say(CLASSES[number % len(CLASSES)])],
        }
        for number, clip_id in enumerate(clips)
    ]
    for start in range(0, len(tasks), BATCH):
        path = f"/api/projects/{project.number}/import"
        project.api.send("POST", path, body=tasks[start : start + BATCH], timeout_s=300)


def timed(name: str, action: Callable[[], object]) -> object:
    """Print what an action took, of our own processor and in all."""
    wall, own = time.perf_counter(), time.process_time()
    result = action()
    took = f"{time.perf_counter() - wall:6.2f} s, {time.process_time() - own:6.2f} s of them ours"
    said = result.rows()[0] if isinstance(result, PullResult) else {}
    counts = ", ".join(f"{said[key]} {key}" for key in ("tasks", "votes", "added") if said)
    print(f"{name:30s}{took}  {counts}", flush=True)  # noqa: T201
    return result


def export(project: ServerProject, settings: Settings) -> object:
    """Export the project as the SDK does."""
    from label_studio_sdk import LabelStudio

    token = settings.label_studio.token
    assert token is not None
    client = LabelStudio(base_url=project.api.url, api_key=token.get_secret_value())
    return client.projects.exports.as_json(project.number)


def main() -> None:
    """Collect and print what it took."""
    answers = int(sys.argv[1]) if sys.argv[1:] else 10_000
    with tempfile.TemporaryDirectory() as folder:
        server = warm_settings(Path(folder) / "server")
        up(server, SilentProgress())
        try:
            measure(server, Path(folder) / "home", [f"demo/{n:06d}" for n in range(answers)])
        finally:
            down(server)


def measure(server: Settings, home: Path, clips: list[str]) -> None:
    """Collect from a running server into a new warehouse."""
    settings = adopt(server, home)
    with connect(server) as api:
        project = open_project(settings, api, clips=clips, tasks=())

        def collect(*, full: bool = False) -> PullResult:
            return pull(settings, SilentProgress(), campaign=CAMPAIGN, full=full)

        timed("first look", collect)
        timed("import of answered tasks", lambda: fill(project, clips))
        timed("collect all of them", collect)
        timed("collect, nothing happened", collect)
        timed("collect --full", lambda: collect(full=True))
        project.answer(clips[0], "joy")
        timed("collect one further answer", collect)
        timed("the SDK's exports.as_json", lambda: export(project, settings))


if __name__ == "__main__":
    main()
