"""What is known of clips: votes, the model's word, and a consensus that weighed both before."""

from pathlib import Path

import numpy as np
import pytest

from annotation.aggregation.model_aided import ModelAided
from annotation.clips.expected_gain import average_confusion
from annotation.confusion import confusion_for
from pipelines.arm_votes import Belief, Crowd, own_matrix, read_own_votes
from pipelines.campaign_runs import AIDED, find_runs
from pipelines.consensus_run import store_run
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.small_campaign import (
    ACTIVE,
    CLASSES,
    IDS,
    SEED,
    SURE,
    UNSURE,
    answer_all,
    ask,
    cast,
    make_pool,
    posterior,
)
from warehouse import Warehouse

OWN = {IDS[at] for at in (*SEED, *ACTIVE)}


@pytest.fixture
def store(tmp_path: Path):
    """Open the warehouse of a campaign whose clips have one vote each."""
    with open_store(Settings(home=tmp_path)) as opened:
        ask(opened)
        answer_all(opened)
        yield opened


def believe(store: Warehouse, rows: np.ndarray) -> Belief:
    """Return what the active arm knows."""
    votes = read_own_votes(store, OWN, "demo-3")
    runs = [row for row in find_runs(store, "demo", "demo", "active") if row["aggregator"] == AIDED]
    return Belief.of(
        store,
        make_pool(rows),
        votes,
        CLASSES,
        aggregator="hierarchical",
        aided=runs[-1] if runs else None,
    )


def listen(store: Warehouse) -> ModelAided:
    """Store a run of the arm that listened to a model that hears sadness everywhere."""
    matrix = own_matrix(read_own_votes(store, OWN, "demo-3"), CLASSES)
    heard = ModelAided(opinion=np.tile([0.1, 0.1, 0.8], (len(matrix.clips), 1)))
    consensus = heard.aggregate(matrix)
    header = {
        "aggregator": AIDED, "taxonomy": "demo-3", "modality": "audio", "corpus": None,
        "snapshot": store.snapshot, "mapping": None,
    }  # fmt: skip
    chosen = {"campaign": "demo", "arm": "active"}
    store_run(store, consensus, matrix, header, chosen=chosen, vote_ids=["all"])
    return consensus


def test_votes_and_word_are_weighed_together(store: Warehouse) -> None:
    """A vote against the model leaves doubt; without votes the model's word stands alone."""
    rows = posterior(clip08=[0.04, 0.06, 0.9], clip09=SURE)
    known = believe(store, rows)
    assert np.allclose(known.posterior[30], UNSURE)
    assert known.posterior[9, 0] > SURE[0]
    assert known.posterior[8, 0] > rows[8, 0]
    assert known.counts[8].tolist() == [1, 0, 0]
    assert known.counts[20].tolist() == [0, 0, 0]
    assert np.allclose(known.posterior.sum(axis=1), 1)


def test_few_votes_tell_nothing_of_people(store: Warehouse) -> None:
    """CREMA-D's listeners stand in."""
    assert np.allclose(believe(store, posterior()).confusion, confusion_for(CLASSES))


def test_a_consensus_that_listened_is_taken_as_it_is(store: Warehouse) -> None:
    """Its posterior and its confusion, for the clips it was about."""
    consensus = listen(store)
    known = believe(store, posterior())
    place = [IDS.index(clip_id) for clip_id in consensus.items]
    assert np.allclose(known.posterior[place], consensus.posterior)
    assert np.allclose(known.confusion, average_confusion(consensus))
    assert np.allclose(known.posterior[30], UNSURE)


def test_a_clip_with_more_votes_since_is_weighed_anew(store: Warehouse) -> None:
    """What was concluded from fewer votes is out of date for it, and for no other."""
    consensus = listen(store)
    before = believe(store, posterior())
    cast(store, (0, "bea", "neutral"))
    after = believe(store, posterior())
    assert not np.allclose(after.posterior[0], before.posterior[0])
    assert np.array_equal(after.posterior[1:], before.posterior[1:])
    assert len(consensus.items) == 12


def test_pace_and_hearing_decide_who_is_asked() -> None:
    """Of two equals the quicker one, unless they heard the clip; alone nobody is chosen."""
    alike = np.stack([np.full((2, 2), 0.1) + 0.8 * np.eye(2)] * 2)
    even, second = np.full((2, 2), 0.5), np.ones(2)
    crowd = Crowd(("slow", "quick"), alike, np.array([1.0, 0.5]), frozenset({("b", "quick")}))
    assert crowd.best_for(["a", "b"], even, second) == ["quick", "slow"]
    both = Crowd(crowd.names, alike, crowd.hurry, frozenset({("a", "quick"), ("a", "slow")}))
    assert both.best_for(["a"], even[:1], second[:1]) == [None]
    alone = Crowd(("quick",), alike[:1], np.ones(1), frozenset())
    assert alone.best_for(["a"], even[:1], second[:1]) == [None]
    assert crowd.best_for([], even[:0], second[:0]) == []
