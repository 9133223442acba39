"""A new round withdraws what the one before asked and nobody answered."""

import pyarrow.compute as pc
import pytest

from pipelines.acquire import acquire
from pipelines.campaign import read_asks
from pipelines.progress import SilentProgress
from pipelines.publishing.withdrawing import find_open, withdrawal_rows, without
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import Trained
from tests.pipelines.small_campaign import ACTIVE, IDS, SEED, ask, cast
from warehouse import Warehouse, queries
from warehouse.testing import make_rows

SILENT = SilentProgress()


@pytest.fixture
def store(settings: Settings):
    """Return a campaign that wants two votes each: some clips have one or both, others none."""
    with open_store(settings) as opened:
        ask(opened, wanted=2)
        people = [(at, name, "anger") for at in SEED for name in ("ann", "bob")]
        cast(opened, *people, (ACTIVE[0], "ann", "anger"))
        yield opened


def open_project(store: Warehouse) -> None:
    """Let the campaign ask in Label Studio."""
    projects = make_rows("projects", project=["demo-1"], campaign=["demo"])
    store.commit({"projects": projects}, message="opened")


def test_campaigns_by_file_withdraw_nothing(store: Warehouse, settings: Settings) -> None:
    """Their answers may be on the way; nor does a campaign that keeps its asks open."""
    asks = read_asks(store, "demo")
    assert find_open(store, settings, "demo", asks) == ()
    open_project(store)
    keeping = settings.rounds.model_copy(update={"keep_open": True})
    kept = settings.model_copy(update={"rounds": keeping})
    assert find_open(store, kept, "demo", asks) == ()
    assert len(find_open(store, settings, "demo", asks)) == 8


def test_asks_read_as_they_will_once_withdrawn(store: Warehouse, settings: Settings) -> None:
    """What a round picks from before the commit is what is read after it."""
    open_project(store)
    asks = read_asks(store, "demo")
    withdrawn = find_open(store, settings, "demo", asks)
    expected = without(asks, withdrawn)
    store.commit({"withdrawals": withdrawal_rows(withdrawn, "anew")}, message="withdrawn")
    assert read_asks(store, "demo").equals(expected)
    assert sorted(expected["clip_id"].to_pylist()) == [*(IDS[at] for at in SEED), IDS[ACTIVE[0]]]
    assert pc.all(pc.equal(expected["votes_wanted"], expected["votes_received"])).as_py()


def test_a_new_round_withdraws_in_its_own_commit(trained: Trained) -> None:
    """The older asks go when the new round comes, and their clips may be asked about again."""
    settings = trained.settings
    budget = {"strategy": "entropy", "budget": 20}
    settings = settings.model_copy(update={"rounds": settings.rounds.model_copy(update=budget)})
    acquire(settings, SILENT, corpus="synthetic")
    with open_store(settings) as store:
        first = set(read_asks(store, "synthetic")["clip_id"].to_pylist())
        projects = make_rows("projects", project=["synthetic-1"], campaign=["synthetic"])
        store.commit({"projects": projects}, message="opened")
        before = store.snapshot
    acquire(settings, SILENT, corpus="synthetic", model_id=trained.model_id)
    with open_store(settings) as store:
        asks = read_asks(store, "synthetic")
        assert store.snapshot == before + 1
        assert queries.select_withdrawals(store)["reason"].to_pylist() == (
            ["synthetic-001 asks anew"] * len(first)
        )
    assert set(asks["number"].to_pylist()) == {1}
    assert set(asks["clip_id"].to_pylist()) & first
