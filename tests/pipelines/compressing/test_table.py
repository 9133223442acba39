"""One command makes the small forms of a model and tells what each costs and brings."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.compressing.distil import distil
from pipelines.compressing.latency import BUNDLE, Form, measure_latency
from pipelines.compressing.prune import prune
from pipelines.compressing.table import compress
from pipelines.errors import PipelineError
from pipelines.evaluate import evaluate
from pipelines.models import load_weights, require_model
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from ser.compression.choice import Distillation
from ser.models.build import count_parameters
from tests.pipelines.places import borrow
from warehouse import queries

SILENT = SilentProgress()


@pytest.fixture(scope="module")
def compressed(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory):
    """Train the default network for an epoch and compress it; for reading only."""
    place = borrow(ingested_once, tmp_path_factory.mktemp("compressed"))
    short = {
        "training": place.training.model_copy(update={"epochs": 1}),
        "network": place.network.model_copy(update={"preset": "ensemble"}),
        "compression": place.compression.model_copy(update={"epochs": 1}),
    }
    settings = place.model_copy(update=short)
    model_id = train(settings, SILENT, corpus="synthetic").model_id
    return settings, model_id, compress(settings, SILENT, model_id=model_id, repeats=3)


def test_every_form_of_both_models_is_listed(compressed) -> None:
    """The model and the pruned one, each in PyTorch and as three files, all judged alike."""
    _, model_id, result = compressed
    forms = ["PyTorch", "onnx float32", "onnx int8_dynamic", "onnx int8_static"]
    assert [of.form for of in result.entries] == forms * 2
    assert [of.made_by for of in result.entries] == ["as it is"] * 4 + ["pruned"] * 4
    exact, whole, _, small = result.entries[:4]
    assert exact.model_id == model_id
    assert small.size * 3 < exact.size
    assert whole.uar == exact.uar
    assert whole.change.estimate == 0
    assert all(0 < of.latency.p50_ms <= of.latency.p99_ms for of in result.entries)
    assert Path(result.plot).read_bytes()[:4] == b"\x89PNG"
    assert result.rows()[0]["smaller"] == "1.00×"


def test_ranges_are_taken_from_training_speakers(compressed) -> None:
    """A bundle in eight bits names the clips it was calibrated on, all of them learned from."""
    settings, model_id, _ = compressed
    with open_store(settings) as store:
        row = require_model(store, model_id)
        made = queries.select_bundles(store, model_id=model_id).to_pylist()
    (static,) = [of for of in made if of["precision"] == "int8_static"]
    clips = json.loads(static["config"])["how"]["calibration_clips"]
    assert clips
    assert set(clips) <= set(row["config"]["clips"])


def test_a_pruned_model_is_a_model_whose_parent_it_is(compressed, tmp_path: Path) -> None:
    """It has fewer channels, its parent's clips and speakers, and is evaluated as any is."""
    settings, model_id, result = compressed
    settings = borrow(settings, tmp_path / "home")
    pruned = result.entries[4].model_id
    with open_store(settings) as store:
        row, parent = require_model(store, pruned), require_model(store, model_id)
    assert row["parent"] == model_id
    assert row["config"]["clips"] == parent["config"]["clips"]
    trained = load_weights(settings, row)
    assert trained.parameters.channels == (8, 16, 24, 32)
    assert count_parameters(trained.network) == result.entries[4].parameters
    assert evaluate(settings, SILENT, model_id=pruned).clips == result.clips


def test_what_was_pruned_is_not_pruned_again(compressed, tmp_path: Path) -> None:
    """The same model and settings name the same pruned model."""
    settings, model_id, result = compressed
    place = borrow(settings, tmp_path / "home").model_copy(
        update={"compression": settings.compression}
    )
    again = prune(place, SILENT, model_id=model_id)
    assert (again.model_id, again.is_new) == (result.entries[4].model_id, False)


def test_a_student_stands_beside_its_teacher(compressed, tmp_path: Path) -> None:
    """Its forms follow the teacher's, smaller, with what they change of the teacher's UAR."""
    settings, model_id, result = compressed
    place = borrow(settings, tmp_path / "home").model_copy(update={"training": settings.training})
    choice = Distillation(speeds=())
    student = distil(place, SILENT, teachers=(model_id,), student="tiny", choice=choice).model_id
    both = compress(place, SILENT, model_id=model_id, also=(student,), prunes=False, repeats=3)
    assert [of.made_by for of in both.entries] == ["as it is"] * 4 + ["distilled"] * 4
    teacher, taught = both.entries[0], both.entries[4]
    assert teacher.uar == result.entries[0].uar
    assert taught.model_id == student
    assert taught.parameters * 3 < teacher.parameters
    assert taught.change.estimate == pytest.approx(taught.uar.estimate - teacher.uar.estimate)
    assert [row["made"] for row in both.rows()][4:] == ["distilled"] * 4
    assert Path(both.plot).stat().st_size > 0


def test_a_model_kept_from_others_fits_no_table(compressed, tmp_path: Path) -> None:
    """Figures on other speakers would be compared as if they were on the same."""
    settings, model_id, _ = compressed
    place = borrow(settings, tmp_path / "home")
    place = place.model_copy(update={"training": settings.training, "network": settings.network})
    other = train(place, SILENT, corpus="synthetic", test_speakers=("SYNM01",)).model_id
    with pytest.raises(PipelineError, match="kept from other speakers"):
        compress(place, SILENT, model_id=model_id, also=(other,), prunes=False)


def test_a_bundle_that_was_changed_is_not_timed(tmp_path: Path) -> None:
    """What the process that measures cannot open ends in an error with its reason."""
    with pytest.raises(PipelineError, match="process that measures latency ended with 1"):
        measure_latency([Form(BUNDLE, str(tmp_path), "")], repeats=1)


def test_an_unknown_model_ends_the_command(compressed) -> None:
    """The command line says so in a line."""
    settings, _, _ = compressed
    done = CliRunner().invoke(app, ["compress", "nobody", "--home", str(settings.home)])
    assert done.exit_code == 1
    assert "no model `nobody`" in done.output
