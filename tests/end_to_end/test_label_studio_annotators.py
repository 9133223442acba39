"""Five people label at once on PostgreSQL: all votes are told apart, and none is one too many."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from annotation.label_studio.answering import next_task
from annotation.label_studio.api import Api
from annotation.label_studio.users import annotator_of
from pipelines.collecting.pull import PullResult, pull
from pipelines.ingest import ingest
from pipelines.label_studio.server import down, up
from pipelines.progress import SilentProgress
from pipelines.publishing.publish import PublishResult
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.label_studio_server import MARKS, real_settings, run_postgres
from tests.pipelines.places import make_settings
from tests.pipelines.publishing.online import (
    CAMPAIGN,
    adopt,
    answer,
    ask,
    hire,
    items_of,
    send,
)
from warehouse import queries

pytestmark = MARKS
SILENT = SilentProgress()
PEOPLE = 5
CLIPS = 20
Given = tuple[str, str, str]
"""Clip, annotator and label."""


@dataclass(frozen=True)
class Person:
    """Somebody who labels.

    Args:
        api: The server in their name.
        annotator: Who they are in the ledger.
    """

    api: Api
    annotator: str

    def hear(self, clip_id: str) -> str:
        """Return what they hear in a clip, which another may hear differently."""
        said = hashlib.sha256(f"{self.annotator}{clip_id}".encode()).digest()[0]
        return ("anger", "happiness", "sadness")[said % 3]

    def label(self, project: int, items: Mapping[str, str]) -> list[Given]:
        """Answer whatever comes next until nothing does."""
        given = []
        while (task := next_task(self.api, project)) is not None:
            clip_id = items[task["data"]["item"]]
            label = self.hear(clip_id)
            answer(self.api, task["id"], label)
            given.append((clip_id, self.annotator, label))
        return given


@pytest.fixture(scope="module")
def busy_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Run a server that several people can use at once."""
    with run_postgres() as database:
        settings = real_settings(tmp_path_factory.mktemp("busy") / "home", database=database)
        try:
            up(settings, SILENT)
            yield settings
        finally:
            down(settings)


@pytest.fixture
def people(busy_server: Settings) -> Iterator[list[Person]]:
    """Hire people, each with a login of their own."""
    apis = [hire(busy_server) for _ in range(PEOPLE)]
    yield [Person(api, annotator_of(api.whoami().email)) for api in apis]
    for api in apis:
        api.close()


def collect(settings: Settings) -> PullResult:
    """Collect the campaign's answers."""
    return pull(settings, SILENT, campaign=CAMPAIGN)


def label_together(
    settings: Settings, people: Sequence[Person], result: PublishResult
) -> tuple[list[Given], int]:
    """Let all label at once while answers are collected; return what they said, and the rows."""
    added, items = 0, items_of(settings, result)
    with ThreadPoolExecutor(len(people)) as pool:
        working = [pool.submit(person.label, result.number, items) for person in people]
        while not all(work.done() for work in working):
            added += collect(settings).added
        given = [item for work in working for item in work.result()]
    return given, added + collect(settings).added


def standing(settings: Settings) -> list[Given]:
    """Return the votes in force."""
    with open_store(settings) as store:
        votes = queries.select_effective_votes(store)
    rows = votes.select(["clip_id", "annotator", "label"]).to_pylist()
    return sorted((row["clip_id"], row["annotator"], row["label"]) for row in rows)


def test_five_people_at_once(
    busy_server: Settings, people: list[Person], synthetic: Path, tmp_path: Path
) -> None:
    """Each clip gets as many votes as it wants, from as many people, as they gave them."""
    mine = make_settings(tmp_path / "home")
    ingest(mine, SILENT, corpus="synthetic", root=synthetic)
    settings = adopt(mine, busy_server)
    wanted = [number % PEOPLE + 1 for number in range(CLIPS)]
    clips = ask(settings, 0, *((at, "seed", None, votes) for at, votes in enumerate(wanted)))
    given, added = label_together(settings, people, send(settings))
    votes = standing(settings)
    assert votes == sorted(given)
    assert added == len(votes) == sum(wanted)
    assert Counter(clip for clip, _, _ in votes) == dict(zip(clips, wanted, strict=True))
    assert len({(clip, annotator) for clip, annotator, _ in votes}) == len(votes)
    assert {annotator for _, annotator, _ in votes} == {person.annotator for person in people}
    full = pull(settings, SILENT, campaign=CAMPAIGN, full=True)
    assert (full.added, full.missed, full.quarantined) == (0, 0, {})
    assert send(settings).waiting == 0
