"""What the outbox holds is what is asked; asked again, a clip has its place in the new round."""

from collections.abc import Iterator

import pytest

from pipelines.publishing.outbox import Place
from pipelines.publishing.project import choose_project
from pipelines.publishing.queueing import fill_outbox, read_questions
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.small_campaign import ACTIVE, IDS, RANDOM, SEED, ask, cast
from warehouse import Warehouse, queries
from warehouse.testing import make_rows


@pytest.fixture
def store(settings: Settings) -> Iterator[Warehouse]:
    """Return a campaign of a seed and a round that ask for one vote each."""
    with open_store(settings) as opened:
        ask(opened)
        yield opened


def fill(store: Warehouse, settings: Settings, **labelling: float) -> list[Place]:
    """Fill the outbox of the campaign's project."""
    changed = settings.labelling.model_copy(update=labelling)
    given = settings.model_copy(update={"labelling": changed})
    return fill_outbox(store, given, choose_project(store, given, "demo", wants_new=False), "demo")


def test_project_and_tasks_are_one_commit(store: Warehouse, settings: Settings) -> None:
    """Killed at any moment, both are there or neither; again, nothing is committed."""
    before = store.snapshot
    queue = fill(store, settings)
    assert store.snapshot == before + 1
    tasks = queries.select_tasks(store)
    assert tasks["clip_id"].to_pylist() == [place.clip_id for place in queue]
    assert tasks["place"].to_pylist() == list(range(16))
    assert fill(store, settings) == queue
    assert store.snapshot == before + 1


def test_older_rounds_come_first(store: Warehouse, settings: Settings) -> None:
    """The seed is queued before what the round asks."""
    clips = [place.clip_id for place in fill(store, settings)]
    assert set(clips[:8]) == {IDS[at] for at in SEED}
    assert set(clips[8:]) == {IDS[at] for at in (*ACTIVE, *RANDOM)}


def test_what_is_answered_is_not_asked(store: Warehouse, settings: Settings) -> None:
    """A clip with all its votes has no place, and its task stays in the outbox."""
    fill(store, settings)
    cast(store, (SEED[0], "ann", "anger"))
    assert IDS[SEED[0]] not in {place.clip_id for place in fill(store, settings)}
    assert IDS[SEED[0]] in queries.select_tasks(store)["clip_id"].to_pylist()


def test_a_clip_asked_again_moves_to_the_round_that_asks(
    store: Warehouse, settings: Settings
) -> None:
    """Once withdrawn, its old place is nobody's; its task keeps its row."""
    fill(store, settings)
    clip = IDS[SEED[3]]
    rows = {
        "withdrawals": make_rows("withdrawals", ask_id=[f"demo-000/seed/{clip}"]),
        "rounds": make_rows(
            "rounds", round_id=["demo-002"], campaign=["demo"], corpus=["demo"], number=[2]
        ),
        "asks": make_rows(
            "asks",
            ask_id=[f"demo-002/active/{clip}"],
            round_id=["demo-002"],
            clip_id=[clip],
            arm=["active"],
            votes_wanted=[1],
        ),
    }
    store.commit(rows, message="asked again")
    assert fill(store, settings)[-1] == Place(clip, "demo-002")
    tasks = queries.select_tasks(store)
    assert tasks.num_rows == 16
    assert set(tasks["round_id"].to_pylist()) == {"demo-000", "demo-001"}


def test_a_clip_of_two_arms_has_its_utility(store: Warehouse) -> None:
    """Whichever arm's ask is read first, the active one places it."""
    clip = IDS[RANDOM[0]]
    more = make_rows(
        "asks",
        ask_id=[f"demo-001/active/{clip}"],
        round_id=["demo-001"],
        clip_id=[clip],
        arm=["active"],
        utility=[0.7],
        votes_wanted=[1],
    )
    store.commit({"asks": more}, message="asked twice")
    found = [item for item in read_questions(store, "demo")["demo-001"] if item.clip_id == clip]
    assert [item.utility for item in found] == [0.7, None]


def test_gold_is_mixed_once(store: Warehouse, settings: Settings) -> None:
    """It keeps its round; what a round asks about is no gold of it."""
    rows = make_rows("gold", campaign=["demo"] * 3, clip_id=[IDS[30], IDS[31], IDS[SEED[0]]])
    store.commit({"gold": rows}, message="gold")
    queue = fill(store, settings, gold_share=0.2)
    gold = [place for place in queue if place.is_gold]
    assert {place.clip_id for place in gold} == {IDS[30], IDS[31]}
    assert [place for place in fill(store, settings, gold_share=0.5) if place.is_gold] == gold
