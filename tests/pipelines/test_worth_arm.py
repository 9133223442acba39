"""Votes are spent where they teach most: on new clips, disputed ones and doubtful labels."""

from pathlib import Path

import numpy as np
import pytest

from annotation.testing import fill_votes
from pipelines.active_arm import ActiveChoice
from pipelines.campaign import read_asks
from pipelines.pool import Pool
from pipelines.sections import RoundSettings
from pipelines.settings import Settings
from pipelines.workspace import open_store
from pipelines.worth_arm import pick_by_worth
from tests.pipelines.small_campaign import (
    ACTIVE,
    CLASSES,
    IDS,
    RANDOM,
    SEED,
    UNSURE,
    answer_all,
    ask,
    cast,
    make_pool,
    posterior,
)
from warehouse import Warehouse

CONTRADICTED = [0.05, 0.05, 0.9]
SECONDS = 1.5 * 2 + 3


@pytest.fixture
def store(tmp_path: Path):
    """Open the warehouse of a campaign whose clips want one vote each."""
    with open_store(Settings(home=tmp_path)) as opened:
        ask(opened)
        yield opened


def spend(store: Warehouse, pool: Pool, budget: int = 10, **rounds) -> ActiveChoice:
    """Let the arm spend votes."""
    return pick_by_worth(
        store,
        pool,
        campaign="demo",
        corpus="demo",
        asks=read_asks(store, "demo"),
        rounds=RoundSettings(**{"votes_per_clip": 3, **rounds}),
        budget=budget,
        taxonomy="demo-3",
        classes=CLASSES,
        rng=np.random.default_rng(0),
    )


def by_clip(choice: ActiveChoice) -> dict[int, tuple[str, int | None]]:
    """Return reason and votes by number of the clip."""
    return {int(pick.clip_id[-2:]): (pick.reason, pick.votes) for pick in choice.picks}


def test_each_kind_of_vote_says_what_it_is(store: Warehouse) -> None:
    """A new clip, a disputed one, and a label that the model contradicts."""
    answer_all(store)
    cast(store, (8, "bea", "neutral"))
    asked = by_clip(spend(store, make_pool(posterior(clip08=UNSURE, clip09=CONTRADICTED)), 999))
    reasons = [asked[number][0] for number in (8, 9, 30)]
    assert reasons[0].startswith("one more vote on a disputed clip: people heard anger 1, neutral")
    assert reasons[1].startswith("audit of a label that the model contradicts, 2 votes: people")
    assert "people heard anger 1, the model hears sadness 0.90 and anger 0.05" in reasons[1]
    assert reasons[2].startswith("first 3 votes on a new clip; it may be anger 0.50 or neutral")
    assert "nats per second in about 6 s" in asked[30][0]


def test_an_ask_wants_all_votes_of_its_clip(store: Warehouse) -> None:
    """Those it has and the further ones, so that answered asks are told from open ones."""
    answer_all(store)
    cast(store, (8, "bea", "neutral"))
    asked = by_clip(spend(store, make_pool(posterior(clip08=UNSURE)), 999))
    assert asked[8][1] == 3
    assert {votes for number, (_, votes) in asked.items() if number >= 30} <= {1, 2, 3}


def test_the_budget_is_spent_and_no_clip_gets_more_than_it_may(store: Warehouse) -> None:
    """A clip has at most as many votes as every clip may have."""
    answer_all(store)
    for budget in (1, 7, 1000):
        choice = spend(store, make_pool(posterior()), budget)
        had = {IDS[at] for at in (*SEED, *ACTIVE)}
        given = sum(pick.votes - (pick.clip_id in had) for pick in choice.picks)
        assert given == min(budget, 28 * 3 + 12 * 2)
        assert max(pick.votes for pick in choice.picks) <= 3


def test_a_clip_that_waits_for_answers_is_not_asked_again(store: Warehouse) -> None:
    """People are asked for what they have been asked already once only."""
    waiting = {IDS[at] for at in (*SEED, *ACTIVE)}
    assert not waiting & {pick.clip_id for pick in spend(store, make_pool(posterior()), 999).picks}


def test_the_control_arms_answers_are_not_looked_at(store: Warehouse) -> None:
    """Clips that only the random arm holds are new to the active arm, whatever people said."""
    answer_all(store)
    pool = make_pool(posterior(**{f"clip{at}": UNSURE for at in RANDOM}))
    before = spend(store, pool, 999)
    assert {IDS[at] for at in RANDOM} <= {pick.clip_id for pick in before.picks}
    cast(store, *((at, name, "sadness") for at in RANDOM for name in ("bea", "cem", "dan")))
    assert spend(store, pool, 999) == before
    cast(store, (ACTIVE[0], "bea", "sadness"))
    assert spend(store, pool, 999) != before


def test_a_copy_of_a_heard_clip_is_no_new_clip(store: Warehouse) -> None:
    """Of audio that was asked about, only the clip itself may get more votes."""
    answer_all(store)
    audio = {IDS[30]: IDS[0], IDS[31]: "copy", IDS[32]: "copy"}
    asked = by_clip(spend(store, make_pool(posterior(), audio), 999))
    assert 0 in asked
    assert 30 not in asked
    assert (31 in asked) != (32 in asked)


def test_nobody_listens_longer_than_they_have_time(store: Warehouse) -> None:
    """Two people with 20 s each have time for six answers of 6 s, and those are the best."""
    answer_all(store)
    pool = make_pool(posterior())
    choice = spend(store, pool, 30, listening_s=20, annotators=2)
    assert sum(pick.votes for pick in choice.picks) == int(40 // SECONDS)
    assert {pick.clip_id for pick in choice.picks} < {
        pick.clip_id for pick in spend(store, pool, 30).picks
    }


@pytest.mark.parametrize("limit", [{}, {"listening_s": 60}])
def test_quotas_come_first(store: Warehouse, limit: dict[str, float]) -> None:
    """Each speaker gets a vote before the most valuable clips do, which are all of two others."""
    answer_all(store)
    rows = posterior()
    rows[[at for at in range(30, 40) if at % 4 < 2]] = [0.97, 0.02, 0.01]
    speakers = {
        int(pick.clip_id[-2:]) % 4
        for pick in spend(store, make_pool(rows), 6, at_least="speaker=1", **limit).picks
    }
    assert speakers == {0, 1, 2, 3}
    free = {int(pick.clip_id[-2:]) % 4 for pick in spend(store, make_pool(rows), 6).picks}
    assert free == {2, 3}


def test_shortfalls_are_told_and_stop_nothing(store: Warehouse) -> None:
    """Nobody is predicted to sound sad, and two votes cannot be on clips of four speakers."""
    choice = spend(store, make_pool(posterior()), 2, at_least="speaker=1")
    assert len(choice.picks) == 2
    assert len(choice.shortfalls) == 2
    assert "got 0 of 1 clips" in choice.shortfalls[0]


def test_a_diverse_batch_gives_each_clip_a_vote(store: Warehouse) -> None:
    """The batch chooses clips, and what is left of the votes goes where it is worth most."""
    picks = spend(store, make_pool(posterior()), 5, batch="k_centre").picks
    assert [pick.votes for pick in picks] == [1] * 5


def test_the_one_who_teaches_most_per_second_is_named(store: Warehouse) -> None:
    """Of two who answered often, the one who hears what others hear; not twice about a clip."""
    rng = np.random.default_rng(0)
    truth = [CLASSES[at % 3] for at in range(12)]
    cast(store, *((at, "kim", truth[at]) for at in range(12)))
    cast(store, *((at, "ann", truth[at]) for at in range(11)))
    cast(store, *((at, "lee", CLASSES[rng.integers(3)]) for at in range(12)))
    rows = np.eye(3)[[at % 3 for at in range(40)]] * 0.4 + 0.2
    choice = spend(store, make_pool(rows), 200, votes_per_clip=5, aggregator="dawid_skene")
    best = {number: reason.rpartition("best asked: ")[2] for number, (reason, _) in
            by_clip(choice).items()}  # fmt: skip
    assert {best[number] for number in range(30, 40)} <= {"kim", "ann"}
    assert best[11] == "ann"
    assert all("best asked" not in by_clip(choice)[number][0] for number in range(11))


def test_votes_are_weighed_by_the_time_they_take(store: Warehouse) -> None:
    """Once people's lead times are known, they say what an answer costs."""
    answer_all(store)
    cast(store, *((at, f"p{who}", "anger") for at in SEED for who in range(4)), lead_time_s=20.0)
    reason, _ = by_clip(spend(store, make_pool(posterior())))[30]
    assert "in about 20 s" in reason


def test_votes_on_the_face_and_of_other_classes_say_nothing(store: Warehouse) -> None:
    """Only what was heard, in the campaign's own classes, is known of a clip."""
    answer_all(store)
    pool = make_pool(posterior())
    before = spend(store, pool)
    clips = [IDS[at] for at in ACTIVE]
    for name, other in (("modality", "video"), ("taxonomy", "other-2"), ("source", "intended")):
        said = {"vote_id": [f"{name}-{at}" for at in clips], "clip_id": clips}
        shared = {
            "label": "sadness", "taxonomy": "demo-3", "modality": "audio", "source": "corpus",
            name: other,
        }  # fmt: skip
        columns = {key: [value] * len(clips) for key, value in shared.items()}
        store.commit({"votes": fill_votes(said | columns)}, message="other votes")
    assert spend(store, pool) == before
