"""A manifest describes a collection in one table."""

import json
import os

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from ser.corpora.manifest import ManifestCorpus
from ser.corpora.manifest_rows import read_vote_cell
from ser.errors import CorpusError

CALLS = ManifestCorpus("calls", classes=("anger", "neutral"), language="en")


@pytest.fixture
def folder(tmp_path):
    """Return a folder with two audio files."""
    for name in ("a/one.wav", "two.flac"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def write(folder, *rows, suffix="csv"):
    """Write rows (mappings) as a manifest."""
    path = folder / f"manifest.{suffix}"
    if suffix == "csv":
        columns = list(dict.fromkeys(column for row in rows for column in row))
        cells = [[str(row.get(c, "")).replace('"', '""') for c in columns] for row in rows]
        lines = [",".join(columns), *(",".join(f'"{cell}"' for cell in row) for row in cells)]
        path.write_text("\n".join(lines) + "\n")
    elif suffix == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    else:
        parquet.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("as_file", [False, True], ids=["folder", "file"])
def test_every_format_gives_the_same_utterances(folder, suffix, as_file):
    """The format of the table makes no difference, nor whether the file itself is given."""
    row = {"path": "a/one.wav", "speaker": "03", "gender": "F", "label": "anger", "age": "31"}
    path = write(folder, row, {**row, "path": "two.flac", "speaker": "04"}, suffix=suffix)
    scan = CALLS.scan(path if as_file else folder)
    assert [(u.native_id, u.speaker, u.gender, u.intended) for u in scan.utterances] == [
        ("a/one", "03", "female", "anger"),
        ("two", "04", "female", "anger"),
    ]
    assert {u.age for u in scan.utterances} == {31.0}
    assert scan.folder == folder
    assert {u.language for u in scan.utterances} == {"en"}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param("/etc/passwd", "path_outside_root", id="absolute"),
        pytest.param("../two.flac", "path_outside_root", id="parent"),
        pytest.param("a/../two.flac", "path_outside_root", id="parent inside"),
        pytest.param("out/one.wav", "path_outside_root", id="link out"),
        pytest.param("three.wav", "missing_file", id="missing"),
        pytest.param("a", "missing_file", id="folder"),
        pytest.param("x" * 5000, "invalid_row", id="too long"),
        pytest.param("loop/x.wav", "invalid_row", id="loop"),
        pytest.param("", "invalid_row", id="blank"),
        pytest.param(".", "invalid_row", id="dot"),
        pytest.param("a\0b.wav", "invalid_row", id="null byte"),
        pytest.param("a\ud83d.wav", "invalid_row", id="half a character"),
        pytest.param("link_out.wav", "path_outside_root", id="link to a file outside"),
        pytest.param("dangling.wav", "missing_file", id="link to nothing"),
    ],
)
def test_unusable_path_is_reported(folder, tmp_path_factory, path, reason):
    """No row makes the reader leave its folder, and none vanishes."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "one.wav").touch()
    (folder / "out").symlink_to(outside, target_is_directory=True)
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "link_out.wav").symlink_to(outside / "one.wav")
    (folder / "dangling.wav").symlink_to("nothing.wav")
    write(folder, {"path": "two.flac"}, {"path": path}, suffix="jsonl")
    scan = CALLS.scan(folder)
    assert [u.native_id for u in scan.utterances] == ["two"]
    assert [report.reason for report in scan.unrecognised] == [reason]


def test_name_that_is_no_utf8_is_found(folder):
    """JSON can hold the bytes of such a name; what is stored of it is escaped."""
    name = os.fsdecode(b"caf\xe9.wav")
    (folder / name).touch()
    write(folder, {"path": name, "speaker": name}, {"path": f"no {name}"}, suffix="jsonl")
    scan = CALLS.scan(folder)
    (found,), (report,) = scan.utterances, scan.unrecognised
    assert (found.native_id, found.speaker) == ("caf\\xe9", "caf\\xe9.wav")
    assert (folder / found.path).is_file()
    assert (report.path, report.reason) == ("no caf\\xe9.wav", "missing_file")


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        pytest.param({"label": "joy"}, "invalid_row", "got 'joy'", id="label"),
        pytest.param(
            {"age": "old"},
            "invalid_row",
            "`age` must be a number of years, 0 or more, got 'old'",
            id="age",
        ),
        pytest.param({"votes": "anger"}, "invalid_row", "`votes` must map", id="votes"),
        pytest.param({"votes": "joy:1"}, "invalid_row", "`votes` must map", id="vote label"),
        pytest.param({"native_id": "two"}, "duplicate_native_id", "`two.flac`", id="id"),
    ],
)
def test_unusable_row_is_reported(folder, row, reason, detail):
    """A row that contradicts the classes or another row is not used."""
    write(folder, {"path": "two.flac"}, {"path": "a/one.wav", **row}, suffix="jsonl")
    (report,) = CALLS.scan(folder).unrecognised
    assert (report.path, report.reason) == ("a/one.wav", reason)
    assert detail in report.detail


@pytest.mark.parametrize(
    ("cell", "votes"),
    [
        ("anger:3;neutral:1", [(None, "anger", 3), (None, "neutral", 1)]),
        ('{"neutral": 2, "anger": 0}', [(None, "neutral", 2)]),
        ('{"bo": "anger", "ann": "neutral"}', [("ann", "neutral", 1), ("bo", "anger", 1)]),
        ({"anger": 1, "neutral": None}, [(None, "anger", 1)]),
        ([("anger", 2)], [(None, "anger", 2)]),
        (None, []),
        (" ", []),
    ],
)
def test_vote_cells(cell, votes):
    """Counts, named votes and Arrow's own shapes are read."""
    assert read_vote_cell(cell) == votes


@pytest.mark.parametrize(
    "cell", ["anger", "anger:x", "a:1;a:2", '{"a": -1}', '{"a": 1.5}', "{", '{"": 1}', "[1]"]
)
def test_malformed_vote_cell_is_refused(cell):
    """A cell that is not understood is not guessed at."""
    with pytest.raises(CorpusError, match="`votes`"):
        read_vote_cell(cell)


@given(
    st.dictionaries(
        st.text("abcdefgh -", min_size=1).filter(str.strip).map(str.strip),
        st.integers(1, 10**6),
        max_size=5,
    )
)
def test_counts_survive_both_notations(counts):
    """JSON and `label:count` say the same."""
    short = ";".join(f"{label}:{count}" for label, count in counts.items())
    expected = sorted((None, label, count) for label, count in counts.items())
    assert read_vote_cell(short) == read_vote_cell(json.dumps(counts)) == expected


def test_missing_values_of_any_kind_are_none(folder):
    """A null, a blank and a NaN say nothing about the speaker."""
    row = {"path": "two.flac", "speaker": None, "session": " ", "gender": float("nan")}
    write(folder, row, suffix="jsonl")
    (found,) = CALLS.scan(folder).utterances
    assert (found.speaker, found.session, found.gender) == (None, None, None)


def test_votes_become_a_table(folder):
    """Annotators carry the name of the corpus, and anonymous counts none."""
    write(
        folder,
        {"path": "two.flac", "votes": "anger:2"},
        {"path": "a/one.wav", "votes": '{"ann": "neutral"}'},
    )
    columns = ["native_id", "modality", "annotator", "label", "count", "source_ref"]
    assert CALLS.read_votes(folder).select(columns).to_pylist() == [
        dict(zip(columns, values, strict=True))
        for values in (
            ("two", "audio", None, "anger", 2, "two/anger"),
            ("a/one", "audio", "calls/ann", "neutral", 1, "a/one/ann"),
        )
    ]


def test_no_votes_are_none(folder):
    """A table without votes has none."""
    write(folder, {"path": "two.flac"})
    assert CALLS.read_votes(folder) is None


def test_classes_are_inferred_in_sorted_order(folder):
    """Labels and votes together name the classes."""
    write(folder, {"path": "two.flac", "label": "sad", "votes": "happy:1"})
    corpus = ManifestCorpus("calls").with_classes_from(folder)
    assert corpus.info.taxonomy.classes == ("happy", "sad")
    assert corpus.info.taxonomy.name == "calls-2"
    assert CALLS.with_classes_from(folder) is CALLS


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param({}, "is no folder of corpus `calls`", id="none"),
        pytest.param({"manifest.csv": "a\n", "manifest.jsonl": ""}, "one manifest", id="two"),
        pytest.param({"manifest.csv": "file\nx\n"}, "column `path`, got columns file", id="path"),
        pytest.param({"manifest.csv": "path\n"}, "it has no rows", id="no rows"),
        pytest.param({"manifest.csv": "path\nx.wav\n"}, "first reason: no file at", id="rows"),
        pytest.param({"manifest.jsonl": "{}\n{\n"}, "line 2 is not JSON", id="json"),
        pytest.param({"manifest.jsonl": "3\n"}, "must be a JSON object, got '3'", id="number"),
        pytest.param({"manifest.parquet": "x"}, "not a readable .parquet", id="parquet"),
    ],
)
def test_unreadable_table_is_refused(tmp_path, files, message):
    """The message says which table and why."""
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(CorpusError, match=message):
        CALLS.scan(tmp_path)


def test_other_file_is_refused(tmp_path):
    """Only the three formats are read."""
    (tmp_path / "list.xlsx").touch()
    with pytest.raises(CorpusError, match=r"must end in one of .* got 'list.xlsx'"):
        CALLS.scan(tmp_path / "list.xlsx")
