"""A campaign that was really run: what changed, what it cost, and what is asked next."""

import pytest

from pipelines.campaign import read_asks
from pipelines.clipset import corpus_clips
from pipelines.curve import read_curve
from pipelines.gathering.changes import read_changes
from pipelines.gathering.cost import read_cost
from pipelines.gathering.following import read_following
from pipelines.outlook import pace_of
from pipelines.workspace import open_store

CAMPAIGN = "synthetic"


def test_changes_are_those_between_the_rounds(campaign_once) -> None:
    """Votes and clips are those of both arms, and each arm's UAR is that of the curve."""
    with open_store(campaign_once.settings) as store:
        curve = read_curve(store, CAMPAIGN)
        found = read_changes(store, CAMPAIGN, 1, curve)
    assert found.since == 0
    assert found.clips[0] == found.kept == 10
    assert found.clips[1] > found.clips[0]
    assert found.votes[1] > found.votes[0] == 50
    by_arm = {(point.round, point.arm): point.uar for point in curve}
    for score in found.scores:
        assert (score.before, score.after) == (by_arm[0, score.arm], by_arm[1, score.arm])
        assert score.difference.uar == pytest.approx(score.after - score.before)
    assert found.settings == ()


def test_the_seed_round_has_no_changes(campaign_once) -> None:
    """There is nothing to compare it with."""
    with open_store(campaign_once.settings) as store:
        assert read_changes(store, CAMPAIGN, 0, read_curve(store, CAMPAIGN)[:2]) is None


def test_cost_is_votes_by_their_pace(campaign_once) -> None:
    """The seed's votes and this round's make up all of them, and training has a bound."""
    with open_store(campaign_once.settings) as store:
        curve = read_curve(store, CAMPAIGN)
        seed = read_cost(store, CAMPAIGN, 0, [point for point in curve if point.round == 0])
        later = read_cost(store, CAMPAIGN, 1, curve)
        pace = pace_of(store, CAMPAIGN, up_to=1)
    assert (seed.votes, seed.round_votes) == (50, 50)
    assert later.votes == seed.votes + later.round_votes
    assert later.hours == pytest.approx(later.votes * pace / 3600)
    assert later.timed == 1.0
    assert 0 < later.training_s < 3600
    assert later.epochs > 0


def test_what_is_asked_next_can_be_heard(campaign_once) -> None:
    """Of round 0 the next one is round 1, with reasons and some sound; of round 1 there is none."""
    with open_store(campaign_once.settings) as store:
        clips = corpus_clips(store, CAMPAIGN)
        found = read_following(store, CAMPAIGN, 0, clips, shown=6)
        asks = read_asks(store, CAMPAIGN, number=1)
        assert read_following(store, CAMPAIGN, 1, clips, shown=6) is None
    assert (found.number, len(found.asks)) == (1, asks.num_rows)
    assert sum(clip.audio is not None for clip in found.asks) == 6
    assert {clip.arm for clip in found.asks[:6]} == {"active", "random", "audit"}
    assert all(clip.reason and not clip.votes for clip in found.asks)
    assert found.open_votes == 0
