"""One row per judgement becomes one ledger row, or a quarantined one with its reason."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from annotation.errors import VoteError
from annotation.imports import (
    NOTE_SCHEMA,
    NOTES,
    QUARANTINE_SCHEMA,
    REASONS,
    RawTable,
    VoteSource,
    read_csv,
    read_json_lines,
    read_long_table,
)
from annotation.votes import VOTE_SCHEMA, build_vote_matrix
from pipelines.convert import vote_rows
from ser.corpora.urdu import INFO as URDU
from ser.corpora.votes import vote_table

ROW = {"clip_id": "demo/a", "annotator": "ann", "label": "joy"}
ROWS = [ROW, ROW | {"annotator": "ben", "label": "calm"}, ROW | {"clip_id": "demo/b"}]


def test_a_plain_row_gets_plain_values(source, make_raw) -> None:
    """A clip and a label are enough for a row of the ledger."""
    found = read_long_table(make_raw([{"clip_id": "demo/a", "label": "joy"}]), source)
    assert found.votes.schema.equals(VOTE_SCHEMA)
    (vote,) = found.votes.drop_columns(["vote_id", "source_ref"]).to_pylist()
    rest = dict.fromkeys(["annotator", "arousal", "valence", "dominance", "lead_time_s"])
    assert vote == rest | {
        "clip_id": "demo/a",
        "modality": "audio",
        "taxonomy": "demo-2",
        "label": "joy",
        "count": 1,
        "cast_at": None,
        "source": "demo.csv",
        "supersedes": None,
        "is_retraction": False,
    }


BAD = {
    "missing_clip_id": {"clip_id": " "},
    "unknown_clip_id": {"clip_id": "demo/z"},
    "reserved_annotator": {"annotator": "anonymous:pool"},
    "unknown_modality": {"modality": "voice"},
    "unknown_label": {"label": "rage"},
    "no_judgement": {"label": "NA"},
    "bad_number": {"arousal": "high"},
    "bad_count": {"count": "0"},
}


@pytest.mark.parametrize("reason", BAD)
def test_a_row_that_is_no_vote_is_quarantined(reason: str, source, make_raw) -> None:
    """A bad row costs itself alone and says what was wrong with it."""
    known = VoteSource(
        source.name, source.taxonomy, source.classes, known_clips=pa.array(["demo/a", "demo/b"])
    )
    every = {"modality": "audio", "arousal": "1", "count": "1"} | ROW
    if reason == "no_judgement":
        del every["arousal"]
    found = read_long_table(make_raw([every, every | BAD[reason], every | ROWS[1]]), known)
    assert found.votes["annotator"].to_pylist() == ["ann", "ben"]
    (refused,) = found.quarantined.to_pylist()
    assert (refused["row"], refused["reason"]) == (2, reason)
    assert found.quarantined.schema.equals(QUARANTINE_SCHEMA)
    assert reason in REASONS


@pytest.mark.parametrize("value", ["inf", "1e999", "1,5", "--1", "0x10", float("inf")], ids=str)
def test_a_rating_that_is_no_number_is_told(value, source, make_raw) -> None:
    """Infinities and typing errors are no ratings, and the detail shows them."""
    found = read_long_table(make_raw([{"clip_id": "a", "arousal": value}]), source)
    (refused,) = found.quarantined.to_pylist()
    assert refused["reason"] == "bad_number"
    assert str(value) in refused["detail"]


@pytest.mark.parametrize("value", ["1.5", "-3", "1e12", "many"])
def test_a_count_that_is_no_number_of_votes_is_told(value: str, source, make_raw) -> None:
    """Half a vote, a negative one, and more than the ledger can hold are none."""
    found = read_long_table(make_raw([ROW | {"count": value}]), source)
    assert found.reason_counts() == (("bad_count", 1),)


@pytest.mark.parametrize("value", ["-12.4", "0", "99999", "soon", "inf"])
def test_an_absurd_lead_time_leaves_the_vote(value: str, source, make_raw) -> None:
    """The clock was wrong, not the person: the vote stays, without a lead time, with a note."""
    found = read_long_table(make_raw([ROW | {"lead_time_s": value}]), source)
    assert found.votes["lead_time_s"].to_pylist() == [None]
    (note,) = found.notes.to_pylist()
    assert note["code"] == "bad_lead_time"
    assert value in note["detail"]
    assert note["vote_id"] == found.votes["vote_id"][0].as_py()
    assert found.notes.schema.equals(NOTE_SCHEMA)
    assert set(found.notes["code"].to_pylist()) <= set(NOTES)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02 04:04:05.5+01:00", datetime(2026, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (datetime(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC)),
        ("yesterday", None),
        ("2026-13-02", None),
    ],
    ids=["utc", "zone", "naive", "typed", "word", "month-13"],
)
def test_times_are_read_in_utc(written, read, source, make_raw) -> None:
    """A time without zone is taken as UTC; one that cannot be read is noted and the vote kept."""
    found = read_long_table(make_raw([ROW | {"cast_at": written}]), source)
    assert found.votes["cast_at"].to_pylist() == [read]
    assert found.notes["code"].to_pylist() == ([] if read else ["bad_time"])


def test_a_named_duplicate_is_one_vote(source, make_raw) -> None:
    """Nobody votes twice by being pasted twice, also not as 1.0 instead of 1."""
    rows = [ROW | {"arousal": "1"}, ROW | {"arousal": "2"}, ROW | {"arousal": "1.0"}]
    found = read_long_table(make_raw(rows), source)
    assert found.votes["arousal"].to_pylist() == [1.0, 2.0]
    (refused,) = found.quarantined.to_pylist()
    assert (refused["row"], refused["reason"]) == (3, "duplicate")


def test_equal_anonymous_rows_are_distinct_votes(source, make_raw) -> None:
    """Two strangers who agree are two, and their ids hold for the first of them alone."""
    row = {"clip_id": "demo/a", "label": "joy"}
    both = read_long_table(make_raw([row, row]), source).votes["vote_id"].to_pylist()
    alone = read_long_table(make_raw([row]), source).votes["vote_id"].to_pylist()
    assert len(set(both)) == 2
    assert both[:1] == alone


def test_a_refused_row_makes_no_duplicate(source, make_raw) -> None:
    """The first sound row of a reference counts, even after a broken one."""
    rows = [ROW | {"label": "rage", "source_ref": "1"}, ROW | {"source_ref": "1"}]
    found = read_long_table(make_raw([*rows, rows[1]]), source)
    assert found.votes["source_ref"].to_pylist() == ["1"]
    assert [row["reason"] for row in found.quarantined.to_pylist()] == [
        "unknown_label",
        "duplicate",
    ]


def test_ids_follow_from_content(source, make_raw) -> None:
    """A longer version of a file, in another order, keeps the ids of what it had."""
    before = set(read_long_table(make_raw(ROWS[:2]), source).votes["vote_id"].to_pylist())
    after = set(read_long_table(make_raw(ROWS[::-1]), source).votes["vote_id"].to_pylist())
    other = VoteSource("other.csv", source.taxonomy, source.classes)
    elsewhere = set(read_long_table(make_raw(ROWS), other).votes["vote_id"].to_pylist())
    assert before < after
    assert not after & elsewhere


def test_every_format_gives_the_same_rows(source) -> None:
    """The format of a table is no part of what it says."""
    rows = [ROW | {"arousal": 3, "cast_at": "2026-01-02T03:04:05Z"}]
    lines = "clip_id,annotator,label,arousal,cast_at\ndemo/a,ann,joy,3,2026-01-02T03:04:05Z\n"
    typed = pa.Table.from_pylist(
        [ROW | {"arousal": 3.0, "cast_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)}]
    )
    raws = [
        read_csv(lines.encode()),
        read_json_lines(str(rows[0]).replace("'", '"').encode()),
        RawTable.of(typed),
    ]
    found = [read_long_table(raw, source).votes for raw in raws]
    assert found[0].equals(found[1])
    assert found[0].equals(found[2])


def test_labels_may_be_spelled_otherwise_and_clips_prefixed(make_raw) -> None:
    """A file's own letters and short ids are translated, crowd-kit's column names understood."""
    source = VoteSource(
        "demo", "demo-2", ("calm", "joy"), {"J": "joy"}, clip_prefix="demo/", annotator_prefix="x:"
    )
    rows = [{"task": 1, "worker": 7, "label": "J"}, {"task": 1, "worker": 8, "label": "calm"}]
    votes = read_long_table(make_raw(rows), source).votes
    assert votes.select(["clip_id", "annotator", "label"]).to_pylist() == [
        {"clip_id": "demo/1", "annotator": "x:7", "label": "joy"},
        {"clip_id": "demo/1", "annotator": "x:8", "label": "calm"},
    ]


def test_broken_records_and_unread_columns_are_reported(source) -> None:
    """Nothing is dropped in silence: neither a torn line nor a misspelt column."""
    found = read_long_table(read_csv(b"clip_id,label,anotator\na,joy,x\nb\nc,rage,y\n"), source)
    assert found.ignored == ("anotator",)
    assert found.quarantined.select(["row", "reason"]).to_pylist() == [
        {"row": 2, "reason": "broken_row"},
        {"row": 3, "reason": "unknown_label"},
    ]


def test_a_table_without_rows_gives_none(source) -> None:
    """Nothing comes of nothing, in the right shape."""
    found = read_long_table(read_csv(b"clip_id,label,lead_time_s,cast_at,count\n"), source)
    assert (found.votes.num_rows, found.quarantined.num_rows, found.notes.num_rows) == (0, 0, 0)
    assert found.votes.schema.equals(VOTE_SCHEMA)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"label": "joy"}], r"must have a column `clip_id` or `task`.*has \['label'\]"),
        ([{"clip_id": "a"}], r"`label` and/or one of arousal.*has \['clip_id'\]"),
        ([{"clip_id": "a", "label": ["joy"]}], "column `label` must hold text"),
    ],
    ids=["no-clip", "no-judgement", "lists"],
)
def test_a_table_that_holds_no_judgements_is_refused(rows, message, source, make_raw) -> None:
    """What no row could be read from is an error of the call, not of its rows."""
    with pytest.raises(VoteError, match=message):
        read_long_table(make_raw(rows), source)


def test_a_source_that_contradicts_itself_is_refused() -> None:
    """A spelling must lead to a class, and a modality be known."""
    with pytest.raises(VoteError, match=r"leads to \['rage'\]"):
        VoteSource("demo", "demo-1", ("joy",), {"R": "rage"})
    with pytest.raises(VoteError, match="`modality` must be one of"):
        VoteSource("demo", modality="voice")


def test_a_corpus_readers_votes_keep_their_ids() -> None:
    """Rows with references of their own get the ids that the pipelines give a corpus's votes."""
    votes = vote_table({"native_id": ["a", "b"], "source_ref": ["1", "2"], "label": ["anger"] * 2})
    raw = RawTable.of(votes.rename_columns({"native_id": "clip_id"}))
    found = read_long_table(
        raw, VoteSource("urdu", URDU.taxonomy.name, URDU.taxonomy.classes, clip_prefix="urdu/")
    )
    assert found.votes.equals(vote_rows(votes, URDU))


def test_published_votes_are_read_whole(serloop_data) -> None:
    """The crowd votes of Zheng et al. (2017) need no preparation: all rows, nobody refused."""
    raw = read_csv((serloop_data / "crowd-votes" / "face_sentiment" / "answer.csv").read_bytes())
    classes = ("0", "1", "2", "3")
    found = read_long_table(raw, VoteSource("face_sentiment", "face-4", classes))
    matrix = build_vote_matrix(found.votes, classes)
    assert (found.quarantined.num_rows, matrix.shape) == (0, (584, 27, 4))
    assert found.votes.num_rows == raw.table.num_rows
