"""MLflow's registry says what ours says: versions with their states, and who is champion."""

import logging
from pathlib import Path

import pytest

from pipelines.progress import SilentProgress
from pipelines.registry.change import promote, refuse, rollback
from pipelines.registry.states import champion_of
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.registry.lines_of_models import put_models

SILENT = SilentProgress()


@pytest.fixture
def mirrored(settings: Settings, tmp_path: Path) -> tuple[Settings, str]:
    """Return a place with models whose trainings are logged to MLflow, and where."""
    pytest.importorskip("mlflow", reason="needs the extra `mlflow`")
    place = f"sqlite:///{tmp_path / 'mlflow.db'}"
    put_models(settings, ["a", "b", "c"])
    training = settings.training.model_copy(update={"log_to": "mlflow", "log_place": place})
    return settings.model_copy(update={"training": training}), place


def read_versions(place: str) -> tuple[dict[str, dict[str, str]], str]:
    """Return the tags of each version by model, and the model that the alias leads to."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=place)
    versions = client.search_model_versions("name = 'calls'")
    champion = client.get_model_version_by_alias("calls", "champion")
    return {of.tags["model_id"]: of.tags for of in versions}, champion.tags["model_id"]


def test_changes_are_told_to_mlflow(mirrored: tuple[Settings, str]) -> None:
    """One version per model with state and reason; the alias moves with promotion and roll-back."""
    settings, place = mirrored
    promote(settings, SILENT, model_id="a", force=True, reason="first", actor="ann")
    promote(settings, SILENT, model_id="b", force=True, reason="better", actor="ann")
    refuse(settings, SILENT, model_id="c", reason="hums")
    tags, champion = read_versions(place)
    assert champion == "b"
    assert {name: of["state"] for name, of in tags.items()} == {
        "a": "retired",
        "b": "champion",
        "c": "refused",
    }
    assert (tags["c"]["reason"], tags["b"]["actor"]) == ("hums", "ann")
    rollback(settings, SILENT, line="calls", reason="hums too")
    tags, champion = read_versions(place)
    assert (champion, tags["b"]["state"], len(tags)) == ("a", "retired", 3)


def test_what_mlflow_missed_is_made_up_for(mirrored: tuple[Settings, str]) -> None:
    """A change that was made without it is told with the next one."""
    settings, place = mirrored
    training = settings.training.model_copy(update={"log_to": "none"})
    away = settings.model_copy(update={"training": training})
    promote(away, SILENT, model_id="a", force=True, reason="first")
    promote(settings, SILENT, model_id="b", force=True, reason="better")
    tags, champion = read_versions(place)
    assert (champion, set(tags)) == ("b", {"a", "b"})


def test_a_change_stands_without_mlflow(
    mirrored: tuple[Settings, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where it cannot be reached, the change is made all the same, and the log says so."""
    settings, _ = mirrored
    (tmp_path / "full").write_text("no folder")
    training = settings.training.model_copy(update={"log_place": f"file:{tmp_path / 'full'}"})
    settings = settings.model_copy(update={"training": training})
    with caplog.at_level(logging.WARNING):
        promote(settings, SILENT, model_id="a", force=True, reason="first")
    with open_store(settings) as store:
        assert champion_of(store, "calls") == "a"
    assert "MLflow was not told" in caplog.text
