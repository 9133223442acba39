"""Why a clip has its label: votes, reliability, answers, how they came about, and doubt."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from annotation.aggregation import AGGREGATORS
from annotation.testing import make_votes
from pipelines.aggregate import aggregate
from pipelines.clip_opinion import ClipOpinion
from pipelines.commands.why import why as verb
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.why import why
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse import Warehouse
from warehouse.testing import make_rows

SILENT = SilentProgress()
CLASSES = ["anger", "calm", "joy"]
FIRST, SECOND, THIRD = (f"testing/{number:06d}" for number in range(3))
GUESSER = "annotator-005"
APP = typer.Typer()
APP.command()(verb)


def serloop_why(settings: Settings, *arguments: str) -> Result:
    """Run the verb in this process."""
    return CliRunner().invoke(APP, [*arguments, "--home", str(settings.home)])


def cast(store: Warehouse, *rows: dict[str, object]) -> None:
    """Append rows on the third clip to the ledger."""
    plain = {"clip_id": THIRD, "modality": "audio", "taxonomy": "test-3"}
    names = {name for row in (plain, *rows) for name in row}
    filled = {name: [(plain | row).get(name) for row in rows] for name in names}
    filled["is_retraction"] = [bool(row.get("is_retraction")) for row in rows]
    store.commit({"votes": make_rows("votes", **filled)}, message="more votes")


@pytest.fixture(scope="module")
def voted_once(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a ledger of five listeners and a guesser, with second thoughts on the third clip."""
    settings = Settings(home=tmp_path_factory.mktemp("voted"))
    drawn = make_votes(CLASSES, clips=60, accuracy=[0.9] * 5 + [1 / 3])
    votes = {name: drawn.table[name] for name in ("vote_id", "clip_id", "annotator", "label")}
    count = drawn.table.num_rows
    clips = {"clip_id": [FIRST, "testing/quiet"], "corpus": ["testing"] * 2}
    rows = {
        "corpora": make_rows("corpora", corpus=["testing"], taxonomy=["test-3"], classes=[CLASSES]),
        "clips": make_rows("clips", **clips, intended=[drawn.truth[0], None]),
        "votes": make_rows(
            "votes", **votes, modality=["audio"] * count, taxonomy=["test-3"] * count
        ),
    }
    with open_store(settings) as store:
        store.commit(rows, message="votes")
        hour = datetime(2026, 11, 22, 10, tzinfo=UTC)
        cast(
            store,
            {"vote_id": "first", "annotator": "zoe", "label": "joy", "cast_at": hour},
            {
                "vote_id": "second",
                "annotator": "zoe",
                "label": "calm",
                "supersedes": "first",
                "cast_at": hour.replace(hour=11),
            },
            {"vote_id": "slip", "annotator": "yan", "label": "anger", "cast_at": hour},
            {
                "vote_id": "withdrawn",
                "annotator": "yan",
                "supersedes": "slip",
                "is_retraction": True,
                "cast_at": hour.replace(hour=12),
            },
        )
        cast(
            store,
            *(
                {"vote_id": f"rated-{who}", "annotator": who, "arousal": value, "taxonomy": "none"}
                for who, value in (("ann", 2.0), ("ben", 4.0))
            ),
        )
        cast(store, {"vote_id": "seen", "label": "joy", "count": 3, "modality": "video"})
    return settings


@pytest.fixture
def voted(voted_once: Settings, tmp_path: Path) -> Settings:
    """Return the ledger, free to change."""
    return borrow(voted_once, tmp_path / "home")


def explain(settings: Settings, clip_id: str, taxonomy: str = "test-3", **wanted) -> ClipOpinion:
    """Return what is known of a clip in one taxonomy, of what was heard."""
    found = why(settings, SILENT, clip_id=clip_id, modality="audio", **wanted)
    return next(opinion for opinion in found.opinions if opinion.taxonomy == taxonomy)


def test_every_vote_is_listed_with_its_state(voted_once: Settings) -> None:
    """Second thoughts are told apart from what stands."""
    states = {line.vote_id: line.state for line in explain(voted_once, THIRD).explanation.votes}
    named = {name: states[name] for name in ("first", "second", "slip", "withdrawn")}
    assert named == {
        "first": "superseded",
        "second": "stands",
        "slip": "retracted",
        "withdrawn": "retraction",
    }
    assert list(states.values()).count("stands") == 7


def test_every_aggregator_answers(voted_once: Settings) -> None:
    """Named votes can be read by all of them, and each posterior is a distribution."""
    opinion = explain(voted_once, FIRST)
    assert [answer.aggregator for answer in opinion.explanation.answers] == list(AGGREGATORS)
    assert opinion.refused == ()
    for answer in opinion.explanation.answers:
        assert sum(answer.posterior) == pytest.approx(1)


def test_reliability_tells_the_guesser_from_the_rest(voted_once: Settings) -> None:
    """The aggregators that weigh people rely on the guesser least."""
    lines = explain(voted_once, FIRST, methods=["dawid_skene"]).explanation.reliability
    skills = {line.annotator: line.skill for line in lines}
    assert min(skills, key=skills.__getitem__) == GUESSER


def test_the_path_ends_at_the_answer(voted_once: Settings) -> None:
    """Dawid-Skene's last step is its posterior; each row of the ledger is a step."""
    explanation = explain(voted_once, THIRD, methods=["dawid_skene"]).explanation
    steps = [step for step in explanation.path if step.aggregator == "dawid_skene"]
    (answer,) = explanation.answers
    assert len(steps) == 1 + len(explanation.votes)
    assert steps[-1].posterior == pytest.approx(answer.posterior, abs=1e-3)


def test_doubt_is_split_and_one_more_vote_has_a_worth(voted_once: Settings) -> None:
    """Ambiguity and ignorance add up, and people's confusions weigh the votes."""
    doubt = explain(voted_once, FIRST).doubt
    assert doubt is not None
    assert doubt.ambiguity + doubt.ignorance == pytest.approx(doubt.total)
    assert doubt.weighed_by == "hierarchical"
    assert doubt.gain is not None
    assert doubt.gain >= 0
    plain = explain(voted_once, FIRST, methods=["majority"]).doubt
    assert plain is not None
    assert (plain.weighed_by, plain.gain, plain.error_gain) == (None, None, None)
    assert plain.effective_votes == pytest.approx(6)


def test_taxonomies_and_modalities_are_explained_apart(voted_once: Settings) -> None:
    """A clip that was heard, seen and rated has three explanations."""
    found = why(voted_once, SILENT, clip_id=THIRD)
    groups = [(opinion.taxonomy, opinion.explanation.modality) for opinion in found.opinions]
    assert groups == [("none", "audio"), ("test-3", "audio"), ("test-3", "video")]


def test_an_aggregator_that_needs_names_says_so(voted_once: Settings) -> None:
    """Anonymous counts are read by those that can, and the others give their reason."""
    opinion = next(
        one
        for one in why(voted_once, SILENT, clip_id=THIRD, modality="video").opinions
        if one.explanation.modality == "video"
    )
    refused = dict(opinion.refused)
    assert "glad" in refused
    assert "majority" in {answer.aggregator for answer in opinion.explanation.answers}
    with pytest.raises(NothingToDoError, match="none of the methods can read these votes: `glad`"):
        why(voted_once, SILENT, clip_id=THIRD, modality="video", methods=["glad"])


def test_ratings_have_answers_of_their_own(voted_once: Settings) -> None:
    """Two ratings have a mean and a spread, and no class."""
    opinion = explain(voted_once, THIRD, taxonomy="none")
    answers = {answer.aggregator: answer for answer in opinion.ratings}
    assert (answers["mean"].dimension, answers["mean"].votes) == ("arousal", 2)
    assert answers["mean"].rating == pytest.approx(3.0)
    assert (opinion.doubt, opinion.explanation.answers) == (None, ())
    assert {line.state for line in opinion.explanation.votes} == {"rated"}
    assert [(one.vote_id, one.arousal) for one in opinion.rated] == [
        ("rated-ann", 2.0),
        ("rated-ben", 4.0),
    ]


def test_a_clip_whose_votes_are_all_withdrawn_has_no_answer(voted: Settings) -> None:
    """What was said once is still listed."""
    with open_store(voted) as store:
        cast(store, {"vote_id": "only", "clip_id": "testing/x", "annotator": "al", "label": "joy"})
        withdrawn = {"clip_id": "testing/x", "supersedes": "only", "is_retraction": True}
        cast(store, {"vote_id": "gone", **withdrawn})
    opinion = explain(voted, "testing/x")
    states = [line.state for line in opinion.explanation.votes]
    assert (states, opinion.explanation.answers) == (["retracted", "retraction"], ())
    assert opinion.doubt is None


def test_stored_runs_show_how_the_consensus_moved(voted: Settings) -> None:
    """Each run that was stored is listed with the votes it had, in order."""
    aggregate(voted, SILENT, method="majority")
    with open_store(voted) as store:
        cast(store, {"vote_id": "late", "clip_id": SECOND, "annotator": "al", "label": "joy"})
    aggregate(voted, SILENT, method="majority")
    found = why(voted, SILENT, clip_id=SECOND, methods=["majority"])
    assert [run["votes"] for run in found.runs] == [6, 7]
    assert found.runs[0]["snapshot"] < found.runs[1]["snapshot"]


def test_the_intended_label_stands_beside_the_votes(voted_once: Settings) -> None:
    """It is no vote; a clip without audio has none."""
    assert why(voted_once, SILENT, clip_id=FIRST, methods=["majority"]).intended in CLASSES
    assert why(voted_once, SILENT, clip_id=SECOND, methods=["majority"]).intended is None


@pytest.mark.parametrize(
    ("clip_id", "message"),
    [
        ("testing/quiet", r"nobody has judged clip `testing/quiet`; ask with `serloop round`"),
        ("testing/404", r"there is no clip `testing/404` and no vote on it.*serloop status"),
    ],
)
def test_a_clip_without_votes_is_named(voted_once: Settings, clip_id: str, message: str) -> None:
    """A clip nobody judged is told apart from one that does not exist."""
    with pytest.raises(NothingToDoError, match=message):
        why(voted_once, SILENT, clip_id=clip_id)


def test_an_unknown_method_is_named(voted_once: Settings) -> None:
    """The message lists the methods there are."""
    with pytest.raises(PipelineError, match="no aggregator `mode`; there are majority, soft_label"):
        why(voted_once, SILENT, clip_id=FIRST, methods=["mode"])


def test_it_repeats(voted_once: Settings) -> None:
    """The same ledger gives the same explanation, as JSON knows it."""
    first, again = (why(voted_once, SILENT, clip_id=THIRD).document() for _ in range(2))
    assert json.dumps(first, allow_nan=False) == json.dumps(again, allow_nan=False)


def test_rows_have_an_answer_each(voted_once: Settings) -> None:
    """The table has one row per taxonomy, modality and aggregator."""
    rows = why(voted_once, SILENT, clip_id=FIRST).rows()
    assert [row["aggregator"] for row in rows] == list(AGGREGATORS)
    assert all(0 < row["probability"] <= 1 for row in rows)


def test_the_verb_tells_the_story(voted_once: Settings) -> None:
    """A person reads every table, refusals too; a program gets the whole document."""
    told = serloop_why(voted_once, THIRD)
    assert told.exit_code == 0, told.output
    for words in ("superseded", "reliability", "how the answers came about", "in doubt", "ratings"):
        assert words in told.stdout
    assert "glad cannot say" in told.stdout
    printed = json.loads(serloop_why(voted_once, THIRD, "--json").stdout)
    assert printed["clip_id"] == THIRD
    assert len(printed["opinions"]) == 3


def test_the_verb_says_what_is_wrong(voted_once: Settings) -> None:
    """An expected error is one line and exit code 1."""
    failed = serloop_why(voted_once, "testing/404")
    assert failed.exit_code == 1
    assert "there is no clip `testing/404`" in failed.output
