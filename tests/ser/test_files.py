"""A file is there as a whole or not at all."""

import os
from pathlib import Path

import pytest

from ser.files import write_whole


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """Others may read it as far as the umask lets them, and nothing else is left behind."""
    path = tmp_path / "new" / "model"
    write_whole(path, b"first")
    write_whole(path, b"second")
    assert [file.name for file in path.parent.iterdir()] == ["model"]
    assert path.read_bytes() == b"second"
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_what_cannot_be_written_leaves_the_former_file(tmp_path: Path) -> None:
    """And no half of the new one."""
    path = tmp_path / "model"
    write_whole(path, b"former")
    with pytest.raises(TypeError):
        write_whole(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"former"
    assert [file.name for file in tmp_path.iterdir()] == ["model"]
