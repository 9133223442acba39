"""The doctor finds what is broken, and says what to do about it."""

from pathlib import Path

import pytest

from pipelines.doctor.diagnose import diagnose
from pipelines.doctor.finding import Diagnosis
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows


def findings(diagnosis: Diagnosis) -> dict[str, tuple[str, str]]:
    """Return state and remedy of everything that was looked at."""
    return {found.subject: (found.state, found.remedy) for found in diagnosis.findings}


def test_a_working_place_is_healthy(tmp_path: Path) -> None:
    """Nothing is broken here, and a warehouse that is not there yet is no fault."""
    diagnosis = diagnose(tmp_path)
    found = findings(diagnosis)
    assert diagnosis.is_healthy
    assert {"python", "torch", "duckdb", "settings", "home", "compute"} <= found.keys()
    assert found["warehouse"][0] == "note"
    assert not (tmp_path / "warehouse").exists()


def test_a_wrong_setting_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting is named, and whatever needs settings is not looked at."""
    monkeypatch.setenv("SERLOOP_COMPUTE__THREADS", "0")
    diagnosis = diagnose()
    assert not diagnosis.is_healthy
    (wrong,) = [found for found in diagnosis.findings if found.state == "broken"]
    assert (wrong.subject, "`compute.threads`" in wrong.detail) == ("settings", True)


def test_a_damaged_catalog_is_broken(tmp_path: Path) -> None:
    """A catalog that is something else is found before a run is lost to it."""
    catalog = Path(Settings(home=tmp_path).catalog)
    catalog.parent.mkdir(parents=True)
    catalog.write_bytes(b"this is no database" * 100)
    state, remedy = findings(diagnose(tmp_path))["warehouse"]
    assert state == "broken"
    assert "SERLOOP_WAREHOUSE__CATALOG" in remedy


def test_rows_that_contradict_others_are_broken(settings: Settings) -> None:
    """Data checks are part of the examination."""
    with open_store(settings) as store:
        store.commit({"clips": make_rows("clips", clip_id=["x/a"], corpus=["x"])}, message="clip")
    found = findings(diagnose(settings.home))
    assert found["warehouse"][0] == "ok"
    assert found["check clip_of_unknown_corpus"][0] == "broken"


def test_a_home_below_a_file_is_broken(tmp_path: Path) -> None:
    """Nothing can be written there."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    state, remedy = findings(diagnose(tmp_path / "file" / "home"))["home"]
    assert (state, "SERLOOP_HOME" in remedy) == ("broken", True)


@pytest.mark.parametrize(
    ("address", "state"), [(None, "note"), ("http://127.0.0.1:9/api", "broken")], ids=str
)
def test_a_prefect_server_that_does_not_answer_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str | None, state: str
) -> None:
    """Without a server stages run directly; a server that is named has to answer."""
    if address:
        monkeypatch.setenv("PREFECT_API_URL", address)
    assert findings(diagnose(tmp_path))["prefect server"][0] == state


def test_too_many_threads_are_pointed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works, but slower than with fewer."""
    monkeypatch.setenv("SERLOOP_COMPUTE__PROCESSES", "1000")
    assert findings(diagnose(tmp_path))["compute"][0] == "note"


def test_every_trouble_has_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finding that is not fine says what to do."""
    monkeypatch.setenv("SERLOOP_COMPUTE__PROCESSES", "1000")
    rows = diagnose(tmp_path).rows()
    assert [row for row in rows if row["state"] != "ok" and not row["remedy"]] == []
