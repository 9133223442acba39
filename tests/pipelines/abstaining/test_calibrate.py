"""A model is calibrated on speakers it did not learn from, and checked on those that test it."""

import json

import numpy as np
import pytest

from pipelines.abstaining.calibrate import CalibrateResult, calibrate, read_test
from pipelines.abstaining.calibration_clips import collect_calibration, find_siblings
from pipelines.cross_validate import cross_validate
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.evaluate import evaluate
from pipelines.fold_plan import Dealing
from pipelines.models import require_model
from pipelines.progress import SilentProgress
from pipelines.serving.load import load_recogniser
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from ser.errors import ConfigurationError
from ser.metrics.conformal import fit_conformal
from tests.pipelines.places import borrow
from warehouse import queries

SILENT = SilentProgress()


@pytest.fixture(scope="module")
def folds(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory):
    """Cross-validate three folds of two speakers each, and return the models of the folds."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("folds"))
    dealing = Dealing(count=3, dev_share=0)
    found = cross_validate(settings, SILENT, corpus="synthetic", dealing=dealing)
    return settings, [score.model_id for score in found.scores if score.model_id]


@pytest.fixture(scope="module")
def calibrated(folds) -> CalibrateResult:
    """Calibrate the model of the first fold."""
    settings, models = folds
    return calibrate(settings, SILENT, model_id=models[0], coverage=0.7)


def test_siblings_say_what_nobody_else_may(folds, calibrated) -> None:
    """It is calibrated on the four speakers of the other folds, as those folds' models said."""
    settings, models = folds
    assert (calibrated.source, calibrated.thresholds.speakers) == ("out_of_fold", 4)
    assert set(calibrated.models) == set(models[1:])
    with open_store(settings) as store:
        model = require_model(store, models[0])
        found = collect_calibration(store, settings, SILENT, model, truth="intended")
        config = model["config"]
    assert not set(found.clips.speakers) & set(config["test_speakers"])
    expected = fit_conformal(
        found.posterior, found.clips.labels, speakers=found.clips.speakers, coverage=0.7
    )
    assert calibrated.thresholds == expected


def test_the_test_speakers_tell_what_it_is_worth(folds, calibrated) -> None:
    """Coverage on them is counted from the model's own stored predictions."""
    settings, models = folds
    with open_store(settings) as store:
        clips, posterior = read_test(store, require_model(store, models[0]), "intended")
    sets = calibrated.thresholds.predict_sets(posterior)
    (everyone,) = calibrated.test
    assert everyone.clips == len(clips.clip_ids) == 12
    assert everyone.coverage.estimate == pytest.approx(
        sets[np.arange(12), clips.labels].mean(), abs=1e-9
    )


def test_what_was_stored_is_read_again(folds, calibrated) -> None:
    """Who answers has the thresholds that were chosen; none where nothing was promised."""
    settings, models = folds
    with open_store(settings) as store:
        (row,) = queries.select_calibrations(store, model_id=models[0]).to_pylist()
    assert load_recogniser(settings, model_id=models[0]).calibration == calibrated.thresholds
    assert load_recogniser(settings, model_id=models[1]).calibration is None
    assert row["calibration_id"] == calibrated.calibration_id
    assert (row["coverage"], row["method"], row["group_name"]) == (0.7, "lac", "all")
    assert (row["source"], row["clips"], row["speakers"]) == ("out_of_fold", 24, 4)


def test_calibrating_again_writes_nothing(folds, calibrated) -> None:
    """The same clips and options have the same name and the same thresholds."""
    settings, models = folds
    with open_store(settings) as store:
        before = store.snapshot
    again = calibrate(settings, SILENT, model_id=models[0], coverage=0.7)
    with open_store(settings) as store:
        assert store.snapshot == before
    # Undefined figures are NaN, which equals nothing; the document has none.
    assert again.document() == calibrated.document()


def test_groups_are_told_apart(folds) -> None:
    """Each gender is listed; two speakers have no thresholds of their own, which is said."""
    settings, models = folds
    found = calibrate(
        borrow(settings, settings.home / "grouped"),
        SILENT,
        model_id=models[0],
        coverage=0.9,
        group="gender",
    )
    assert set(found.thresholds.thresholds) == {"all"}
    assert [promise.group for promise in found.left_out] == ["all", "female", "male"]
    said = " ".join(found.sentences())
    assert "4 speakers can promise nothing: it takes 9" in said
    assert "of all: female, male (a group needs 9 speakers)" in said


def test_dev_speakers_calibrate_a_model_without_siblings(ingested) -> None:
    """What the model itself says of them, and that its epoch was chosen on them."""
    model_id = train(
        ingested,
        SILENT,
        corpus="synthetic",
        dev_speakers=("SYNM01", "SYNF04"),
        test_speakers=("SYNF02",),
    ).model_id
    found = calibrate(ingested, SILENT, model_id=model_id)
    assert (found.source, found.models, found.thresholds.speakers) == ("dev", (model_id,), 2)
    assert found.test == ()
    said = " ".join(found.sentences())
    assert "chosen on these very speakers" in said
    assert f"run `serloop evaluate {model_id}`" in said
    evaluate(ingested, SILENT, model_id=model_id)
    assert calibrate(ingested, SILENT, model_id=model_id).test[0].speakers == 1


def test_a_model_of_other_settings_is_no_sibling(folds) -> None:
    """Another seed is another cross-validation."""
    settings, models = folds
    with open_store(settings) as store:
        model = require_model(store, models[0])
        assert [row["model_id"] for row in find_siblings(store, model)] == sorted(models[1:])
        other = {**model, "config": {**model["config"], "seed": 9}}
        assert find_siblings(store, other) == []


def test_nobody_to_calibrate_on_is_an_error_with_the_way_out(folds) -> None:
    """Without dev speakers, and asked for them, it says what to run."""
    settings, models = folds
    with pytest.raises(NothingToDoError, match="run `serloop crossvalidate synthetic`"):
        calibrate(settings, SILENT, model_id=models[0], source="dev")


def test_malformed_options_are_refused(folds) -> None:
    """Unknown groups and impossible promises, by name."""
    settings, models = folds
    with pytest.raises(
        PipelineError, match="not grouped by `shoe`; name `all`, or one of `gender`"
    ):
        calibrate(settings, SILENT, model_id=models[0], group="shoe")
    with pytest.raises(ConfigurationError, match="`coverage` must lie in"):
        calibrate(settings, SILENT, model_id=models[0], coverage=2.0)


def test_the_document_is_json(calibrated) -> None:
    """Everything a program needs, and no number that JSON has not."""
    document = json.loads(json.dumps(calibrated.document(), allow_nan=False))
    assert document["thresholds"].keys() == {"all"}
    assert [row["speakers_of"] for row in document["worth"]] == ["calibration, left out", "test"]
    low, high = calibrated.speaker_range
    assert 0 <= low <= high <= 1
