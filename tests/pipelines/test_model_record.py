"""What a model is recorded with, however it was made, and the clips that its record names."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.fitting import Plan, fit, make_plan
from pipelines.identity import code_version
from pipelines.model_record import record_model, select_recorded_clips
from pipelines.models import find_model, load_weights, require_model
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from ser.models.build import count_parameters
from tests.pipelines.places import borrow
from warehouse import Warehouse

SILENT = SilentProgress()
HELD_OUT = {"test_speakers": ("SYNM05", "SYNF06"), "dev_speakers": ("SYNM01",)}


@pytest.fixture(scope="module")
def trained(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory):
    """Train a model; for reading only."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("trained"))
    return settings, train(settings, SILENT, corpus="synthetic", **HELD_OUT)


@pytest.fixture
def store(trained, tmp_path: Path) -> Iterator[tuple[Warehouse, Settings, str]]:
    """Return a copy of the warehouse to write to, and the model in it."""
    settings = borrow(trained[0], tmp_path / "home")
    with open_store(settings) as opened:
        yield opened, settings, trained[1].model_id


def fit_another(store: Warehouse, settings: Settings, model_id: str):
    """Return clips, plan and model of a training like a recorded one with another seed."""
    seeded = settings.training.model_copy(update={"seed": 7})
    settings = settings.model_copy(update={"training": seeded})
    row = require_model(store, model_id)
    clips = select_recorded_clips(store, row)
    origin = {name: row["config"][name] for name in ("corpus", "labels", "round_id", "arm")}
    plan: Plan = make_plan(settings, clips, "full", origin, store)
    return settings, clips, plan, fit(store, settings, SILENT, clips, plan)


def test_a_record_names_the_clips_it_was_trained_on(store) -> None:
    """They are selected again from the record alone, and so are the speakers held out."""
    opened, _, model_id = store
    row = require_model(opened, model_id)
    clips = select_recorded_clips(opened, row)
    assert clips.ids(clips.train) == row["config"]["clips"]
    assert clips.test_speakers == ("SYNF06", "SYNM05")
    assert clips.dev_speakers == ("SYNM01",)


def test_a_model_made_of_another_is_recorded_with_its_parent_and_size(store) -> None:
    """The row is read back as it was returned, its weights load, and nothing is left to resume."""
    opened, settings, model_id = store
    settings, clips, plan, model = fit_another(opened, settings, model_id)
    assert plan.state(settings).is_file()
    row = record_model(
        opened, settings, clips, plan, model, snapshot=3, verb="prune", parent=model_id
    )
    found = find_model(opened, plan.model_id)
    assert found is not None
    assert {name: found[name] for name in row} == row
    assert (found["parent"], found["snapshot"], found["seed"]) == (model_id, 3, 7)
    assert found["code_version"] == code_version()
    network = load_weights(settings, found).network
    assert json.loads(found["metrics"])["parameters"] == count_parameters(network)
    assert not plan.state(settings).exists()


def test_a_model_of_labels_alone_has_no_parent(store) -> None:
    """Nor has its record a size, so that rows of older versions stay what they would be now."""
    opened, _, model_id = store
    row = require_model(opened, model_id)
    assert row["parent"] is None
    assert "parameters" not in json.loads(row["metrics"])


def test_one_of_several_processes_stores_what_all_have(store) -> None:
    """The others return the same row without weights, and touch neither disk nor warehouse."""
    opened, settings, model_id = store
    settings, clips, plan, model = fit_another(opened, settings, model_id)
    given = (opened, settings, clips, plan, model)
    told = {"snapshot": opened.snapshot, "verb": "train"}
    other = record_model(*given, **told, is_stored=False)
    assert "artifact_sha256" not in other
    assert not plan.artifact(settings).exists()
    assert find_model(opened, plan.model_id) is None
    first = record_model(*given, **told)
    assert {**other, "artifact_sha256": first["artifact_sha256"]} == first
