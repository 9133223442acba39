"""The server's environment is made once from pinned versions, by the real pip."""

import re
import zipfile
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.label_studio.environment import PINS, ensure_environment, find_version
from pipelines.label_studio.places import find_places
from pipelines.pinned_environment import read_pins
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from tests.pipelines.label_studio.conftest import make_environment

SILENT = SilentProgress()


def write_wheel(folder: Path) -> None:
    """Write a package of that name and version with one empty module."""
    folder.mkdir(parents=True, exist_ok=True)
    version = read_pins(PINS)["label-studio"]
    info = f"label_studio-{version}.dist-info"
    with zipfile.ZipFile(folder / f"label_studio-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("label_studio/__init__.py", "")
        head = f"Metadata-Version: 2.1\nName: label-studio\nVersion: {version}\n"
        wheel.writestr(f"{info}/METADATA", head)
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


def test_every_package_is_pinned() -> None:
    """Nothing of the server's can drift: each line names one exact version."""
    lines = [line for line in PINS.read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.+!-]+", line)] == []
    assert read_pins(PINS)["label-studio"] == "1.23.2"
    assert len(read_pins(PINS)) == len(lines) > 100


def test_installing_goes_on_and_then_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed installation says why and goes on when called again; a finished one is kept."""
    places = find_places(Settings(home=tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    with pytest.raises(
        PipelineError, match=r"ERROR: .*label-studio.* see `.*install.log`, then run"
    ):
        ensure_environment(places, SILENT)
    write_wheel(tmp_path / "wheels")
    assert ensure_environment(places, SILENT) == "1.23.2"
    assert find_version(places.environment) == "1.23.2"
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "gone"))
    assert ensure_environment(places, SILENT) == "1.23.2"


def test_an_environment_with_other_pins_is_brought_up_to_date(tmp_path: Path) -> None:
    """Only one that was finished with these pins counts as finished."""
    places = find_places(Settings(home=tmp_path))
    make_environment(places.environment, "works")
    (places.environment / ".installed").write_text("other pins")
    # The stand-in for an interpreter refuses what pip is asked to do.
    with pytest.raises(PipelineError, match="could not be installed"):
        ensure_environment(places, SILENT)


def test_an_adopted_environment_is_taken_as_it_is(tmp_path: Path) -> None:
    """Nothing is installed into an environment that somebody else keeps."""
    adopted = make_environment(tmp_path / "theirs", "works")
    before = sorted(adopted.rglob("*"))
    settings = Settings(home=tmp_path / "home", label_studio={"environment": adopted})
    assert ensure_environment(find_places(settings), SILENT) == "1.23.2"
    assert sorted(adopted.rglob("*")) == before
    assert not (tmp_path / "home").exists()


def test_an_adopted_environment_without_the_server_is_refused(tmp_path: Path) -> None:
    """The message names the setting, the folder and the command that installs it."""
    settings = Settings(home=tmp_path, label_studio={"environment": tmp_path / "empty"})
    said = r"label_studio.environment` is `.*empty`.* pip install label-studio==1.23.2`, or unset"
    with pytest.raises(PipelineError, match=said):
        ensure_environment(find_places(settings), SILENT)
