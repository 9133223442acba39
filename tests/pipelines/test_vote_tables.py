"""A table of judgements becomes ledger rows whose ids follow from their content."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from pipelines.errors import PipelineError
from pipelines.vote_tables import intended_as_votes, ledger_from_table, read_table
from warehouse.schemas import TABLES
from warehouse.testing import make_rows

KNOWN = {"demo-2": ("calm", "joy")}
ROWS = [
    {"clip_id": "demo/a", "annotator": "ann", "label": "joy"},
    {"clip_id": "demo/a", "annotator": "ben", "label": "calm"},
    {"clip_id": "demo/b", "annotator": "ann", "label": "joy"},
]


def to_ledger(rows, taxonomy="demo-2"):
    """Turn rows into ledger rows of one source."""
    return ledger_from_table(pa.Table.from_pylist(rows), "votes.csv", taxonomy, KNOWN)


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


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_format_gives_the_same_rows(tmp_path: Path, suffix: str) -> None:
    """The format of a table is no part of what it says."""
    table = read_table(write(ROWS, tmp_path / f"votes{suffix}"))
    assert ledger_from_table(table, "votes.csv", "demo-2", KNOWN).equals(to_ledger(ROWS))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_format_reads_ratings_and_times(tmp_path: Path, suffix: str) -> None:
    """Numbers stay numbers and a time keeps its zone, whatever the format."""
    row = {"clip_id": "demo/a", "arousal": 3, "count": 2, "cast_at": "2026-01-02T03:04:05Z"}
    table = read_table(write([row], tmp_path / f"votes{suffix}"))
    (vote,) = ledger_from_table(table, "votes", None, KNOWN).to_pylist()
    assert (vote["arousal"], vote["count"]) == (3.0, 2)
    assert vote["cast_at"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_rows_fit_the_ledger_with_plain_values_for_what_is_missing() -> None:
    """A table of clip and label is enough."""
    ledger = to_ledger([{"clip_id": "demo/a", "label": "joy"}])
    assert ledger.schema.equals(TABLES["votes"].schema)
    (vote,) = ledger.select(
        ["annotator", "count", "modality", "taxonomy", "source", "supersedes", "is_retraction"]
    ).to_pylist()
    assert vote == {
        "annotator": None,
        "count": 1,
        "modality": "audio",
        "taxonomy": "demo-2",
        "source": "votes.csv",
        "supersedes": None,
        "is_retraction": False,
    }


def test_a_longer_version_of_a_table_adds_only_what_is_new() -> None:
    """Ids follow from content: rows in another order, with more among them, keep theirs."""
    before = set(to_ledger(ROWS[:2])["vote_id"].to_pylist())
    after = set(to_ledger(ROWS[::-1])["vote_id"].to_pylist())
    assert before < after
    assert len(after) == 3


def test_equal_rows_are_distinct_votes() -> None:
    """Two anonymous judgements that agree are two."""
    row = {"clip_id": "demo/a", "label": "joy"}
    ids = to_ledger([row, row])["vote_id"].to_pylist()
    assert len(set(ids)) == 2
    assert set(to_ledger([row])["vote_id"].to_pylist()) < set(ids)


def test_one_table_under_another_name_is_another_source() -> None:
    """What two files say is not taken for one judgement."""
    table = pa.Table.from_pylist(ROWS)
    other = ledger_from_table(table, "other.csv", "demo-2", KNOWN)["vote_id"].to_pylist()
    assert not set(other) & set(to_ledger(ROWS)["vote_id"].to_pylist())


REFUSED = {
    "no-clip": ([{"label": "joy"}], "demo-2", r"must have the column `clip_id`.*got label"),
    "no-judgement": ([{"clip_id": "demo/a"}], "demo-2", r"`label` and/or one of arousal.*got"),
    "no-taxonomy": (ROWS, None, r"need their class list: name one with --taxonomy.*of demo-2"),
    "other-taxonomy": (ROWS, "demo-3", r"got `demo-3`, of demo-2"),
    "other-label": (
        [{"clip_id": "demo/a", "label": "rage"}],
        "demo-2",
        r"1 rows whose label is outside `demo-2` \(calm, joy\), such as 'rage' for clip `demo/a`",
    ),
}


@pytest.mark.parametrize(("rows", "taxonomy", "message"), REFUSED.values(), ids=REFUSED)
def test_a_table_that_lacks_something_is_refused(rows, taxonomy: str | None, message: str) -> None:
    """The message names the file, the offender and the remedy."""
    with pytest.raises(PipelineError, match=message):
        to_ledger(rows, taxonomy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": 0}, r"column `count` of `votes\.csv` must be 1 or more, got 0"),
        ({"modality": "voice"}, r"audio, video, audiovisual, got 'voice'"),
    ],
    ids=["count", "modality"],
)
def test_a_value_that_means_nothing_is_refused(change, message: str) -> None:
    """A vote cast no times, or on something nobody perceives, is no vote."""
    with pytest.raises(PipelineError, match=message):
        to_ledger([{"clip_id": "demo/a", "label": "joy"} | change])


def test_a_column_of_the_wrong_type_is_refused() -> None:
    """Text where a number belongs is named with its column."""
    with pytest.raises(PipelineError, match=r"column `arousal` of `votes\.csv` must hold double"):
        to_ledger([{"clip_id": "demo/a", "arousal": "high"}])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("votes.xlsx", b"", r"must end in \.csv, \.jsonl, \.parquet, got '\.xlsx'"),
        ("votes", b"", "got 'no suffix'"),
        ("votes.parquet", b"no parquet", "cannot be read as a table"),
        ("votes.csv", b"", "cannot be read as a table"),
        ("missing.csv", None, "cannot be read as a table"),
    ],
    ids=["other-suffix", "no-suffix", "damaged", "empty", "missing"],
)
def test_a_file_that_is_no_table_is_refused(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    """What cannot be read is named."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(PipelineError, match=message):
        read_table(tmp_path / name)


def test_intended_labels_become_votes_of_the_corpus() -> None:
    """By choice the label a corpus intended counts as one vote; a clip without one has none."""
    clips = make_rows(
        "clips", clip_id=["demo/a", "demo/b"], corpus=["demo", "demo"], intended=["joy", None]
    )
    (vote,) = intended_as_votes(clips, "demo-2").to_pylist()
    assert (vote["clip_id"], vote["label"]) == ("demo/a", "joy")
    assert (vote["annotator"], vote["source"]) == ("intended:demo", "intended")
