"""What a project's tasks are still to bring, from what the ledger knows."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from annotation.label_studio.parse import SOURCE
from annotation.testing import fill_votes
from pipelines.publishing.demand import read_demand
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.small_campaign import IDS, ask, cast
from warehouse import Warehouse
from warehouse.testing import make_rows

KEY = "demo-00c0ffee"
WHEN = datetime(2026, 11, 22, tzinfo=UTC)


def answer(store: Warehouse, *said: tuple[int, str], skipped: tuple[str, ...] = ()) -> None:
    """Write answers from Label Studio: clip and reference."""
    refs = [ref for _, ref in said]
    clips = [IDS[at] for at, _ in said]
    votes = {
        "vote_id": refs,
        "clip_id": clips,
        "label": [None if ref in skipped else "anger" for ref in refs],
        "source": [SOURCE] * len(said),
        "source_ref": refs,
        "cast_at": [WHEN] * len(said),
    }
    rows = {"votes": fill_votes(votes)}
    if skipped:
        rows["remarks"] = make_rows(
            "remarks",
            remark_id=list(skipped),
            clip_id=[clip for clip, ref in zip(clips, refs, strict=True) if ref in skipped],
            source=[SOURCE] * len(skipped),
            source_ref=list(skipped),
            cast_at=[WHEN] * len(skipped),
            abstention=["skipped"] * len(skipped),
        )
    store.commit(rows, message="answers")


@pytest.fixture
def store(settings: Settings) -> Iterator[Warehouse]:
    """Return a campaign whose project has tasks about its seed, which wants three votes each."""
    with open_store(settings) as opened:
        ask(opened, wanted=3)
        tasks = make_rows(
            "tasks",
            project=[KEY] * 9,
            clip_id=[*IDS[:8], IDS[30]],
            is_gold=[False] * 8 + [True],
            place=list(range(9)),
        )
        opened.commit({"tasks": tasks}, message="queued")
        yield opened


def test_votes_lacking_and_answers_known(store: Warehouse) -> None:
    """Votes from elsewhere lessen what is lacking, and are no answers in the task."""
    answer(store, (0, f"{KEY}/1"), (0, f"{KEY}/2"), (1, "other/1"))
    cast(store, (2, "ann", "anger"))
    demand = read_demand(store, campaign="demo", project=KEY)
    assert [demand.missing[IDS[at]] for at in range(4)] == [1, 2, 2, 3]
    assert demand.counted == {IDS[0]: 2}
    assert demand.gold == {IDS[30]}


def test_skips_fill_no_place_and_refused_answers_do(store: Warehouse) -> None:
    """Label Studio counts what was submitted; one that was mended since is one answer."""
    answer(store, (0, f"{KEY}/1"), (0, f"{KEY}/2"), skipped=(f"{KEY}/2",))
    quarantine = make_rows(
        "quarantine",
        quarantine_id=["a", "b", "c"],
        source=[SOURCE] * 3,
        source_ref=[f"{KEY}/1", f"{KEY}/3", "other/3"],
        clip_id=[IDS[0]] * 3,
    )
    store.commit({"quarantine": quarantine}, message="refused")
    demand = read_demand(store, campaign="demo", project=KEY)
    assert demand.missing[IDS[0]] == 2
    assert demand.counted == {IDS[0]: 2}
