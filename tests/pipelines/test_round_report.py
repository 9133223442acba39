"""The page of a round shows what the warehouse knows about it, and says when it knows nothing."""

from pathlib import Path

import pytest

from pipelines.curve import read_curve
from pipelines.errors import NothingToDoError
from pipelines.gather import gather_content
from pipelines.pool_estimates import pool_estimates
from pipelines.progress import SilentProgress
from pipelines.report.content import ReportContent
from pipelines.report.wording import format_interval, format_score
from pipelines.round_report import ReportResult, report
from pipelines.runner import Link
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse import queries
from warehouse.quality import find_faults
from warehouse.testing import make_rows

SILENT = SilentProgress()


@pytest.fixture(scope="module")
def content(campaign_once) -> ReportContent:
    """Gather the content of round 1."""
    with open_store(campaign_once.settings) as store:
        return gather_content(store, "synthetic", 1, read_curve(store, "synthetic"))


def test_the_latest_round_is_the_default(campaign_once) -> None:
    """Without a number the page is about the last round that was learned from."""
    result = report(campaign_once.settings, SILENT, campaign="synthetic")
    assert result.round == 1
    assert Path(result.path).name == "synthetic-001.html"


def test_the_page_is_linked() -> None:
    """Whoever runs the stage is shown the way to the page."""
    assert ReportResult("reports/calls-001.html", 1).links() == [
        Link("Report of round 1", "reports/calls-001.html")
    ]


def test_an_earlier_round_does_not_know_the_future(campaign_once) -> None:
    """The page of round 0 ends its curve there."""
    result = report(campaign_once.settings, SILENT, campaign="synthetic", number=0)
    page = Path(result.path).read_text(encoding="utf-8")
    later = [point.model_id for point in campaign_once.result.curve if point.round == 1]
    assert not [model_id for model_id in later if model_id in page]


def test_the_same_round_gives_the_same_page(campaign_once) -> None:
    """The page is a function of the warehouse."""
    first, again = (
        Path(
            report(campaign_once.settings, SILENT, campaign="synthetic", number=1).path
        ).read_bytes()
        for _ in range(2)
    )
    assert first == again


@pytest.mark.parametrize(
    ("campaign", "number", "message"),
    [
        ("synthetic", 7, "learned nothing from round 7 yet"),
        ("other", None, "learned nothing from any round yet"),
    ],
    ids=["round", "campaign"],
)
def test_a_round_without_a_model_has_no_page(
    campaign_once, campaign: str, number: int | None, message: str
) -> None:
    """The message says which verb learns."""
    with pytest.raises(NothingToDoError, match=f"{message}.*serloop round"):
        report(campaign_once.settings, SILENT, campaign=campaign, number=number)


def test_it_says_what_is_made_up(content: ReportContent) -> None:
    """Synthetic speech and simulated votes are marked on the page."""
    assert content.is_synthetic
    assert content.has_simulated_votes


def test_asked_clips_can_be_heard_and_their_votes_read(content: ReportContent) -> None:
    """Every arm is shown, with sound, reason, votes, and what was intended."""
    assert {clip.arm for clip in content.asked} == {"active", "random", "audit"}
    heard = [clip for clip in content.asked if clip.audio is not None]
    assert {clip.arm for clip in heard} == {"active", "random", "audit"}
    assert all(clip.audio.startswith(b"fLaC") for clip in heard)
    for clip in content.asked:
        assert clip.reason
        votes = sum(count for _, count in clip.votes)
        assert {"active": 1 <= votes <= 5, "random": votes == 5, "audit": votes == 6}[clip.arm]
        assert clip.intended in clip.clip_id


def test_the_numbers_are_the_warehouses(campaign_once, content: ReportContent) -> None:
    """Curve, test speakers and corpus size are those of the stages."""
    assert content.curve == campaign_once.result.curve
    assert (content.held_out.speakers, content.held_out.clips) == (2, 12)
    assert (content.ingest.clips, content.ingest.speakers) == (36, 6)
    assert sum(map(sum, content.confusion)) == 12
    assert sum(content.consensus.entropy_counts) == content.consensus.clips == 24
    assert (content.consensus.audit.audits, content.consensus.audit.answered) == (1, 1)


def test_doubtful_data_is_said(campaign_once, content: ReportContent) -> None:
    """What `serloop quality` finds about the corpus stands on the page, without its evidence."""
    with open_store(campaign_once.settings) as store:
        found = [item.title for item in find_faults(store, corpus="synthetic") if item.rows]
    assert [doubt.title for doubt in content.doubts] == found


def test_the_arms_are_compared_on_the_same_clips(campaign_once, content: ReportContent) -> None:
    """The difference of the arms' UAR is that of the curve, with an interval around it."""
    active, random = campaign_once.result.curve[2:]
    assert content.difference.uar == pytest.approx(active.uar - random.uar)
    assert content.difference.low <= content.difference.uar <= content.difference.high


def test_a_seed_has_no_difference(campaign_once) -> None:
    """While both arms share one model nothing tells them apart."""
    with open_store(campaign_once.settings) as store:
        curve = [point for point in read_curve(store, "synthetic") if point.round == 0]
        assert gather_content(store, "synthetic", 0, curve).difference is None


def test_the_page_names_snapshot_and_model(campaign_once, content: ReportContent) -> None:
    """Where the numbers come from stands on the page."""
    result = report(campaign_once.settings, SILENT, campaign="synthetic")
    page = Path(result.path).read_text(encoding="utf-8")
    assert content.generated_from.model_id in page
    assert content.generated_from.code_version in page


def test_the_pool_is_estimated_as_the_verb_does(campaign_once) -> None:
    """The section of round 1 has the numbers of `serloop estimates`, and so has that of round 0."""
    for number in (0, 1):
        result = report(campaign_once.settings, SILENT, campaign="synthetic", number=number)
        page = Path(result.path).read_text(encoding="utf-8")
        found = pool_estimates(
            campaign_once.settings, SILENT, campaign="synthetic", number=number
        ).section()
        assert f"the {found.answered} of {found.asked} asked clips that have an answer" in page
        assert found.shares
        for share in found.shares:
            told = page.partition(f'<th scope="row">{share.title}</th>')[2].partition("</tr>")[0]
            assert f"<strong>{format_score(share.corrected)}</strong>" in told
            assert format_interval(share.low, share.high) in told


def test_a_page_without_votes_has_no_estimates(campaign_once, tmp_path: Path) -> None:
    """Withdrawn answers leave the page as it is, without the section."""
    settings = borrow(campaign_once.settings, tmp_path / "home")
    with open_store(settings) as store:
        rows = queries.select_effective_votes(store, corpus="synthetic")
        store.commit(
            {
                "votes": make_rows(
                    "votes",
                    vote_id=[f"{vote_id}-gone" for vote_id in rows["vote_id"].to_pylist()],
                    clip_id=rows["clip_id"].to_pylist(),
                    supersedes=rows["vote_id"].to_pylist(),
                    is_retraction=[True] * rows.num_rows,
                )
            },
            message="withdrawn",
        )
    result = report(settings, SILENT, campaign="synthetic")
    assert "The whole pool" not in Path(result.path).read_text(encoding="utf-8")


def test_the_stopping_thresholds_are_the_settings(campaign_once, tmp_path: Path) -> None:
    """A criterion is held to what the settings say."""
    settings = borrow(campaign_once.settings, tmp_path / "home")
    rounds = settings.rounds.model_copy(update={"stop_change": 0.077})
    settings = settings.model_copy(update={"rounds": rounds})
    result = report(settings, SILENT, campaign="synthetic")
    assert "&lt; .077" in Path(result.path).read_text(encoding="utf-8")


def test_a_place_without_a_warehouse_is_said(settings: Settings) -> None:
    """Nothing was learned where nothing is."""
    with pytest.raises(NothingToDoError, match="learned nothing"):
        report(settings, SILENT, campaign="synthetic")
