"""Simulated annotators answer what is open, once, and are never taken for people."""

from collections import Counter
from pathlib import Path

import pytest

from annotation.label_studio.parse import SOURCE as LABEL_STUDIO
from pipelines.acquire import acquire
from pipelines.answer import AnswerResult, answer
from pipelines.errors import NothingToDoError
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse import queries
from warehouse.testing import make_rows

SILENT = SilentProgress()


@pytest.fixture(scope="module")
def answered_once(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory):
    """Ask a seed of 10 clips and answer it; for reading and lending only."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("answered"))
    acquire(settings, SILENT, corpus="synthetic")
    return settings, answer(settings, SILENT, campaign="synthetic")


def test_every_ask_gets_the_votes_it_wants(answered_once) -> None:
    """Five distinct annotators answer each of the ten clips."""
    settings, result = answered_once
    assert (result.clips, result.votes) == (10, 50)
    with open_store(settings) as store:
        votes = queries.select_effective_votes(store)
        asks = queries.select_asks(store)
    assert asks["votes_received"].to_pylist() == [5] * 10
    pairs = Counter(zip(votes["clip_id"].to_pylist(), votes["annotator"].to_pylist(), strict=True))
    assert set(pairs.values()) == {1}


def test_simulated_votes_say_so(answered_once) -> None:
    """Source and annotator tell a simulated vote from a person's."""
    with open_store(answered_once[0]) as store:
        votes = queries.select_effective_votes(store)
    assert set(votes["source"].to_pylist()) == {"simulated"}
    assert all(name.startswith("simulated:") for name in votes["annotator"].to_pylist())


def test_the_result_says_how_well_they_did(answered_once) -> None:
    """They are right sometimes and wrong sometimes, and it would have taken them a while."""
    result: AnswerResult = answered_once[1]
    assert 0 < result.agreeing < result.votes
    assert result.listening_s > result.votes * 1.0


def test_answering_again_casts_nothing(answered_once, tmp_path: Path) -> None:
    """An answered ask stays as it is."""
    settings = borrow(answered_once[0], tmp_path / "home")
    again = answer(settings, SILENT, campaign="synthetic")
    assert (again.clips, again.votes) == (0, 0)
    assert again.rows()[0]["equal_intended"] is None
    with open_store(settings) as store, open_store(answered_once[0]) as before:
        assert store.snapshot == before.snapshot


def test_a_campaign_without_asks_is_named(ingested_once: Settings) -> None:
    """Nothing was asked, so nothing can be answered."""
    with pytest.raises(NothingToDoError, match=r"`calls` has no asks; run `serloop acquire`"):
        answer(ingested_once, SILENT, campaign="calls")


def test_clips_without_an_intended_emotion_need_people(settings: Settings) -> None:
    """Nobody can be simulated on a clip of which nothing is known."""
    rows = {
        "corpora": make_rows("corpora", corpus=["calls"], classes=[["calm", "joy"]]),
        "clips": make_rows("clips", clip_id=["calls/a"], corpus=["calls"]),
        "rounds": make_rows("rounds", round_id=["calls-000"], campaign=["calls"], corpus=["calls"]),
        "asks": make_rows("asks", round_id=["calls-000"], clip_id=["calls/a"]),
    }
    with open_store(settings) as store:
        store.commit(rows, message="asked")
    with pytest.raises(NothingToDoError, match=r"1 asked clips of corpus `calls`.*Label Studio"):
        answer(settings, SILENT, campaign="calls")


def test_only_missing_votes_are_cast_by_people_new_to_the_clip(
    answered_once, tmp_path: Path
) -> None:
    """An ask for seven votes on a clip that has five gets two, and a person's vote counts."""
    settings = borrow(answered_once[0], tmp_path / "home")
    with open_store(settings) as store:
        first, second = sorted(set(queries.select_asks(store)["clip_id"].to_pylist()))[:2]
        again = make_rows(
            "asks",
            ask_id=["again-1", "again-2"],
            round_id=["synthetic-000"] * 2,
            clip_id=[first, second],
            arm=["active"] * 2,
            votes_wanted=[7, 6],
        )
        heard = make_rows(
            "votes", vote_id=["kim"], clip_id=[second], source=[LABEL_STUDIO], annotator=["kim"]
        )
        store.commit({"asks": again, "votes": heard}, message="asked again")
    result = answer(settings, SILENT, campaign="synthetic")
    assert (result.clips, result.votes) == (1, 2)
    with open_store(settings) as store:
        votes = queries.select_effective_votes(store, clip_ids=[first])
    assert len(set(votes["annotator"].to_pylist())) == votes.num_rows == 7
