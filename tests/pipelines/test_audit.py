"""Audits ask one more person about labels drawn at random, and tell how often they contradict."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.acquire import acquire
from pipelines.aggregate import aggregate
from pipelines.answer import answer
from pipelines.audit import pick_audits, read_audit
from pipelines.campaign import read_asks
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from tests.pipelines.small_campaign import ACTIVE, IDS, RANDOM, SEED, answer_all, ask, cast
from warehouse import Warehouse
from warehouse.testing import make_rows

SILENT = SilentProgress()
ASKED = [IDS[at] for at in (*SEED, *ACTIVE, *RANDOM)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a campaign in which one person answered and both arms agreed."""
    settings = Settings(home=tmp_path / "home")
    with open_store(settings) as store:
        ask(store)
        answer_all(store)
    agree(settings)
    return settings


def agree(settings: Settings) -> None:
    """Aggregate the votes of both arms."""
    for arm in ("active", "random"):
        aggregate(settings, SILENT, method="majority", campaign="demo", arm=arm)


def draw(store: Warehouse, count: int = 5, pool: list[str] = IDS, seed: int = 0) -> list:
    """Draw audits."""
    rng = np.random.default_rng(seed)
    return pick_audits(store, campaign="demo", corpus="demo", pool=pool, count=count, rng=rng)


def audit(store: Warehouse, *clips: int) -> None:
    """Ask one more person about clips, in a round of its own."""
    rounds = make_rows(
        "rounds",
        round_id=["demo-002"],
        campaign=["demo"],
        corpus=["demo"],
        number=[2],
        snapshot=[store.snapshot],
    )
    asks = make_rows(
        "asks",
        ask_id=[f"demo-002/audit/{IDS[at]}" for at in clips],
        round_id=["demo-002"] * len(clips),
        clip_id=[IDS[at] for at in clips],
        arm=["audit"] * len(clips),
        votes_wanted=[2] * len(clips),
    )
    store.commit({"rounds": rounds, "asks": asks}, message="audit")


def test_labels_of_every_arm_are_drawn_alike(settings: Settings) -> None:
    """Each label is drawn about as often as any other, and wants one vote more than it has."""
    with open_store(settings) as store:
        drawn = [pick for seed in range(60) for pick in draw(store, 4, seed=seed)]
        assert len(draw(store, 999)) == len(ASKED)
    counts = [sum(pick.clip_id == clip_id for pick in drawn) for clip_id in ASKED]
    assert min(counts) > 3
    assert {(pick.arm, pick.votes) for pick in drawn} == {("audit", 2)}
    assert drawn[0].reason.startswith("audit of a label drawn at random, 4 of 16: anger, by 1 vote")


def test_what_has_no_standing_label_is_not_audited(settings: Settings) -> None:
    """Neither ties, nor clips that wait for answers, nor clips that are gone."""
    with open_store(settings) as store:
        cast(store, (0, "bea", "sadness"))
        audit(store, 1)
    agree(settings)
    with open_store(settings) as store:
        drawn = {pick.clip_id for pick in draw(store, 999, [*IDS[:2], *IDS[3:]])}
    assert drawn == set(ASKED) - {IDS[0], IDS[1], IDS[2]}


def test_a_campaign_without_labels_has_nothing_to_audit(tmp_path: Path) -> None:
    """Nothing was concluded yet."""
    with open_store(Settings(home=tmp_path)) as store:
        ask(store)
        assert draw(store) == []
        assert read_audit(store, "demo", 1) is None


def test_the_share_of_contradictions_is_told_with_its_interval(settings: Settings) -> None:
    """Of five audits three are answered, and one answer is another class than the label."""
    with open_store(settings) as store:
        audit(store, 0, 1, 8, 20, 21)
        empty = read_audit(store, "demo", 2)
        assert (empty.audits, empty.answered, empty.share) == (5, 0, None)
        cast(store, (0, "bea", "anger"), (8, "bea", "sadness"), (20, "bea", "anger"))
        cast(store, (3, "bea", "sadness"))
        agree(settings)
        found = read_audit(store, "demo", 2)
    assert (found.audits, found.answered, found.contradicted) == (5, 3, 1)
    # Wilson's interval of 1 in 3 by its formula.
    z2 = 1.959964**2
    centre, half = (1 + z2 / 2) / (3 + z2), np.sqrt(z2) / (3 + z2) * np.sqrt(2 / 3 + z2 / 4)
    assert (found.low, found.high) == pytest.approx((centre - half, centre + half), abs=1e-6)


def test_the_label_is_the_one_that_stood_when_it_was_asked(settings: Settings) -> None:
    """A label that people changed later was contradicted all the same."""
    with open_store(settings) as store:
        audit(store, 0)
        cast(store, (0, "bea", "sadness"))
        cast(store, (0, "cem", "sadness"))
        agree(settings)
        assert read_audit(store, "demo", 2).contradicted == 1


def test_a_round_audits_its_share(trained) -> None:
    """A fifth of ten clips, out of the active arm's half; each gets one vote more."""
    settings = trained.settings
    acquire(settings, SILENT, corpus="synthetic")
    answer(settings, SILENT, campaign="synthetic")
    aggregate(settings, SILENT, method="dawid_skene", campaign="synthetic", arm="seed")
    rounds = settings.rounds.model_copy(update={"audit_share": 0.2, "strategy": "entropy"})
    chosen = settings.model_copy(update={"rounds": rounds})
    result = acquire(chosen, SILENT, corpus="synthetic", model_id=trained.model_id)
    assert result.asks == {"active": 3, "random": 5, "audit": 2}
    answer(settings, SILENT, campaign="synthetic")
    with open_store(settings) as store:
        asks = read_asks(store, "synthetic", number=1).to_pylist()
        assert read_audit(store, "synthetic", 1).answered == 2
    assert [row["votes_received"] for row in asks if row["arm"] == "audit"] == [6, 6]
    assert all(row["utility"] is None for row in asks if row["arm"] != "active")


def test_auditing_changes_nothing_of_what_the_control_draws(trained, tmp_path: Path) -> None:
    """It draws by itself, so that rounds with and without audits have one control arm."""
    acquire(trained.settings, SILENT, corpus="synthetic")
    answer(trained.settings, SILENT, campaign="synthetic")
    aggregate(trained.settings, SILENT, method="dawid_skene", campaign="synthetic", arm="seed")
    random = []
    for share in (0.0, 0.2):
        settings = borrow(trained.settings, tmp_path / str(share))
        given = {"audit_share": share, "strategy": "entropy", "random_share": 0.6}
        rounds = settings.rounds.model_copy(update=given)
        settings = settings.model_copy(update={"rounds": rounds})
        acquire(settings, SILENT, corpus="synthetic", model_id=trained.model_id)
        with open_store(settings) as store:
            asks = read_asks(store, "synthetic", number=1).to_pylist()
        random.append([row["clip_id"] for row in asks if row["arm"] == "random"])
    assert len(random[0]) == 6
    assert random[0] == random[1]
