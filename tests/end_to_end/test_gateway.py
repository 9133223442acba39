"""A real Label Studio wakes the gateway: answers become votes within seconds, its button trains."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from annotation.label_studio.api import Api
from annotation.label_studio.projects import find_project, read_tasks
from pipelines.errors import PipelineError
from pipelines.gateway.connecting import connect_campaign, connect_project
from pipelines.gateway.keys import SECRET_HEADER, read_keys
from pipelines.gateway.places import find_gateway_places, gateway_url
from pipelines.ingest import ingest
from pipelines.label_studio.connect import connect
from pipelines.label_studio.identity import read_login
from pipelines.label_studio.places import find_places
from pipelines.label_studio.server import down, up
from pipelines.loop import run_round
from pipelines.progress import SilentProgress
from pipelines.runner import DirectRunner
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.corpora.synthetic import write_synthetic_corpus
from tests.label_studio_server import MARKS, free_port, warm_settings
from tests.pipelines.places import QUICK
from tests.pipelines.publishing.online import answer, hire
from tests.running import wait_for
from warehouse import queries

pytestmark = MARKS
SILENT = SilentProgress()
CAMPAIGN = "synthetic"
# Neither polls nor waits that a webhook could hide behind.
PACE = {"poll_s": 3600, "quiet_s": 0.3, "longest_wait_s": 2}


@dataclass
class Served:
    """A campaign on a real server, and the gateway as the command line runs it."""

    settings: Settings
    user: Api
    options: Mapping[str, float] = field(default_factory=lambda: PACE)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """Return the file of what the gateway printed."""
        return self.settings.home / "gateway.log"

    def start(self, **options: float) -> None:
        """Run `serloop gateway` and wait until it answers."""
        section = {**PACE, **options, "port": self.settings.gateway.port}
        given = {
            "home": str(self.settings.home),
            "gateway": json.dumps(section),
            "label_studio": self.settings.label_studio.model_dump_json(exclude_defaults=True),
            **{name: json.dumps(values) for name, values in QUICK.items()},
        }
        environment = os.environ | {f"SERLOOP_{name}".upper(): v for name, v in given.items()}
        program = Path(sys.executable).with_name("serloop")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([program, "gateway"], env=environment, stderr=log)
        wait_for(self.is_well, 60)

    def is_well(self) -> bool:
        """Return whether it answers."""
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            return httpx.get(f"{gateway_url(self.settings)}/health", timeout=5).is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """End it, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(30) == 0

    def tasks(self) -> list[int]:
        """Return the numbers of tasks that nobody answered."""
        with connect(self.settings) as api:
            found = read_tasks(api, self.project(api), include=("id", "total_annotations"))
            return [task["id"] for task in found if task["total_annotations"] == 0]

    def project(self, api: Api) -> int:
        """Return the number of the campaign's project."""
        with open_store(self.settings) as store:
            key = queries.select_projects(store)["project"][0].as_py()
        project = find_project(api, key)
        assert project is not None
        return project.id

    def votes(self) -> list[str]:
        """Return the labels of the votes that stand."""
        with open_store(self.settings) as store:
            votes: list[str] = queries.select_effective_votes(store)["label"].to_pylist()
        return sorted(votes)

    def rounds(self) -> int:
        """Return how many rounds were asked."""
        with open_store(self.settings) as store:
            return queries.select_rounds(store).num_rows


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Run a server with a published campaign, and a gateway that its project is connected to."""
    folder = tmp_path_factory.mktemp("gateway")
    write_synthetic_corpus(folder / "corpus", speakers=6, sentences=1, repetitions=1, seed=0)
    warm = warm_settings(folder / "home")
    settings = Settings(
        home=warm.home,
        label_studio=warm.label_studio.model_dump(),
        gateway={"port": free_port()},
        **QUICK,
    )
    try:
        up(settings, SILENT)
        ingest(settings, SILENT, corpus="synthetic", root=folder / "corpus")
        run_round(DirectRunner(settings, SILENT), corpus="synthetic")
        with hire(settings) as user:
            running = Served(settings, user)
            running.start()
            connect_campaign(settings, SILENT, campaign=CAMPAIGN, with_backend=True)
            yield running
            running.stop()
    finally:
        down(settings)


def test_connecting_again_makes_nothing_twice(served: Served) -> None:
    """One webhook that shows the secret, none that is sent without it, one backend."""
    again = connect_campaign(served.settings, SILENT, campaign=CAMPAIGN, with_backend=True)
    assert (again.webhook, again.backend) == ("kept", "changed")
    keys = read_keys(find_gateway_places(served.settings).keys)
    with connect(served.settings) as api:
        project = served.project(api)
        hooks = api.get("/api/webhooks/", project=project)
        backends = api.get("/api/ml/", project=project)
        moved = served.settings.model_copy(
            update={"gateway": served.settings.gateway.model_copy(update={"port": 1})}
        )
        assert connect_campaign(moved, SILENT, campaign=CAMPAIGN).webhook == "changed"
        assert connect_campaign(served.settings, SILENT, campaign=CAMPAIGN).webhook == "changed"
        assert len(api.get("/api/webhooks/", project=project)) == len(hooks)
    active = [hook for hook in hooks if hook["is_active"]]
    assert [hook["headers"] for hook in active] == [{SECRET_HEADER: keys.webhook}]
    assert not active[0]["send_payload"]
    assert len(hooks) == 2
    assert [(item["readable_state"], item["auth_method"]) for item in backends] == [
        ("Connected", "BASIC_AUTH")
    ]
    assert keys.password not in json.dumps([hooks, backends])


def test_a_project_of_somebody_else_is_let_be(served: Served) -> None:
    """A project without our mark is refused, and has no webhook afterwards."""
    with connect(served.settings) as api:
        number = api.send("POST", "/api/projects/", body={"title": "not ours"})["id"]
        with pytest.raises(PipelineError, match="is not one that serloop made"):
            connect_project(api, number, served.settings)
        assert api.get("/api/webhooks/", project=number) == []


def test_an_answer_is_a_vote_within_seconds(served: Served) -> None:
    """Given, edited and deleted, it is in the ledger as fast as a webhook goes."""
    before, task = served.votes(), served.tasks()[0]
    begin = time.monotonic()
    number = answer(served.user, task)
    wait_for(lambda: served.votes() == sorted([*before, "anger"]), 30)
    took_s = time.monotonic() - begin
    region = {"from_name": "emotion", "to_name": "audio", "type": "choices"}
    edited = {"result": [region | {"value": {"choices": ["sadness"]}}]}
    served.user.send("PATCH", f"/api/annotations/{number}/", body=edited)
    wait_for(lambda: served.votes() == sorted([*before, "sadness"]), 30)
    served.user.send("DELETE", f"/api/annotations/{number}/")
    wait_for(lambda: served.votes() == before, 30)
    assert took_s < 20


def test_answers_given_while_it_was_down_are_found(served: Served) -> None:
    """No webhook told of them; the look at its start finds all, and polls find what is lost."""
    served.stop()
    before, tasks = served.votes(), served.tasks()
    for task in tasks[:3]:
        answer(served.user, task, "anger")
    assert served.votes() == before
    served.start(poll_s=2)
    wait_for(lambda: served.votes() == sorted([*before, *["anger"] * 3]), 30)
    with connect(served.settings) as api:
        for hook in api.get("/api/webhooks/", project=served.project(api)):
            api.send("PATCH", f"/api/webhooks/{hook['id']}/", body={"is_active": False})
    answer(served.user, tasks[3], "anger")
    wait_for(lambda: served.votes() == sorted([*before, *["anger"] * 4]), 30)
    assert connect_campaign(served.settings, SILENT, campaign=CAMPAIGN).webhook == "changed"


def test_the_server_speaks_with_it_as_with_a_model(served: Served) -> None:
    """Health, setup, versions and predictions are asked for with the password, and understood."""
    with connect(served.settings) as api:
        project = served.project(api)
        backend = api.get("/api/ml/", project=project)[0]["id"]
        assert "versions" in api.get(f"/api/ml/{backend}/versions")
        tried = api.send("POST", f"/api/ml/{backend}/predict/test", query={"random": "true"})
        assert tried["status"] == 200
        assert len(tried["response"]) == 1
        login = read_login(find_places(served.settings).login)
    assert login is not None
    log = served.log.read_bytes()
    assert b"POST /ml/{project}/setup 200" in log
    kept = [path for path in (served.settings.home / "gateway").iterdir() if path.is_file()]
    assert all(login.token.encode() not in text for text in [log, *map(Path.read_bytes, kept)])


def test_start_training_starts_a_round(served: Served) -> None:
    """The button learns from the answers, asks anew and publishes what it asks."""
    for task, label in zip(served.tasks(), ("anger", "sadness", "fear") * 4, strict=False):
        answer(served.user, task, label)
    before = served.rounds()
    with connect(served.settings) as api:
        backend = api.get("/api/ml/", project=served.project(api))[0]["id"]
        api.send("POST", f"/api/ml/{backend}/train", body={})
    wait_for(lambda: served.rounds() == before + 1, 240)
    wait_for(lambda: "round of synthetic done" in served.log.read_text(), 120)
    with connect(served.settings) as api:
        tried = api.send("POST", f"/api/ml/{backend}/predict/test", query={"random": "true"})
        versions = api.get(f"/api/ml/{backend}/versions")["versions"]
    # Outside of a trial nobody sees what the model says, only how sure it is.
    assert tried["response"][0]["result"] == []
    assert versions[:1] == [tried["response"][0]["model_version"]]
