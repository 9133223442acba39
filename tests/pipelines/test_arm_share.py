"""An arm learns from the answers it asked for, also on clips that the other arm asks about."""

from pathlib import Path

import pytest

from pipelines.aggregate import aggregate
from pipelines.arm_share import count_shared
from pipelines.campaign import read_asks
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.small_campaign import ACTIVE, IDS, answer_all, ask, cast
from warehouse import queries
from warehouse.testing import make_rows

SILENT = SilentProgress()
# The random arm asks three people about the first clip of the active arm, which asked one.
BOTH, OWN = ACTIVE[0], ACTIVE[1]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return a campaign in which both arms ask about one clip, and people answered too much."""
    settings = Settings(home=tmp_path)
    with open_store(settings) as store:
        ask(store)
        again = make_rows(
            "asks",
            ask_id=["again"],
            round_id=["demo-001"],
            clip_id=[IDS[BOTH]],
            arm=["random"],
            votes_wanted=[3],
        )
        store.commit({"asks": again}, message="asked")
        answer_all(store)
        # In the ledger's order these come later, in the order of their ids they come first.
        cast(store, (BOTH, "Abe", "sadness"), (OWN, "Abe", "neutral"))
        cast(store, (BOTH, "Aki", "sadness"), (OWN, "Aki", "neutral"))
    return settings


def labels(settings: Settings, arm: str | None, **chosen) -> dict[str, tuple[str | None, int]]:
    """Return label and votes of each clip of an arm."""
    run = aggregate(settings, SILENT, method="majority", campaign="demo", arm=arm, **chosen)
    with open_store(settings) as store:
        table = queries.select_consensus(store, run.runs[0].run_id)
    rows = zip(*(table[name].to_pylist() for name in ("clip_id", "label", "votes")), strict=True)
    return {clip_id: (label, votes) for clip_id, label, votes in rows}


def test_each_arm_has_the_answers_it_asked_for(settings: Settings) -> None:
    """The active arm the first, the random arm all three."""
    assert labels(settings, "active")[IDS[BOTH]] == ("anger", 1)
    assert labels(settings, "random")[IDS[BOTH]] == ("sadness", 3)
    assert labels(settings, None)[IDS[BOTH]] == ("sadness", 3)


def test_answers_nobody_asked_for_are_kept(settings: Settings) -> None:
    """Where no other arm asked, people who answered beyond what was wanted are heard."""
    assert labels(settings, "active")[IDS[OWN]] == ("neutral", 3)


def test_an_audit_counts_for_the_arm_that_holds_the_clip(settings: Settings) -> None:
    """One more answer is its own, for each audit; what was concluded before stays."""
    with open_store(settings) as store:
        rounds = make_rows(
            "rounds", round_id=["demo-002"], campaign=["demo"], corpus=["demo"], number=[2]
        )
        audit = make_rows(
            "asks",
            ask_id=["audit"],
            round_id=["demo-002"],
            clip_id=[IDS[BOTH]],
            arm=["audit"],
            votes_wanted=[2],
        )
        store.commit({"asks": audit, "rounds": rounds}, message="audit")
        assert count_shared(read_asks(store, "demo"), "active") == {IDS[BOTH]: 2}
        assert count_shared(read_asks(store, "demo"), "random") == {}
    assert labels(settings, "active")[IDS[BOTH]] == (None, 2)
    assert labels(settings, "active", up_to=1)[IDS[BOTH]] == ("anger", 1)
