"""The stage and the verb: what people mean as a table, as JSON and as a page."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from annotation.testing import make_votes
from pipelines.agreement import agreement
from pipelines.annotators import annotators
from pipelines.commands.opinions import opinions as verb
from pipelines.errors import NothingToDoError
from pipelines.opinion_report import OpinionReportResult, opinion_report
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows

SILENT = SilentProgress()
CLASSES = ["anger", "calm", "fear", "joy"]
APP = typer.Typer()
APP.command()(verb)


def serloop_opinions(settings: Settings, *arguments: str) -> Result:
    """Run the verb in this process."""
    place = {
        "SERLOOP_WAREHOUSE__CATALOG": settings.catalog,
        "SERLOOP_WAREHOUSE__DATA_PATH": settings.data_path,
    }
    return CliRunner().invoke(APP, ["--home", str(settings.home), *arguments], env=place)


@pytest.fixture(scope="module")
def voted(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a ledger of named votes on what was heard and counts on what was seen; read only."""
    settings = Settings(home=tmp_path_factory.mktemp("voted"))
    drawn = make_votes(CLASSES, clips=200, accuracy=[0.85, 0.85, 0.85, 0.85, 0.85, 0.25])
    votes = {name: drawn.table[name] for name in ("vote_id", "clip_id", "annotator", "label")}
    count = drawn.table.num_rows
    heard = make_rows("votes", **votes, modality=["audio"] * count, taxonomy=["test-4"] * count)
    seen = make_rows(
        "votes",
        vote_id=["seen-1", "seen-2"],
        clip_id=["testing/000000"] * 2,
        label=["joy", "calm"],
        modality=["video"] * 2,
        taxonomy=["test-4"] * 2,
    )
    corpora = make_rows("corpora", corpus=["testing"], taxonomy=["test-4"], classes=[CLASSES])
    with open_store(settings) as store:
        store.commit({"corpora": corpora, "votes": heard}, message="votes")
        store.commit({"votes": seen}, message="counts")
    return settings


@pytest.fixture(scope="module")
def found(voted: Settings) -> OpinionReportResult:
    """Write the page of everything."""
    return opinion_report(voted, SILENT)


def test_there_is_a_row_per_group_largest_first(found: OpinionReportResult) -> None:
    """What was heard and what was seen are told apart."""
    rows = found.rows()
    assert [(row["modality"], row["votes"]) for row in rows] == [("audio", 1200), ("video", 2)]
    assert (rows[0]["annotators"], rows[0]["exclude"], rows[0]["converged"]) == (6, 1, "yes")
    assert (rows[1]["annotators"], rows[1]["exclude"]) == (None, None)


def test_figures_equal_those_of_the_other_verbs(
    voted: Settings, found: OpinionReportResult
) -> None:
    """The page, `serloop agreement` and `serloop annotators` never contradict each other."""
    (group, _) = found.content.groups
    measured = agreement(voted, SILENT, modality="audio").rows()
    alpha = next(row for row in measured if row["statistic"] == "nominal_alpha")
    assert (group.alpha.value, group.alpha.low) == (alpha["value"], alpha["low"])
    profiled = annotators(voted, SILENT, modality="audio", method="hierarchical").rows()
    assert [(one.annotator, one.advice, one.skill.value) for one in group.annotators] == [
        (row["annotator"], row["advice"], row["skill"]) for row in profiled
    ]


def test_page_is_written_and_repeats(voted: Settings, found: OpinionReportResult) -> None:
    """The page lies with the reports and is a function of the warehouse."""
    path = Path(found.path)
    first = path.read_bytes()
    assert path == voted.reports / "opinions.html"
    assert Path(opinion_report(voted, SILENT).path).read_bytes() == first


def test_a_selection_has_a_page_of_its_own(voted: Settings) -> None:
    """A look at one part leaves the page of all alone, and says how it was written."""
    result = opinion_report(voted, SILENT, corpus="testing", modality="video")
    assert Path(result.path).name == "opinions-testing-video.html"
    assert result.content.command == "serloop opinions --corpus testing --modality video"
    assert [group.modality for group in result.content.groups] == ["video"]


def test_a_campaign_is_followed_by_round_and_heard(campaign_once) -> None:
    """Rounds are the steps, the clips can be played, and what is made up is marked."""
    result = opinion_report(campaign_once.settings, SILENT)
    (group,) = result.content.groups
    assert [step.name for step in group.timeline.steps] == ["synthetic-000", "synthetic-001"]
    assert all(clip.audio.startswith(b"fLaC") for clip in group.ambiguous)
    assert (group.is_synthetic, group.has_simulated_votes) == (True, True)
    page = Path(result.path).read_text(encoding="utf-8")
    assert page.count("<audio") == len(group.ambiguous) + len(group.unheard)
    assert "synthetic speech" in page
    assert "simulated votes" in page


def test_nobody_has_voted(settings: Settings) -> None:
    """An empty warehouse has no page, and the message says how to get votes."""
    with pytest.raises(NothingToDoError, match="nobody has voted; bring votes in"):
        opinion_report(settings, SILENT)
    assert not settings.reports.exists()


def test_verb_prints_table_and_path(voted: Settings) -> None:
    """A person sees the figures and where the page is."""
    result = serloop_opinions(voted)
    assert result.exit_code == 0
    assert "test-4" in result.stdout
    assert "opinions.html" in result.stdout


def test_json_holds_everything_but_the_sound(campaign_once) -> None:
    """A program gets all that the page shows, as JSON knows it."""
    result = serloop_opinions(campaign_once.settings, "--json")
    document = json.loads(result.stdout)
    (group,) = document["groups"]
    assert group["annotators"][0]["evidence"]
    assert "audio" not in group["ambiguous"][0]
    assert "NaN" not in result.stdout


def test_unknown_corpus_ends_with_1(voted: Settings) -> None:
    """An expected error is one line, and no page is written."""
    result = serloop_opinions(voted, "--corpus", "nowhere")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "nobody has voted for corpus `nowhere`" in result.stderr
    assert not (voted.reports / "opinions-nowhere.html").exists()
