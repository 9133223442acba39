"""Annotators from the ledger: how well each hears, and what to do about it."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from annotation.errors import AnnotationError
from annotation.testing import make_votes
from pipelines.annotators import AnnotatorsResult, annotators
from pipelines.commands.annotators import annotators as verb
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows

SILENT = SilentProgress()
CLASSES = ["anger", "calm", "fear", "joy"]
ACCURACY = [0.85, 0.85, 0.85, 0.85, 0.85, 0.25]
GUESSER = "annotator-005"
APP = typer.Typer()
APP.command()(verb)


def serloop_annotators(settings: Settings, *arguments: str) -> Result:
    """Run the verb in this process."""
    return CliRunner().invoke(APP, ["--home", str(settings.home), *arguments])


@pytest.fixture(scope="module")
def voted(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a ledger of five listeners, one guesser and some anonymous counts; read only."""
    settings = Settings(home=tmp_path_factory.mktemp("voted"))
    drawn = make_votes(CLASSES, clips=200, accuracy=ACCURACY)
    votes = {name: drawn.table[name] for name in ("vote_id", "clip_id", "annotator", "label")}
    count = drawn.table.num_rows
    rows = {
        "corpora": make_rows("corpora", corpus=["testing"], taxonomy=["test-4"], classes=[CLASSES]),
        "votes": make_rows(
            "votes", **votes, modality=["audio"] * count, taxonomy=["test-4"] * count
        ),
    }
    anonymous = make_rows(
        "votes",
        vote_id=["seen"],
        clip_id=["testing/000000"],
        label=["joy"],
        modality=["video"],
        taxonomy=["test-4"],
    )
    intended = make_rows(
        "votes",
        vote_id=["intended"],
        clip_id=["testing/000000"],
        annotator=["intended:testing"],
        label=["joy"],
        modality=["audio"],
        taxonomy=["test-4"],
        source=["intended"],
    )
    with open_store(settings) as store:
        store.commit(rows, message="votes")
        store.commit({"votes": anonymous}, message="counts")
        store.commit({"votes": intended}, message="intended")
    return settings


@pytest.fixture(scope="module")
def found(voted: Settings) -> AnnotatorsResult:
    """Profile everybody."""
    return annotators(voted, SILENT)


def test_the_gravest_advice_comes_first(found: AnnotatorsResult) -> None:
    """The guesser is to be excluded, and all who listen are trusted, by id."""
    assert [(row["annotator"], row["advice"]) for row in found.rows()] == [
        (GUESSER, "exclude"),
        *((f"annotator-{number:03d}", "trust") for number in range(5)),
    ]


def test_skill_has_an_interval_and_evidence_in_words(found: AnnotatorsResult) -> None:
    """The interval holds the estimate, and the evidence names the numbers it rests on."""
    for row in found.rows():
        assert row["low"] < row["skill"] < row["high"]
    guesser = found.rows()[0]
    assert guesser["typical"] > guesser["high"]
    assert "do not depend on the clips" in str(guesser["evidence"])


def test_what_cannot_be_told_is_none(found: AnnotatorsResult) -> None:
    """Without times there is no drift, fatigue or lead time, and without gold no score."""
    names = ("drift", "fatigue", "lead_s", "gold")
    assert {row[name] for row in found.rows() for name in names} == {None}


def test_nobody_unnamed_and_no_intended_label_is_profiled(found: AnnotatorsResult) -> None:
    """Anonymous counts and the corpus's own intention are not people."""
    assert len(found.annotators) == 6
    assert {one.modality for one in found.annotators} == {"audio"}


def test_the_document_holds_the_confusion(found: AnnotatorsResult) -> None:
    """Everything is written as JSON knows it, in the order of the classes."""
    document = json.loads(json.dumps(found.document(), allow_nan=False))
    assert document[0]["classes"] == CLASSES
    assert [len(row) for row in document[0]["confusion"]] == [4] * 4
    assert document[0]["drift"] is None


def test_the_method_is_chosen(voted: Settings) -> None:
    """The consensus of any aggregator tells the guesser from the rest."""
    found = annotators(voted, SILENT, method="majority")
    assert found.aggregator == "majority"
    assert found.rows()[0]["annotator"] == GUESSER


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """Write a table of 30 clips whose class is known, and of one nobody voted on."""
    truth = make_votes(CLASSES, clips=200, accuracy=ACCURACY)
    known = [*list(zip(truth.clips, truth.truth, strict=True))[:30], ("testing/none", "joy")]
    path = tmp_path / "gold.csv"
    path.write_text("clip_id,label\n" + "".join(f"{clip},{label}\n" for clip, label in known))
    return path


def test_gold_clips_are_scored(voted: Settings, gold: Path) -> None:
    """Right answers of all gold clips that were voted on are counted."""
    rows = annotators(voted, SILENT, gold=gold).rows()
    scores = {row["annotator"]: str(row["gold"]).split("/") for row in rows}
    assert {votes for _, votes in scores.values()} == {"30"}
    assert int(scores[GUESSER][0]) < 15 < int(scores["annotator-000"][0])


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("clip,label\na,joy\n", PipelineError, "must be a CSV file with the columns clip_id"),
        ("clip_id,label\na,joy\na,fear\n", PipelineError, "gives clip `a` the labels `joy`"),
        ("clip_id,label\ntesting/000000,rage\n", AnnotationError, "`gold` class `rage`"),
    ],
    ids=["columns", "two labels", "class"],
)
def test_a_wrong_gold_table_is_refused(
    voted: Settings, tmp_path: Path, text: str, error: type[Exception], message: str
) -> None:
    """The message names the table and what is wrong with it."""
    path = tmp_path / "gold.csv"
    path.write_text(text)
    with pytest.raises(error, match=message):
        annotators(voted, SILENT, gold=path)


def test_anonymous_counts_alone_are_refused(voted: Settings) -> None:
    """Nobody can be told apart, and the message says how to get names."""
    with pytest.raises(NothingToDoError, match=r"anonymous counts cannot be told apart.*collect"):
        annotators(voted, SILENT, modality="video")


def test_the_verb_prints_a_table_or_everything(voted: Settings, found: AnnotatorsResult) -> None:
    """A person reads the advice, a program the whole profile."""
    table = serloop_annotators(voted)
    assert GUESSER in table.stdout
    assert "exclude" in table.stdout
    printed = serloop_annotators(voted, "--json")
    assert json.loads(printed.stdout) == json.loads(json.dumps(found.document()))


def test_the_verb_says_what_is_missing(voted: Settings) -> None:
    """An expected error is one line and exit code 1."""
    failed = serloop_annotators(voted, "--corpus", "nowhere")
    assert failed.exit_code == 1
    assert "nobody has voted for corpus `nowhere`" in failed.output
