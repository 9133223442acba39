"""Votes in force become one consensus per clip, named by the votes behind it."""

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from annotation.aggregation import AGGREGATORS
from annotation.clips import expected_gain
from annotation.testing import fill_votes
from pipelines.aggregate import aggregate
from pipelines.choices import AggregatorName
from pipelines.errors import NothingToDoError
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse import Warehouse, queries
from warehouse.testing import make_rows

SILENT = SilentProgress()
CLASSES = ["calm", "joy"]
# clip, annotator, label, modality
VOTES = [
    ("demo/a", "ann", "joy", "audio"),
    ("demo/a", "ben", "joy", "audio"),
    ("demo/a", "cleo", "calm", "audio"),
    ("demo/b", "ann", "calm", "audio"),
    ("demo/b", "ben", "joy", "audio"),
    ("demo/c", "ann", "calm", "audio"),
    ("demo/a", "ann", "calm", "video"),
    ("talks/a", "ann", "joy", "audio"),
    ("demo/c", "ben", None, "audio"),
]


def cast(store: Warehouse, votes, *, prefix: str = "v", taxonomy: str = "demo-2") -> None:
    """Append votes to the ledger."""
    clips, annotators, labels, modalities = zip(*votes, strict=True)
    rows = fill_votes(
        {
            "vote_id": [f"{prefix}{number}" for number in range(len(votes))],
            "clip_id": clips,
            "annotator": annotators,
            "label": labels,
            "modality": modalities,
            "taxonomy": [taxonomy] * len(votes),
        }
    )
    store.commit({"votes": rows}, message="votes")


@pytest.fixture(scope="module")
def voted_once(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a ledger of votes, and a campaign that asked about some of their clips.

    Tests may aggregate here, for a run changes no other; they may not vote.
    """
    settings = Settings(home=tmp_path_factory.mktemp("voted"))
    asked = {
        "round_id": ["demo-000", "demo-001", "demo-001"],
        "ask_id": ["0", "1", "2"],
        "clip_id": ["demo/a", "demo/b", "demo/c"],
        "arm": ["seed", "active", "random"],
    }
    rows = {
        "corpora": make_rows("corpora", corpus=["demo"], taxonomy=["demo-2"], classes=[CLASSES]),
        "asks": make_rows("asks", **asked),
        "rounds": make_rows(
            "rounds", round_id=["demo-000", "demo-001"], campaign=["demo"] * 2, number=[0, 1]
        ),
    }
    with open_store(settings) as store:
        store.commit(rows, message="campaign")
        cast(store, VOTES)
    return settings


@pytest.fixture
def voted(voted_once: Settings, tmp_path: Path) -> Settings:
    """Return the ledger, free to change."""
    return borrow(voted_once, tmp_path / "home")


def consensus(settings: Settings, run_id: str) -> dict[str, dict[str, object]]:
    """Return the consensus of each clip of a run."""
    with open_store(settings) as store:
        rows = queries.select_consensus(store, run_id).to_pylist()
    return {row["clip_id"]: row for row in rows}


def test_majority_decides_and_ties_stay_open(voted: Settings) -> None:
    """Two of three decide, one against one does not."""
    (run,) = aggregate(voted, SILENT, method="majority", corpus="demo").runs[:1]
    rows = consensus(voted, run.run_id)
    assert [rows[name]["label"] for name in ("demo/a", "demo/b", "demo/c")] == ["joy", None, "calm"]
    assert rows["demo/a"]["posterior"] == pytest.approx([1 / 3, 2 / 3])
    assert (run.clips, run.votes, run.ties, run.annotators) == (3, 6, 1, 3)


@pytest.mark.parametrize("method", ["majority", "dawid_skene"])
def test_each_modality_is_a_run_of_its_own(voted_once: Settings, method: str) -> None:
    """Who saw a face judged something else than who heard a voice."""
    result = aggregate(voted_once, SILENT, method=method)
    assert [run.modality for run in result.runs] == ["audio", "video"]
    assert [run.clips for run in result.runs] == [4, 1]


def test_equal_votes_are_one_run_and_a_new_vote_makes_another(voted: Settings) -> None:
    """Repeating writes nothing; the old consensus stays when votes are added."""
    first = aggregate(voted, SILENT, corpus="talks").runs[0]
    again = aggregate(voted, SILENT, corpus="talks").runs[0]
    with open_store(voted) as store:
        snapshot = store.snapshot
        cast(store, [("talks/a", "ben", "joy", "audio")], prefix="new")
    later = aggregate(voted, SILENT, corpus="talks").runs[0]
    with open_store(voted) as store:
        assert store.snapshot == snapshot + 2
    assert first.run_id == again.run_id != later.run_id
    assert consensus(voted, first.run_id)["talks/a"]["votes"] == 1


SELECTIONS = {
    "corpus": ({"corpus": "talks"}, {"talks/a"}),
    "campaign": ({"campaign": "demo"}, {"demo/a", "demo/b", "demo/c"}),
    "arm": ({"campaign": "demo", "arm": "active"}, {"demo/a", "demo/b"}),
    "other-arm": ({"campaign": "demo", "arm": "random"}, {"demo/a", "demo/c"}),
    "up-to": ({"campaign": "demo", "up_to": 0}, {"demo/a"}),
}


@pytest.mark.parametrize(("selection", "clips"), SELECTIONS.values(), ids=SELECTIONS)
def test_a_selection_takes_its_clips_only(voted_once: Settings, selection, clips: set[str]) -> None:
    """An arm learns from its own asks and the seed, and from no other arm's."""
    run = aggregate(voted_once, SILENT, **selection).runs[0]
    assert consensus(voted_once, run.run_id).keys() == clips


def test_the_run_records_what_it_was_made_from(voted: Settings) -> None:
    """Method, selection, snapshot and classes stand in one row."""
    with open_store(voted) as store:
        snapshot = store.snapshot
    run = aggregate(voted, SILENT, method="majority", campaign="demo", up_to=0).runs[0]
    with open_store(voted) as store:
        row = next(
            row
            for row in queries.select_consensus_runs(store).to_pylist()
            if row["run_id"] == run.run_id
        )
    parameters = json.loads(row["parameters"])
    assert (row["aggregator"], row["classes"], row["snapshot"]) == ("majority", CLASSES, snapshot)
    assert (parameters["campaign"], parameters["up_to"]) == ("demo", 0)


def test_a_superseded_vote_does_not_count(voted: Settings) -> None:
    """Only the votes in force are aggregated."""
    change = fill_votes(
        {
            "vote_id": ["change"],
            "clip_id": ["talks/a"],
            "label": ["calm"],
            "taxonomy": ["demo-2"],
            "supersedes": ["v7"],
        }
    )
    with open_store(voted) as store:
        store.commit({"votes": change}, message="changed mind")
    run = aggregate(voted, SILENT, corpus="talks").runs[0]
    assert consensus(voted, run.run_id)["talks/a"]["label"] == "calm"


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"corpus": "nowhere"}, r"no labelled votes for corpus `nowhere`.*serloop votes"),
        ({"campaign": "other"}, r"for campaign `other`"),
    ],
    ids=["corpus", "campaign"],
)
def test_no_votes_are_said(voted_once: Settings, selection, message: str) -> None:
    """The message repeats what was asked for, and how to get votes."""
    with pytest.raises(NothingToDoError, match=message):
        aggregate(voted_once, SILENT, **selection)


def test_a_taxonomy_of_no_corpus_is_named(voted: Settings) -> None:
    """Labels whose class list is unknown cannot be put in order."""
    with open_store(voted) as store:
        cast(store, [("other/a", "ann", "joy", "audio")], taxonomy="other-3", prefix="o")
    with pytest.raises(NothingToDoError, match=r"taxonomy `other-3`.*belongs to no corpus"):
        aggregate(voted, SILENT, corpus="other")


def test_every_aggregator_can_be_chosen() -> None:
    """What the command line and the settings offer is what there is."""
    assert set(get_args(AggregatorName)) == set(AGGREGATORS)


def test_each_clip_says_what_one_more_vote_is_worth(voted_once: Settings) -> None:
    """The gain is that of the stored posteriors and of the average of the stored annotators."""
    run = aggregate(voted_once, SILENT, method="dawid_skene", corpus="demo").runs[0]
    rows = consensus(voted_once, run.run_id)
    with open_store(voted_once) as store:
        people = queries.select_annotators(store, run.run_id).to_pylist()
    confusion = np.average(
        [np.reshape(one["confusion"], (2, 2)) for one in people],
        axis=0,
        weights=[one["votes"] for one in people],
    )
    posterior = np.array([row["posterior"] for row in rows.values()])
    gains = [row["expected_gain"] for row in rows.values()]
    np.testing.assert_allclose(gains, expected_gain(posterior, confusion), atol=1e-12)


def test_a_count_says_what_is_in_doubt_but_not_what_a_vote_is_worth(voted_once: Settings) -> None:
    """Majority knows nobody's confusion; the fewer the votes, the more is still unknown."""
    run = aggregate(voted_once, SILENT, method="majority", corpus="demo").runs[0]
    rows = consensus(voted_once, run.run_id)
    assert {row["expected_gain"] for row in rows.values()} == {None}
    assert rows["demo/c"]["ignorance"] > rows["demo/a"]["ignorance"] > 0
    assert rows["demo/b"]["ambiguity"] > rows["demo/c"]["ambiguity"] > 0
