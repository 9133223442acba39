"""How annotators fare is read off the ledger: own answers only, judged by all others."""

from datetime import timedelta
from pathlib import Path

import pytest

from annotation.label_studio.parse import SOURCE
from pipelines.people.records import Records, read_records
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.people.answered import (
    ANN,
    BOB,
    CAMPAIGN,
    CLIPS,
    DAY,
    EVE,
    GUESSER,
    NOW,
    answer,
    heard,
    usual_votes,
    write_campaign,
)


def read(settings: Settings, **options: object) -> Records:
    """Return the records of the campaign."""
    with open_store(settings) as store:
        return read_records(store, CAMPAIGN, DAY, method="dawid_skene", **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a campaign with four annotators; read only."""
    settings = Settings(home=tmp_path_factory.mktemp("usual"))
    write_campaign(settings, *usual_votes())
    return settings


def test_votes_are_counted_by_day_and_in_all(usual: Settings) -> None:
    """Today's, all, and the days on which there were any."""
    found = read(usual).by_annotator
    counts = {name: (one.votes, one.votes_today, one.days) for name, one in found.items()}
    assert counts == {ANN: (60, 20, 2), BOB: (40, 0, 1), EVE: (60, 20, 2), GUESSER: (40, 0, 1)}


def test_days_in_a_row_end_today_or_yesterday(usual: Settings) -> None:
    """Who answered yesterday has not broken the row; who stopped days ago has none."""
    found = read(usual).by_annotator
    assert [found[name].streak for name in (ANN, GUESSER, BOB)] == [2, 1, 0]


def test_labelling_without_a_rest_is_timed_only_while_it_lasts(usual: Settings) -> None:
    """From the first answer's beginning to now; who stopped 45 minutes ago rests."""
    found = read(usual).by_annotator
    assert found[ANN].sitting_min == pytest.approx(204 / 60)
    assert found[EVE].sitting_min == 0


def test_what_waits_leaves_out_what_one_has_answered(usual: Settings) -> None:
    """Clips that lack a vote, and those among them for somebody new."""
    found = read(usual)
    assert found.open_clips == 20
    assert found.of(ANN).open_to_them == 0
    assert found.of(BOB).open_to_them == 20
    assert found.of("annotator-new").open_to_them == 20


def test_listeners_agree_and_a_guesser_does_not(usual: Settings) -> None:
    """Each against all others, with an interval that holds the estimate."""
    found = read(usual).by_annotator
    assert min(found[name].agreement for name in (ANN, BOB, EVE)) > 0.8
    assert found[GUESSER].high < 0.4
    assert all(one.low < one.agreement < one.high for one in found.values())
    assert {pair.said for pair in found[GUESSER].confusions} == {"joy"}


def test_a_lone_answer_is_judged_by_nobody(tmp_path: Path) -> None:
    """One's own vote is no evidence for oneself."""
    settings = Settings(home=tmp_path)
    write_campaign(settings, answer(ANN, range(10, 30), heard(range(10, 30)), begin=NOW))
    own = read(settings).of(ANN)
    assert (own.votes, own.judged) == (20, 0)
    assert own.agreement != own.agreement


def test_gold_is_scored_against_what_is_known(usual: Settings) -> None:
    """Whatever the others say: the guesser is right where joy was asked for."""
    found = read(usual).by_annotator
    scores = [(found[name].gold_right, found[name].gold_votes) for name in (BOB, GUESSER)]
    assert scores == [(6, 6), (1, 6)]


def test_pace_is_set_beside_the_length_of_the_clips(usual: Settings) -> None:
    """Medians, in seconds."""
    own = read(usual).of(ANN)
    assert (own.lead_s, own.clip_s) == (pytest.approx(4.0), 2.5)


def test_scores_can_stop_at_midnight_while_counts_go_on(usual: Settings) -> None:
    """What was answered today moves the count alone."""
    now, settled = (read(usual, judged_before=end).of(ANN) for end in (None, DAY.start))
    assert (now.votes, settled.votes) == (60, 60)
    assert (now.judged, settled.judged) == (60, 40)


def test_other_projects_and_other_sources_are_nobodys_work_here(tmp_path: Path) -> None:
    """Votes that came with the corpus, or in another campaign, are not counted as answers."""
    settings = Settings(home=tmp_path)
    clips = range(6, 26)
    write_campaign(
        settings,
        answer(ANN, clips, heard(clips), begin=NOW),
        answer(BOB, clips, heard(clips), begin=NOW, project="demo-ffffffff"),
        answer(EVE, clips, heard(clips), begin=NOW, source="corpus"),
    )
    found = read(settings)
    assert list(found.by_annotator) == [ANN]
    assert found.of(ANN).judged == 20


def test_a_skip_is_no_vote_and_cannot_tell_is_one(tmp_path: Path) -> None:
    """Both have no label in the ledger; only a remark tells them apart."""
    settings = Settings(home=tmp_path)
    begin = NOW - timedelta(minutes=5)
    votes = answer(ANN, [8, 9, 10], [None, None, "joy"], begin=begin)
    write_campaign(settings, votes, skipped=votes["source_ref"].to_pylist()[:1])
    own = read(settings).of(ANN)
    assert (own.votes, own.votes_today) == (2, 2)


def test_a_campaign_without_answers_has_no_records(tmp_path: Path) -> None:
    """All its clips wait."""
    settings = Settings(home=tmp_path)
    write_campaign(settings)
    found = read(settings)
    assert (dict(found.by_annotator), found.open_clips) == ({}, len(CLIPS))
    assert SOURCE == "label-studio"
