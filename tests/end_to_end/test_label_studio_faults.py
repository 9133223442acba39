"""Under every fault of a network, and kills of the server, tasks and votes arrive exactly once."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from annotation.errors import LabelStudioServerError
from annotation.label_studio.answering import next_task, post_label
from annotation.label_studio.api import Api
from annotation.label_studio.delivering import list_tasks
from annotation.label_studio.items import name_items
from annotation.label_studio.projects import find_project, read_tasks
from annotation.label_studio.users import annotator_of, create_user, log_in, make_password
from pipelines.collecting.pull import pull
from pipelines.label_studio.connect import connect
from pipelines.label_studio.places import find_places, own_url
from pipelines.label_studio.process import is_claimed, read_process
from pipelines.label_studio.server import down, up
from pipelines.progress import SilentProgress
from pipelines.publishing.project import read_items
from pipelines.publishing.publish import publish
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.fault_proxy import FaultProxy, RandomFaults
from tests.label_studio_server import MARKS, warm_settings
from tests.pipelines.publishing.many import CAMPAIGN, CLASSES, ask, write_clips
from tests.pipelines.publishing.online import adopt
from warehouse import queries

pytestmark = MARKS
T = TypeVar("T")
SILENT = SilentProgress()
# The acceptance takes 30, which take a quarter of an hour.
KILLS = int(os.environ.get("LABEL_STUDIO_KILLS", "3"))
CLIPS_A_ROUND = 80
ANSWERS_A_ROUND = 8
FAULTS = 0.15
PATIENCE_S = 300.0


def persist(action: Callable[[], T]) -> T:
    """Do something until it succeeds, as somebody does who runs a command again."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return action()
        except LabelStudioServerError as error:
            # Who is refused has done something wrong; only silence and failures are repeated.
            if time.monotonic() > deadline or (error.status or 500) < 500:
                raise
            time.sleep(0.2)


@dataclass
class Listener:
    """Somebody who answers, and remembers each answer that the server has accepted, by item."""

    address: str
    api: Api
    given: dict[str, str] = field(default_factory=dict)

    def answer(self, project_id: int, chance: random.Random) -> None:
        """Answer the next task; sent as often as it takes, under one key."""
        task = persist(lambda: next_task(self.api, project_id))
        if task is None:
            return
        item, label = task["data"]["item"], chance.choice(CLASSES)
        key = f"{project_id}/{item}/{self.address}"
        persist(lambda: post_label(self.api, task["id"], label, lead_time_s=2.0, key=key))
        self.given[item] = label


class Killer(threading.Thread):
    """Kill the server after a while, and start it again."""

    def __init__(self, server: Settings, after_s: float) -> None:
        super().__init__()
        self.server, self.after_s = server, after_s
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Wait, kill -9, start."""
        try:
            time.sleep(self.after_s)
            places = find_places(self.server)
            process = read_process(places.process)
            assert process is not None
            os.killpg(process.pid, signal.SIGKILL)
            while is_claimed(places.lock):
                time.sleep(0.05)
            up(self.server, SILENT)
        except BaseException as error:
            self.failure = error
            raise


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Settings]:
    """Run a server of our own that may be killed."""
    settings = warm_settings(tmp_path / "server")
    up(settings, SILENT)
    yield settings
    down(settings)


def hire(server: Settings, url: str, count: int) -> list[Listener]:
    """Make users who reach the server through a proxy."""
    listeners = []
    with connect(server) as api:
        for number in range(count):
            address, password = f"listener-{number}@example.org", make_password()
            create_user(api, address, password)
            with log_in(own_url(server), address, password) as own:
                token = own._client.auth._header.removeprefix("Token ")
            listeners.append(Listener(address, Api(url, token)))
    return listeners


def test_faults_and_kills_lose_and_double_nothing(
    server: Settings, tmp_path: Path, chance: random.Random
) -> None:
    """Rounds are published, answered and collected while the server is killed again and again."""
    faults = RandomFaults(FAULTS, seed=chance.randrange(1000))
    with FaultProxy(server.label_studio.port, faults, delay_s=0.3) as proxy:
        home = Settings(home=tmp_path / "home", rounds={"keep_open": True})
        settings = adopt(home, server, url=proxy.url)
        clips = write_clips(settings, KILLS * CLIPS_A_ROUND)
        listeners = hire(server, proxy.url, 2)
        lasts_s = 5.0
        for number in range(KILLS):
            own = clips[number * CLIPS_A_ROUND :][:CLIPS_A_ROUND]
            ask(settings, number, own, wanted=[1 + at % 8 // 7 for at in range(len(own))])
            killer = Killer(server, chance.uniform(0, lasts_s))
            killer.start()
            begin_s = time.monotonic()
            result = persist(lambda: publish(settings, SILENT, campaign=CAMPAIGN))
            for turn in range(ANSWERS_A_ROUND):
                listeners[turn % 2].answer(result.number, chance)
            persist(lambda: pull(settings, SILENT, campaign=CAMPAIGN))
            # So that kills meet every step, waiting for the restart included.
            lasts_s = (lasts_s + time.monotonic() - begin_s) / 2
            killer.join()
            assert killer.failure is None
        persist(lambda: publish(settings, SILENT, campaign=CAMPAIGN))
        persist(lambda: pull(settings, SILENT, campaign=CAMPAIGN, full=True))
        assert proxy.count_faults().total() > KILLS
    check_tasks(server, result.project, clips)
    check_votes(server, settings, result.project, listeners)


def check_tasks(server: Settings, key: str, clips: list[str]) -> None:
    """Make sure that every clip has one task that asks for the votes it lacks."""
    with connect(server) as api:
        project = find_project(api, key)
        assert project is not None
        tasks = list_tasks(api, project.id, name_items(key, clips))
    assert Counter(task.clip_id for task in tasks) == Counter(clips)
    wanted = {clip: 1 + at % CLIPS_A_ROUND % 8 // 7 for at, clip in enumerate(clips)}
    assert {task.clip_id: task.overlap for task in tasks} == wanted
    # Rounds are queued one after the other, each by falling utility.
    assert [task.clip_id for task in tasks] == clips


def check_votes(server: Settings, settings: Settings, key: str, listeners: list[Listener]) -> None:
    """Make sure that every answer given is one annotation there and one vote here."""
    with open_store(settings) as store:
        items = read_items(store, key)
    given = {
        (items[item], annotator_of(listener.address), label)
        for listener in listeners
        for item, label in listener.given.items()
    }
    with connect(server) as api:
        project = find_project(api, key)
        assert project is not None
        there = [len(task["annotations"]) for task in read_tasks(api, project.id, include=None)]
    with open_store(settings) as store:
        votes = queries.select_effective_votes(store).to_pylist()
    assert sum(there) == len(given)
    assert Counter((row["clip_id"], row["annotator"], row["label"]) for row in votes) == Counter(
        given
    )
