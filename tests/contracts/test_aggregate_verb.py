"""What `serloop aggregate` promises of any ledger, whichever the method."""

from pathlib import Path

import pyarrow as pa
import pytest

from annotation.aggregation import AGGREGATORS
from annotation.errors import AnnotationError
from annotation.testing import fill_votes
from pipelines.aggregate import aggregate
from pipelines.errors import NothingToDoError
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import queries
from warehouse.schemas import VOTES
from warehouse.testing import make_rows

SILENT = SilentProgress()
CLASSES = ["anger", "calm", "joy"]
LABELS = ["joy", "joy", "calm", "anger", "anger", "anger", "calm", "joy", "calm", "joy"]


@pytest.fixture(params=AGGREGATORS)
def method(request: pytest.FixtureRequest) -> str:
    """Provide the name of each method in turn."""
    return request.param


def open_place(home: Path, *batches: pa.Table) -> Settings:
    """Return a ledger into which these batches were committed one after the other."""
    settings = Settings(home=home)
    corpora = make_rows("corpora", corpus=["demo"], taxonomy=["testing"], classes=[CLASSES])
    with open_store(settings) as store:
        store.commit({"corpora": corpora}, message="corpus")
        for batch in batches:
            store.commit({"votes": batch.cast(VOTES.schema)}, message="votes")
    return settings


def say(labels: list[str], people: list[str]) -> pa.Table:
    """Return votes of these people in turn, clip by clip."""
    clips = [f"demo/{place // len(people):02d}" for place in range(len(labels))]
    who = people * (len(labels) // len(people))
    return fill_votes({"clip_id": clips, "annotator": who, "label": labels})


def conclude(settings: Settings, method: str) -> tuple[str, list[str | None]]:
    """Return the name of a run and the label of each clip."""
    (run,) = aggregate(settings, SILENT, method=method).runs
    with open_store(settings) as store:
        return run.run_id, queries.select_consensus(store, run.run_id)["label"].to_pylist()


def test_order_and_repeats_of_batches_are_irrelevant(method: str, tmp_path: Path) -> None:
    """The same votes, in whatever order and however often they came, are the same run."""
    votes = say(LABELS, ["kim", "lee"])
    backwards = votes.take(list(range(len(LABELS)))[::-1])
    once = open_place(tmp_path / "once", votes)
    often = open_place(tmp_path / "often", backwards, votes.slice(2, 5), votes)
    with open_store(often) as store:
        assert queries.count_rows(store)["votes"] == len(LABELS)
    assert conclude(often, method) == conclude(once, method)


def test_a_single_annotator_is_believed(method: str, tmp_path: Path) -> None:
    """With one vote a clip, the label is the vote."""
    settings = open_place(tmp_path / "home", say(LABELS, ["kim"]))
    assert conclude(settings, method)[1] == LABELS


def test_ties_have_no_label(method: str, tmp_path: Path) -> None:
    """Two people who always disagree, in roles that are alike, decide nothing."""
    labels = ["joy", "calm", "calm", "joy"] * 3
    settings = open_place(tmp_path / "home", say(labels, ["kim", "lee"]))
    (run,) = aggregate(settings, SILENT, method=method).runs
    assert (run.clips, run.ties) == (6, 6)
    assert set(conclude(settings, method)[1]) == {None}


def test_no_votes_are_nothing_to_do(method: str, tmp_path: Path) -> None:
    """The message says where votes come from, and no run is stored."""
    settings = open_place(tmp_path / "home")
    with pytest.raises(NothingToDoError, match=r"no labelled votes.*serloop votes"):
        aggregate(settings, SILENT, method=method)
    with open_store(settings) as store:
        assert queries.count_rows(store)["consensus_runs"] == 0


def test_a_label_outside_the_taxonomy_is_refused(method: str, tmp_path: Path) -> None:
    """The label is named, and no run is stored."""
    settings = open_place(tmp_path / "home", say(["joy", "rage"], ["kim"]))
    with pytest.raises(AnnotationError, match="`rage` of clip `demo/01` is none of the classes"):
        aggregate(settings, SILENT, method=method)
    with open_store(settings) as store:
        assert queries.count_rows(store)["consensus_runs"] == 0
