"""Text of any encoding and delimiter is read row by row, and broken records are kept apart."""

import json

import pytest

from annotation.errors import VoteError
from annotation.imports import read_csv, read_json_lines

NAME = "Zoë"


@pytest.mark.parametrize(
    "data",
    [
        f"clip_id,annotator\nc1,{NAME}\n".encode(),
        f"clip_id,annotator\nc1,{NAME}\n".encode("utf-8-sig"),
        f"clip_id,annotator\nc1,{NAME}\n".encode("latin-1"),
        f"clip_id,annotator\nc1,{NAME}\n".encode("utf-16"),
        f"clip_id;annotator\r\nc1;{NAME}\r\n".encode(),
        f"clip_id\tannotator\nc1\t{NAME}".encode(),
        f'"clip_id"|"annotator"\n\n"c1"|"{NAME}"\n\n'.encode(),
    ],
    ids=["utf-8", "mark", "latin-1", "utf-16", "semicolon", "tab", "quoted-bar"],
)
def test_encoding_and_delimiter_are_found(data: bytes) -> None:
    """However a spreadsheet saved it, a file says the same."""
    assert read_csv(data).table.to_pylist() == [{"clip_id": "c1", "annotator": NAME}]


def test_cells_stay_text_and_blank_cells_are_null() -> None:
    """A clip called 03 is not clip 3, and nothing is not the empty word."""
    assert read_csv(b"clip_id,count\n03,1\n,2\n").table.to_pylist() == [
        {"clip_id": "03", "count": "1"},
        {"clip_id": None, "count": "2"},
    ]


def test_rows_of_another_length_are_broken_and_numbered() -> None:
    """Every record keeps its number in the file, whatever stands before it."""
    raw = read_csv(b'a,b\n1,2\n3\n\n"x\ny",5\n4,5,6\n7,8\n')
    assert raw.table["a"].to_pylist() == ["1", "x\ny", "7"]
    assert raw.rows.tolist() == [1, 3, 5]
    assert raw.broken.to_pylist() == [
        {"row": 2, "detail": "1 fields where 2 were expected: 3"},
        {"row": 4, "detail": "3 fields where 2 were expected: 4,5,6"},
    ]


def test_numbers_hold_across_blocks() -> None:
    """A file of several megabytes is numbered like a short one."""
    lines = [f"clip-{row:020d},joy" if row % 1000 else "bad" for row in range(1, 100_001)]
    raw = read_csv("\n".join(["clip_id,label", *lines]).encode())
    assert raw.broken["row"].to_pylist() == list(range(1000, 100_001, 1000))
    assert raw.table["clip_id"].to_pylist() == [f"clip-{row:020d}" for row in raw.rows]


def test_a_quote_without_end_is_told() -> None:
    """What an unclosed quote swallows is one broken record that says how long it is."""
    raw = read_csv(b'a,b\n1,2\n"3,4\n5,6\n')
    assert raw.table.num_rows == 1
    assert "is a quote never closed?" in raw.broken["detail"][0].as_py()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "holds no header"),
        (b"\n \n", "holds no header"),
        (b"a,a\n1,2", r"several columns \['a'\]"),
        (b'"a\nb",c\n1,2', "the header cannot be read"),
    ],
    ids=["empty", "blank", "repeated", "broken-header"],
)
def test_a_file_without_a_header_is_refused(data: bytes, message: str) -> None:
    """Without names nobody can say what a cell means."""
    with pytest.raises(VoteError, match=message):
        read_csv(data)


def test_json_lines_that_are_no_objects_are_broken() -> None:
    """One bad line costs one line, and a column of two types becomes text."""
    lines = ['{"clip_id": "a", "label": 1}', "", "oops", "[1]", '{"clip_id": "b", "label": "x"}']
    raw = read_json_lines("\n".join(lines).encode())
    assert raw.table.to_pylist() == [
        {"clip_id": "a", "label": "1"},
        {"clip_id": "b", "label": "x"},
    ]
    assert raw.rows.tolist() == [1, 4]
    assert raw.broken["row"].to_pylist() == [2, 3]


def test_sound_json_lines_keep_their_types() -> None:
    """Numbers stay numbers where every row agrees."""
    raw = read_json_lines(json.dumps({"clip_id": "a", "arousal": 3.5}).encode())
    assert raw.table.to_pylist() == [{"clip_id": "a", "arousal": 3.5}]
    assert read_json_lines(b"\n").table.num_rows == 0


def test_a_record_of_megabytes_is_no_record() -> None:
    """What cannot be cut into records is refused with the delimiter that was tried."""
    with pytest.raises(VoteError, match="cannot be read as text separated by ','"):
        read_csv(b"a,b\n" + b"x" * 3_000_000)
