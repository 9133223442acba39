"""`serloop export`: bundles of a recorded model, proved equal, with rows and cards."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.clipset import read_waveforms
from pipelines.errors import PipelineError
from pipelines.exporting.card import Exported, write_card
from pipelines.exporting.export import export
from pipelines.exporting.make import Making, make_bundle
from pipelines.models import load_weights, require_model
from pipelines.progress import SilentProgress
from pipelines.workspace import open_store
from ser.export.bundle import load_bundle
from ser.export.onnx_file import export_onnx
from ser.export.runtime import open_recogniser
from ser.features.registry import rebuild_features
from ser.inference.recogniser import ModelRecogniser
from tests.pipelines.places import Trained, borrow
from warehouse import queries
from warehouse.testing import make_rows

SILENT = SilentProgress()


@pytest.fixture(scope="module")
def exported_once(trained_once: Trained, tmp_path_factory: pytest.TempPathFactory):
    """Export a model once to ONNX, features inside; for reading and borrowing only."""
    settings = borrow(trained_once.settings, tmp_path_factory.mktemp("exported"))
    return settings, trained_once.model_id, export(settings, SILENT, model_id=trained_once.model_id)


@pytest.fixture
def exported(exported_once, tmp_path: Path):
    """Return a copy to change."""
    settings, model_id, _ = exported_once
    return borrow(settings, tmp_path / "home"), model_id


def bundles(settings, model_id):
    """Return the rows of the bundles of a model."""
    with open_store(settings) as store:
        return queries.select_bundles(store, model_id=model_id).to_pylist()


def test_a_bundle_is_recorded_with_its_parity(exported_once):
    """The row names the file that lies there, and 200 clips differ by less than 1e-4."""
    settings, model_id, result = exported_once
    (row,) = bundles(settings, model_id)
    bundle = load_bundle(settings.artifacts / row["artifact"])
    assert (row["format"], row["precision"], row["features"]) == ("onnx", "float32", "inside")
    assert row["artifact_sha256"] == bundle.sha256
    assert row["bytes"] == bundle.model_file.stat().st_size
    assert 0 <= row["parity"] < 1e-4
    assert (row["parity_clips"], bundle.parity_clips) == (200, 200)
    assert result.made[0].is_new
    assert result.rows()[0]["bundle_id"] == row["bundle_id"]


def test_a_bundle_hears_what_the_model_hears(exported_once):
    """From the folder alone, on clips of the corpus."""
    settings, model_id, result = exported_once
    with open_store(settings) as store:
        model = require_model(store, model_id)
        names = sorted(queries.select_clips(store)["clip_id"].to_pylist())[:9]
        waveforms = read_waveforms(store, names)
    features = rebuild_features(model["config"]["features"])
    expected = ModelRecogniser(load_weights(settings, model), features).judge(waveforms)
    found = open_recogniser(load_bundle(result.made[0].folder)).judge(waveforms)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_card_tells_data_classes_figures_limits_and_licence(exported_once):
    """Everything comes from the warehouse, intervals with it."""
    settings, model_id, result = exported_once
    card = (result.made[0].folder / "CARD.md").read_text()
    with open_store(settings) as store:
        (corpus,) = queries.select_corpora(store).to_pylist()
        evaluation = queries.select_evaluations(store).to_pylist()[0]
    assert f"# {model_id}" in card
    assert corpus["licence"] in card
    assert corpus["title"] in card
    assert all(f". {name}\n" in card for name in corpus["classes"])
    figure = f"| {evaluation['uar']:.3f} | {evaluation['uar_low']:.3f} … "
    assert f"| Unweighted average recall {figure}" in card
    assert "## Limits" in card
    assert "Do not base decisions about a person on its output" in card
    assert "of exactly" not in card


def test_the_card_of_a_head_says_that_its_encoder_is_not_within(exported_once):
    """Else somebody would feed it sound; the verb says so too."""
    settings, model_id, result = exported_once
    with open_store(settings) as store:
        model = require_model(store, model_id)
        read = {"kind": "encoder_statistics", "model": "whisper-base-encoder"}
        head = {**model, "config": {**model["config"], "features": read}}
        card = write_card(
            store, head, Exported("onnx", "float32", "outside", 9, 16000, 0.0, 200, 0)
        )
    assert "**The speech encoder is not in this file.**" in card
    assert "statistics of the layers of `whisper-base-encoder`" in card
    assert "not within" not in result.sentence()
    assert "the encoder `w` is not within" in replace(result, encoder="w").sentence()


def test_exporting_again_finds_the_same_bundle(exported):
    """Nothing is written twice; a lost folder comes back to the same bytes."""
    settings, model_id = exported
    again = export(settings, SILENT, model_id=model_id)
    assert not again.made[0].is_new
    (again.made[0].folder / "model.onnx").unlink()
    restored = export(settings, SILENT, model_id=model_id)
    assert restored.made[0].is_new
    assert len(bundles(settings, model_id)) == 1
    assert load_bundle(restored.made[0].folder).sha256 == again.made[0].row["artifact_sha256"]


def test_a_calibration_travels_along(exported):
    """The newest of those the settings ask for is in the bundle, and makes it another one."""
    settings, model_id = exported
    row = {
        "calibration_id": ["c"],
        "model_id": [model_id],
        "coverage": [settings.abstain.coverage],
        "method": [settings.abstain.method],
        "group_name": [settings.abstain.group],
        "thresholds": ['{"all": 0.5}'],
    }
    with open_store(settings) as store:
        store.commit({"calibrations": make_rows("calibrations", **row)}, message="calibrate")
    made = export(settings, SILENT, model_id=model_id).made[0]
    assert made.is_new
    assert load_bundle(made.folder).calibration == {"all": 0.5}


def test_a_file_that_says_something_else_is_not_recorded(exported):
    """Weights that moved are found by the proof, and named with how far they are off."""
    settings, model_id = exported
    before = bundles(settings, model_id)
    with open_store(settings) as store:
        model = require_model(store, model_id)
        trained = load_weights(settings, model)
        features = rebuild_features(model["config"]["features"])

        def write(path: Path) -> None:
            other = load_weights(settings, model)
            for weights in other.network.parameters():
                weights.data += 0.1
            export_onnx(other, features, path)

        making = Making(
            format="onnx", precision="float32", features="inside", write=write, how={"odd": 1}
        )
        with pytest.raises(PipelineError, match=r"`model.onnx` differs from .* over 200"):
            make_bundle(settings, store, model, trained, features, making)
        loose = make_bundle(
            settings, store, model, trained, features, replace(making, tolerance=None)
        )
    assert loose.row["parity"] > 1e-4
    assert len(bundles(settings, model_id)) == len(before) + 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"formats": ("caffe",)}, "exported to `onnx`.*but not to `caffe`"),
        ({"formats": ()}, "can be exported to"),
        ({"features": "nowhere"}, "`inside` or `outside`, but got `nowhere`"),
        ({"model_id": "model-0"}, "no model `model-0`"),
    ],
    ids=["format", "none", "features", "model"],
)
def test_what_cannot_be_exported_is_named(exported_once, given, message):
    """With what there is instead."""
    settings, model_id, _ = exported_once
    with pytest.raises(PipelineError, match=message):
        export(settings, SILENT, **{"model_id": model_id, **given})


def test_the_verb_prints_bundles_as_json(exported, monkeypatch):
    """A program reads where each lies; an unknown format ends with 1 and one line."""
    settings, model_id = exported
    monkeypatch.setenv("SERLOOP_HOME", str(settings.home))
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", settings.catalog)
    monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", settings.data_path)
    run = CliRunner().invoke(app, ["export", model_id, "--features", "outside", "--json"])
    assert run.exit_code == 0, run.output
    (row,) = json.loads(run.stdout)
    assert (row["format"], row["features"], row["is_new"]) == ("onnx", "outside", "yes")
    assert (Path(row["folder"]) / "CARD.md").is_file()
    refused = CliRunner().invoke(app, ["export", model_id, "--to", "caffe"])
    assert refused.exit_code == 1
    assert "`caffe`" in refused.stderr
