"""A file of votes in any shape becomes ledger rows and a quarantine."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from annotation.imports import QUARANTINE_SCHEMA
from annotation.testing import make_annotation, make_export
from annotation.votes import VOTE_SCHEMA
from pipelines.errors import PipelineError
from pipelines.vote_context import Known, Told
from pipelines.vote_tables import intended_as_votes, quarantine_rows, read_votes
from warehouse.schemas import TABLES
from warehouse.testing import make_rows

KNOWN = Known(
    make_rows("corpora", corpus=["demo"], taxonomy=["demo-2"], classes=[["calm", "joy"]]),
    make_rows("clips", clip_id=["demo/a", "demo/b"], corpus=["demo"] * 2),
)
TOLD = Told(taxonomy="demo-2")
ROWS = [
    {"clip_id": "demo/a", "annotator": "ann", "label": "joy"},
    {"clip_id": "demo/a", "annotator": "ben", "label": "calm"},
    {"clip_id": "demo/b", "annotator": "ann", "label": "joy"},
]
SAID = {("demo/a", "ann", "joy"), ("demo/a", "ben", "calm"), ("demo/b", "ann", "joy")}


def write(rows, path: Path) -> Path:
    """Write rows in the format of the file's suffix."""
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    else:
        lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
        path.write_text("\n".join(lines), encoding="utf-8")
    return path


def read(path: Path, told: Told = TOLD):
    """Read votes with the warehouse above."""
    shape, found = read_votes(path, told, KNOWN)
    assert found.votes.schema.equals(VOTE_SCHEMA)
    return shape, found


def said(votes: pa.Table) -> set[tuple[str, str | None, str]]:
    """Return who said what of which clip."""
    return set(zip(*(votes[name].to_pylist() for name in ROWS[0]), strict=True))


@pytest.mark.parametrize("suffix", [".csv", ".CSV", ".tsv", ".jsonl", ".parquet"])
def test_every_format_gives_the_same_votes(tmp_path: Path, suffix: str) -> None:
    """The format of a table is no part of what it says."""
    _, found = read(write(ROWS, tmp_path / f"votes{suffix}"))
    assert said(found.votes) == SAID


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_format_reads_ratings_and_times(tmp_path: Path, suffix: str) -> None:
    """Numbers stay numbers and a time keeps its zone, whatever the format."""
    row = {"clip_id": "demo/a", "arousal": 3, "count": 2, "cast_at": "2026-01-02T03:04:05Z"}
    _, found = read(write([row], tmp_path / f"votes{suffix}"), Told())
    (vote,) = found.votes.to_pylist()
    assert (vote["arousal"], vote["count"], vote["taxonomy"]) == (3.0, 2, "none")
    assert vote["cast_at"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


SHAPES = {
    "long": "task,worker,answer\ndemo/a,ann,joy\ndemo/a,ben,calm\ndemo/b,ann,joy\n",
    "annotators": "clip_id,ann,ben\ndemo/a,joy,calm\ndemo/b,joy,\n",
}


@pytest.mark.parametrize(("shape", "text"), SHAPES.items(), ids=SHAPES)
def test_every_shape_gives_the_same_votes(tmp_path: Path, shape: str, text: str) -> None:
    """The shape of a table is no part of what it says."""
    path = tmp_path / "votes.csv"
    path.write_text(text, encoding="utf-8")
    found_shape, found = read(path)
    assert (found_shape, found.quarantined.num_rows) == (shape, 0)
    assert said(found.votes) == SAID


def test_counts_of_classes_are_anonymous(tmp_path: Path) -> None:
    """A class nobody voted for may have no column; a false total refuses the row."""
    path = tmp_path / "votes.csv"
    path.write_text("clip_id,calm,joy,n\ndemo/a,3,1,4\ndemo/b,0,2,3\n", encoding="utf-8")
    shape, found = read(path, Told(taxonomy="demo-2", total="n"))
    assert shape == "classes"
    assert found.votes["label"].to_pylist() == ["calm", "joy"]
    assert found.votes["count"].to_pylist() == [3, 1]
    assert found.reason_counts() == (("wrong_total", 1),)
    _, some = read(path, Told(taxonomy="demo-2", shape="classes", columns=("joy",)))
    assert (some.votes["count"].to_pylist(), some.ignored) == ([1, 2], ("calm", "n"))


def test_columns_of_annotators_can_hold_ratings(tmp_path: Path) -> None:
    """Named columns are read, and what they hold is said."""
    path = tmp_path / "votes.csv"
    path.write_text("clip_id,ann,ben,age\ndemo/a,3,1.5,40\n", encoding="utf-8")
    shape, found = read(path, Told(columns=("ann", "ben"), holds="valence"))
    assert (shape, found.votes["valence"].to_pylist()) == ("annotators", [3.0, 1.5])
    assert found.ignored == ("age",)


HEADER = "localid,pos,ttr,queryType,questNum,clipName,sessionNums,respEmo\n"
RESPONSES = [
    "S1,1,900,1,1,1001_IEO_ANG_HI,7,A\n",
    "S1,2,-5,2,2,1001_IEO_ANG_HI,7,N\n",
    "S1,3,800,1,3,scream,7,A\n",
]


def test_responses_to_crema_d_need_nothing_told(tmp_path: Path) -> None:
    """Classes, corpus and clip names come with the layout; the scheme tells what is a clip."""
    path = tmp_path / "finishedResponses.csv"
    path.write_text(HEADER + "".join(RESPONSES), encoding="utf-8")
    shape, found = read(path, Told())
    assert shape == "crema-d"
    assert found.votes["modality"].to_pylist() == ["audio", "video"]
    assert found.votes["label"].to_pylist() == ["anger", "neutral"]
    assert found.reason_counts() == (("unknown_clip_id", 1),)
    assert found.notes["code"].to_pylist() == ["bad_lead_time"]


def test_first_clicks_beside_the_responses_tell_the_distracted(tmp_path: Path) -> None:
    """The release left those answers out of its counts."""
    (tmp_path / "finishedResponses.csv").write_text(HEADER + RESPONSES[0], encoding="utf-8")
    late = RESPONSES[0].replace("900", "10001")
    (tmp_path / "finishedEmoResponses.csv").write_text(HEADER + late, encoding="utf-8")
    _, found = read(tmp_path / "finishedResponses.csv", Told())
    assert found.reason_counts() == (("distracted", 1),)


def test_responses_to_crema_d_are_in_no_other_taxonomy(tmp_path: Path) -> None:
    """Somebody who names one expects something else."""
    path = tmp_path / "finishedResponses.csv"
    path.write_text(HEADER + RESPONSES[0], encoding="utf-8")
    with pytest.raises(PipelineError, match="leave out --corpus and --taxonomy"):
        read(path)


def test_an_export_of_label_studio_is_read(tmp_path: Path) -> None:
    """Its project tells its annotations from others'."""
    tasks = [{"data": {"clip_id": "demo/a"}}, {"data": {"clip_id": "demo/x"}}]
    export = make_export(tasks, [[make_annotation(1, "joy")], [make_annotation(2, "joy")]])
    path = tmp_path / "export.json"
    path.write_text(json.dumps(export), encoding="utf-8")
    shape, found = read(path, Told(taxonomy="demo-2", project="p"))
    assert (shape, found.votes["label"].to_pylist()) == ("label-studio", ["joy"])
    assert found.reason_counts() == (("unknown_clip_id", 1),)
    with pytest.raises(PipelineError, match=r"export\.json` needs the Label Studio project"):
        read(path)


def test_dirty_rows_are_refused_one_by_one(tmp_path: Path) -> None:
    """The good rows of a dirty table are votes."""
    path = tmp_path / "votes.csv"
    lines = ["demo/a,rage,1", "demo/x,joy,1", "demo/a,joy,0", ",joy,1", "demo/a", "demo/b,joy,1"]
    path.write_text("\n".join(["clip_id,label,count", *lines]), encoding="utf-8")
    _, found = read(path)
    assert found.votes["clip_id"].to_pylist() == ["demo/b"]
    assert found.quarantined["row"].to_pylist() == [1, 2, 3, 4, 5]
    assert {reason for reason, _ in found.reason_counts()} == {
        "unknown_label",
        "unknown_clip_id",
        "bad_count",
        "missing_clip_id",
        "broken_row",
    }


def test_a_table_of_something_else_is_no_table_of_annotators(tmp_path: Path) -> None:
    """Where no cell is a class, the header was misread, unless somebody says it was not."""
    path = tmp_path / "votes.csv"
    path.write_text("clip_id,mood\ndemo/a,sunny\n", encoding="utf-8")
    with pytest.raises(PipelineError, match=r"no cell of .* is a vote .*`sunny`.*--shape"):
        read(path)
    _, found = read(path, Told(taxonomy="demo-2", shape="annotators"))
    assert found.reason_counts() == (("unknown_label", 1),)


def test_a_longer_version_of_a_table_adds_only_what_is_new(tmp_path: Path) -> None:
    """Ids follow from content: rows in another order, with more among them, keep theirs."""
    path = tmp_path / "votes.csv"
    before = set(read(write(ROWS[:2], path))[1].votes["vote_id"].to_pylist())
    after = set(read(write(ROWS[::-1], path))[1].votes["vote_id"].to_pylist())
    assert before < after
    assert len(after) == 3


def test_one_table_under_another_name_is_another_source(tmp_path: Path) -> None:
    """What two files say is not taken for one judgement."""
    ids = [
        set(read(write(ROWS, tmp_path / name))[1].votes["vote_id"].to_pylist())
        for name in ("votes.csv", "other.csv")
    ]
    assert not ids[0] & ids[1]


UNREADABLE = {
    "other-suffix": ("votes.xlsx", b"", r"must end in \.csv, .*\.json, got '\.xlsx'"),
    "no-suffix": ("votes", b"", "got 'no suffix'"),
    "damaged": ("votes.parquet", b"no parquet", "cannot be read as a table"),
    "empty": ("votes.csv", b"", "cannot be read as a table"),
    "missing": ("missing.csv", None, "cannot be read as a table"),
    "no-export": ("votes.json", b"{}", r"votes\.json`: the export must be a JSON list"),
    "missing-export": ("missing.json", None, r"no export at `.*missing\.json`"),
    "no-clip": ("votes.csv", b"label\njoy", r"votes\.csv`: .* must have a column `clip_id`"),
}


@pytest.mark.parametrize(("name", "content", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_holds_no_votes_is_refused(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    """The message names the file."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    project = "p" if name.endswith(".json") else None
    with pytest.raises(PipelineError, match=message):
        read(tmp_path / name, Told(taxonomy="demo-2", project=project))


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (Told(taxonomy="demo-2", shape="broad"), "`shape` must be one of"),
        (Told(taxonomy="demo-2", holds="mood"), "`holds` must be one of label, arousal"),
        (Told(taxonomy="demo-2", modality="smell"), r"votes\.csv`: `modality` must be one of"),
        (Told(taxonomy="demo-3"), "need their class list: name one with --taxonomy"),
        (Told(), "need their class list"),
    ],
    ids=["shape", "holds", "modality", "taxonomy", "no-taxonomy"],
)
def test_what_is_told_is_checked(tmp_path: Path, told: Told, message: str) -> None:
    """Who misspells an option hears of it."""
    with pytest.raises(PipelineError, match=message):
        read(write(ROWS, tmp_path / "votes.csv"), told)


def refuse(*details: str) -> pa.Table:
    """Return quarantined rows that differ in their details."""
    rows = [
        {"source": "v", "row": row, "reason": "unknown_label", "detail": detail}
        for row, detail in enumerate(details)
    ]
    return quarantine_rows(pa.Table.from_pylist(rows, schema=QUARANTINE_SCHEMA))


def test_refused_rows_keep_their_ids_wherever_they_stand() -> None:
    """Equal rows are told apart by their number, so that a longer file adds what is new."""
    short, long = refuse("a", "b"), refuse("b", "c", "a", "a")
    assert long.schema.equals(TABLES["quarantine"].schema)
    ids = set(long["quarantine_id"].to_pylist())
    assert len(ids) == 4
    assert set(short["quarantine_id"].to_pylist()) < ids
    assert refuse().num_rows == 0


def test_intended_labels_become_votes_of_the_corpus() -> None:
    """By choice the label a corpus intended counts as one vote; a clip without one has none."""
    clips = make_rows(
        "clips", clip_id=["demo/a", "demo/b"], corpus=["demo", "demo"], intended=["joy", None]
    )
    votes = intended_as_votes(clips, "demo-2")
    assert votes.schema.equals(TABLES["votes"].schema)
    (vote,) = votes.to_pylist()
    assert (vote["clip_id"], vote["label"], vote["count"]) == ("demo/a", "joy", 1)
    assert (vote["annotator"], vote["source"]) == ("intended:demo", "intended")
    assert (vote["supersedes"], vote["is_retraction"]) == (None, False)
