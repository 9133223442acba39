"""The loop through a real Label Studio: asked, answered by separate users, collected, learned."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from annotation.label_studio.projects import find_project, read_tasks
from pipelines.campaign import count_missing, read_asks
from pipelines.demo import demo, next_steps
from pipelines.ingest import ingest
from pipelines.label_studio.connect import connect
from pipelines.label_studio.server import down, up
from pipelines.loop import run_round
from pipelines.progress import SilentProgress
from pipelines.publishing.project import read_items
from pipelines.runner import DirectRunner
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.corpora.synthetic import write_synthetic_corpus
from tests.label_studio_server import MARKS, warm_settings
from tests.pipelines.places import QUICK
from warehouse import queries

pytestmark = MARKS
SILENT = SilentProgress()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Settings]:
    """Return the settings of a server that can be started at once and a training that is short."""
    warm = warm_settings(tmp_path / "home")
    yield Settings(home=warm.home, label_studio=warm.label_studio.model_dump(), **QUICK)
    down(warm)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return the folder of 36 clips: six speakers, six emotions, one sentence."""
    root = tmp_path / "synthetic"
    write_synthetic_corpus(root, speakers=6, sentences=1, repetitions=1, seed=0)
    return root


def test_the_demo_asks_and_answers_over_http_and_leaves_a_queue(
    place: Settings, corpus: Path
) -> None:
    """Every vote came from a user of its own; one more round waits for a person."""
    result = demo(DirectRunner(place, SILENT), data=corpus, label_studio=True)
    with open_store(place) as store:
        votes = queries.select_effective_votes(store)
        missing = count_missing(read_asks(store, "synthetic"))
        answered = read_asks(store, "synthetic", up_to=1)
        key = queries.select_projects(store)["project"][0].as_py()
        items = read_items(store, key)
    assert set(votes["source"].to_pylist()) == {"label-studio"}
    who = set(votes["annotator"].to_pylist())
    assert len(who) > 4
    assert all(name.startswith("simulated-") for name in who)
    assert votes["lead_time_s"].null_count == 0
    assert set(count_missing(answered).values()) == {0}
    most = answered.group_by("clip_id").aggregate(
        [("votes_wanted", "max"), ("votes_received", "max")]
    )
    assert most["votes_received_max"].to_pylist() == most["votes_wanted_max"].to_pylist()
    open_clips = {clip_id for clip_id, count in missing.items() if count > 0}
    assert open_clips
    with connect(place) as api:
        found = find_project(api, key)
        waiting = [task for task in read_tasks(api, found.id) if not task["is_labeled"]]
    assert {items[task["data"]["item"]] for task in waiting} == open_clips
    text = next_steps(result, place)
    assert result.queue in text
    assert "name admin@serloop.example, password " in text


def test_a_round_publishes_and_the_next_one_collects(place: Settings, corpus: Path) -> None:
    """A running Label Studio is used without being asked for; simulated people answer there."""
    up(place, SILENT)
    run = DirectRunner(place, SILENT)
    ingest(place, SILENT, corpus="synthetic", root=corpus)
    first = run_round(run, corpus="synthetic")
    assert (first.waiting, first.curve) == (10, ())
    assert first.queue.startswith("http://127.0.0.1:")
    second = run_round(run, corpus="synthetic", simulate=True, label_studio=True)
    assert {(point.round, point.votes) for point in second.curve} == {(0, 50)}
    assert second.waiting == 0
