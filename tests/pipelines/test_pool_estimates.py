"""A campaign's answers say what its whole pool is like, whomever it asked about."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import NothingToDoError, PipelineError
from pipelines.pool_estimates import PoolEstimatesResult, pool_estimates
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.asked_pool import (
    ARMS,
    CLASSES,
    MODELS,
    POOL,
    TRUTH,
    add_clips,
    predict,
    write_campaign,
)
from tests.pipelines.places import borrow
from warehouse.testing import make_rows

SILENT = SilentProgress()


@pytest.fixture(scope="module")
def asked_once(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a campaign whose active arm went for what is not calm; for reading only."""
    return write_campaign(tmp_path_factory.mktemp("asked"))


@pytest.fixture
def asked(asked_once: Settings, tmp_path: Path) -> Settings:
    """Return it, free to change."""
    return borrow(asked_once, tmp_path / "home")


def find(result: PoolEstimatesResult, quantity: str, label: str = "") -> dict[str, object]:
    """Return the estimates of one number by method."""
    return {
        one.method: one
        for one in result.estimates
        if (one.quantity, one.label) == (quantity, label)
    }


def test_class_shares_are_corrected_for_whom_was_asked(asked_once: Settings) -> None:
    """Calm clips were asked about too seldom, which the corrected share makes good."""
    result = pool_estimates(asked_once, SILENT, campaign="demo", method="majority")
    ways = find(result, "class_share", "calm")
    truth = float((TRUTH[POOL] == 0).mean())
    assert ways["naive"].high < truth
    assert ways["corrected"].low < truth < ways["corrected"].high
    assert ways["random"].low < truth < ways["random"].high
    shares = [find(result, "class_share", name)["corrected"].value for name in CLASSES]
    assert sum(shares) == pytest.approx(1)


def test_the_pool_and_its_arms_are_counted(asked_once: Settings) -> None:
    """Test speakers are no part of the pool; a clip of both arms is one clip."""
    result = pool_estimates(asked_once, SILENT, campaign="demo")
    assert (result.pool, result.newer, result.round) == (len(POOL), 0, 2)
    assert (result.seed, result.active, result.random) == (40, 60, 40)
    assert result.asked == result.answered == ARMS.is_asked.sum()
    assert f"{result.asked} of {result.asked} clips asked about" in result.sentence()


def test_a_model_that_scored_the_pool_is_judged_and_helps(asked: Settings) -> None:
    """Its agreement with people is told, and its predictions narrow the intervals."""
    before = pool_estimates(asked, SILENT, campaign="demo")
    assert not find(before, "agreement_with_model")
    assert f"run `serloop score {MODELS[-1]}`" in before.sentence()
    with open_store(asked) as store:
        predict(store, MODELS[-1])
    after = pool_estimates(asked, SILENT, campaign="demo")
    # By construction the model's likeliest class is the truth, and so is the people's.
    assert find(after, "agreement_with_model")["corrected"].value == pytest.approx(1)
    ways = find(after, "class_share", "calm")
    assert ways["assisted"].high - ways["assisted"].low < (
        ways["corrected"].high - ways["corrected"].low
    )


def test_an_earlier_round_is_estimated_from_what_was_asked_by_then(asked_once: Settings) -> None:
    """After the seed all ways agree, and a model that learned from all of it is not judged."""
    result = pool_estimates(asked_once, SILENT, campaign="demo", number=0)
    assert (result.model_id, result.active, result.random) == (MODELS[0], 0, 0)
    ways = find(result, "class_share", "calm")
    assert ways["naive"].value == ways["corrected"].value == ways["random"].value
    earlier = pool_estimates(asked_once, SILENT, campaign="demo", number=1)
    assert earlier.is_scored
    assert (earlier.active, earlier.random) == (59, 39)


def test_disagreement_is_of_the_pool_and_not_of_the_doubtful(asked_once: Settings) -> None:
    """People differ on what the model doubts, which was asked about too often."""
    result = pool_estimates(asked_once, SILENT, campaign="demo")
    for quantity in ("pair_disagreement", "agreement_with_intended"):
        assert set(find(result, quantity)) == {"naive", "corrected", "random"}
    ways = find(result, "pair_disagreement")
    assert ways["naive"].value > ways["corrected"].high


def test_clips_that_came_later_are_left_out_and_counted(asked: Settings) -> None:
    """Round 0 could not have drawn them, so that its clips do not stand for them."""
    before = pool_estimates(asked, SILENT, campaign="demo")
    with open_store(asked) as store:
        add_clips(store, 7, speaker=None)
    after = pool_estimates(asked, SILENT, campaign="demo")
    assert (after.pool, after.newer) == (before.pool, 7)
    assert after.estimates == before.estimates
    assert "7 clips that came after round 0 are left out" in after.sentence()


def test_intended_labels_counted_as_votes_are_nobodys_opinion(asked: Settings) -> None:
    """They change no estimate."""
    before = pool_estimates(asked, SILENT, campaign="demo")
    with open_store(asked) as store:
        clip_id = [f"demo/{at:04d}" for at in POOL[ARMS.is_asked]]
        votes = {"vote_id": [f"intended-{name}" for name in clip_id], "clip_id": clip_id}
        votes |= {"label": ["joy"] * len(clip_id), "source": ["intended"] * len(clip_id)}
        votes |= {"taxonomy": ["demo-3"] * len(clip_id), "modality": ["audio"] * len(clip_id)}
        store.commit({"votes": make_rows("votes", **votes)}, message="intended")
    assert pool_estimates(asked, SILENT, campaign="demo").estimates == before.estimates


def test_intervals_about_speakers_are_no_narrower(asked_once: Settings) -> None:
    """The estimates stay, and the sentence says whom they are about."""
    here = pool_estimates(asked_once, SILENT, campaign="demo")
    there = pool_estimates(asked_once, SILENT, campaign="demo", by_speaker=True)
    assert [one.value for one in here.estimates] == [one.value for one in there.estimates]
    widths = [
        np.array([one.high - one.low for one in result.estimates]) for result in (here, there)
    ]
    assert (widths[1] >= widths[0] - 1e-12).all()
    assert "about speakers like these" in there.sentence()


def test_rows_and_document_show_the_ways_side_by_side(asked_once: Settings) -> None:
    """A row per number; what is undefined is None, which JSON can write."""
    result = pool_estimates(asked_once, SILENT, campaign="demo", number=0)
    names = [row["of the pool"] for row in result.rows()]
    assert names[:3] == [f"class_share {name}" for name in CLASSES]
    row = result.rows()[names.index("agreement_with_model")]
    assert (row["corrected"], row["corrected_interval"]) == (None, None)
    assert row["naive"] == pytest.approx(1)
    document = json.loads(json.dumps(result.document(), allow_nan=False))
    assert document["estimates"][-1]["quantity"] == "agreement_with_intended"
    assert result.section().pool == len(POOL)


def test_the_demo_can_be_estimated(campaign_once) -> None:
    """A real round of the loop keeps to the rule of the arms."""
    result = pool_estimates(campaign_once.settings, SILENT, campaign="synthetic")
    assert (result.seed, result.active, result.random, result.pool) == (10, 14, 5, 24)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"campaign": "none"}, NothingToDoError, r"no campaign `none` \(there: `demo`\)"),
        ({"number": 9}, NothingToDoError, "round 9 of campaign `demo` has no model yet"),
    ],
    ids=["campaign", "round"],
)
def test_what_is_not_there_is_refused(asked_once: Settings, arguments, error, message) -> None:
    """The message says what there is, or what to run."""
    with pytest.raises(error, match=message):
        pool_estimates(asked_once, SILENT, **{"campaign": "demo", **arguments})


def test_a_campaign_without_votes_is_refused(asked: Settings) -> None:
    """There is nothing to estimate from."""
    with open_store(asked) as store:
        ids = [f"vote-{at}-{person}" for at in POOL[ARMS.is_asked] for person in range(3)]
        gone = {"vote_id": [f"gone-{name}" for name in ids], "supersedes": ids}
        gone |= {"is_retraction": [True] * len(ids)}
        store.commit({"votes": make_rows("votes", **gone)}, message="withdrawn")
    with pytest.raises(NothingToDoError, match="has a vote in `demo-3`; collect answers"):
        pool_estimates(asked, SILENT, campaign="demo")


def test_unknown_speakers_have_no_intervals(tmp_path: Path, monkeypatch) -> None:
    """Clips of nobody cannot be grouped by speaker."""
    monkeypatch.setattr("tests.pipelines.asked_pool.SPOKEN_BY", [None] * 5 + ["speaker-01"] * 295)
    settings = write_campaign(tmp_path / "nobody")
    with pytest.raises(PipelineError, match="have no speaker, so that intervals cannot"):
        pool_estimates(settings, SILENT, campaign="demo", by_speaker=True)
