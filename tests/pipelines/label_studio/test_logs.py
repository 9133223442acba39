"""What a server prints can be read and followed."""

from itertools import islice
from pathlib import Path

from pipelines.label_studio.logs import follow, read_tail


def test_the_last_lines_are_shown(tmp_path: Path) -> None:
    """The newest come last, as they were printed."""
    (tmp_path / "log").write_text("a\nb\nc\n")
    assert read_tail(tmp_path / "log", 2) == ["b", "c"]
    assert read_tail(tmp_path / "log", 9) == ["a", "b", "c"]


def test_following_goes_on_over_a_restart(tmp_path: Path) -> None:
    """New lines come whole, also those of a server that was started again."""
    log = tmp_path / "log"
    log.write_text("a\nb\n")
    lines = follow(log, 1)
    assert next(lines) == "b"
    with log.open("a") as stream:
        stream.write("c\n")
    assert next(lines) == "c"
    log.replace(tmp_path / "log.1")
    log.write_text("d\ne\n")
    assert list(islice(lines, 2)) == ["d", "e"]
    lines.close()
