"""What is known of an environment without running it; installing is tested where it is used."""

from pathlib import Path

import pytest

from pipelines.pinned_environment import clean_variables, find_python, find_versions, read_pins


def test_versions_are_read_from_what_lies_there(tmp_path: Path) -> None:
    """None where a package or the interpreter is missing."""
    for name in ("one_part-1.2", "other-3.0.dev1"):
        (tmp_path / f"lib/python3.11/site-packages/{name}.dist-info").mkdir(parents=True)
    assert find_versions(tmp_path, ("one-part",)) is None
    find_python(tmp_path).parent.mkdir()
    find_python(tmp_path).touch()
    assert find_versions(tmp_path, ("one-part", "other")) == {
        "one-part": "1.2",
        "other": "3.0.dev1",
    }
    assert find_versions(tmp_path, ("one-part", "third")) is None


def test_pins_are_read_without_remarks(tmp_path: Path) -> None:
    """One version a line."""
    (tmp_path / "pins.txt").write_text("# why\none==1.2\n\nother==3.0\n")
    assert read_pins(tmp_path / "pins.txt") == {"one": "1.2", "other": "3.0"}


def test_environments_are_not_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would bring packages of ours is left out, all else stays."""
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    found = clean_variables()
    assert "PYTHONPATH" not in found
    assert found["PIP_NO_INDEX"] == "1"
