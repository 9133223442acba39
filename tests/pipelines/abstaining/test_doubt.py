"""A model's page says what it is worth when it may be unsure, and whether promises were kept."""

from pathlib import Path

import pytest

from pipelines.abstaining.calibrate import calibrate
from pipelines.abstaining.doubt import gather_doubt
from pipelines.evaluate import evaluate
from pipelines.model_report import model_report
from pipelines.models import require_model
from pipelines.progress import SilentProgress
from pipelines.train import train
from pipelines.workspace import open_store

SILENT = SilentProgress()


def test_the_page_shows_curve_and_promise(ingested) -> None:
    """The curve of the test speakers, and what each calibration is worth for them."""
    settings, held_out = ingested, ("SYNF02", "SYNM03")
    model_id = train(
        settings, SILENT, corpus="synthetic", dev_speakers=("SYNM01",), test_speakers=held_out
    ).model_id
    evaluate(settings, SILENT, model_id=model_id)
    with open_store(settings) as store:
        before = gather_doubt(store, require_model(store, model_id))
    assert (before.clips, before.speakers, before.promises) == (12, 2, ())
    assert f"serloop calibrate {model_id}" in _page(settings, model_id)
    found = calibrate(settings, SILENT, model_id=model_id, coverage=0.8)
    with open_store(settings) as store:
        doubt = gather_doubt(store, require_model(store, model_id))
    (promise,) = doubt.promises
    assert (promise.name, promise.group, promise.promised) == ("lac, left out", "all", 0.8)
    assert promise.coverage == found.test[0].coverage.estimate
    page = _page(settings, model_id)
    assert 'aria-label="Accuracy of the clips answered · synthetic speech"' in page
    assert "lac, left out" in page


def test_answering_all_is_the_accuracy(trained_once) -> None:
    """The end of the curve is the WAR of the evaluation."""
    with open_store(trained_once.settings) as store:
        model = require_model(store, trained_once.model_id)
        doubt = gather_doubt(store, model)
        assert gather_doubt(store, {**model, "model_id": "unjudged"}) is None
        assert gather_doubt(store, {**model, "classes": []}) is None
    assert doubt.curve[-1].answered == 1.0
    assert doubt.curve[-1].accuracy * 12 == pytest.approx(round(doubt.curve[-1].accuracy * 12))
    assert 0 <= doubt.excess <= doubt.aurc <= 1


def _page(settings, model_id: str) -> str:
    return Path(model_report(settings, SILENT, model_id=model_id).path).read_text(encoding="utf-8")
