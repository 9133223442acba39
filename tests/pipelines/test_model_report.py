"""A model's page shows how it learned and what it confuses, and nothing from outside itself."""

import re
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.model_report import gather_model, is_model, model_report
from pipelines.progress import SilentProgress
from pipelines.report.model.render import render_model, write_sentence
from pipelines.train import train
from pipelines.workspace import open_store

SILENT = SilentProgress()


def test_the_page_shows_loss_and_confusion(trained) -> None:
    """Of a single epoch there is no curve, but a matrix of the test speakers, self-contained."""
    result = model_report(trained.settings, SILENT, model_id=trained.model_id)
    page = Path(result.path).read_text(encoding="utf-8")
    assert result.evaluations == 1
    assert Path(result.path) == trained.settings.reports / f"{trained.model_id}.html"
    assert re.search(r"One epoch: loss \d\.\d+", page)
    assert "Training curve" not in page
    assert 'aria-label="Confusion matrix · synthetic speech"' in page
    assert "Judged on the test speakers, by intended labels" in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)


def test_equal_content_gives_equal_text(trained) -> None:
    """A page has neither date nor random id."""
    with open_store(trained.settings) as store:
        first, second = (gather_model(store, trained.model_id) for _ in range(2))
    assert first == second
    assert render_model(first) == render_model(second)


def test_a_model_that_nobody_judged_says_so(ingested) -> None:
    """Its curve is there, and the command that judges it."""
    twice = ingested.training.model_copy(update={"epochs": 2, "updates": None})
    settings = ingested.model_copy(update={"training": twice})
    model_id = train(
        settings, SILENT, corpus="synthetic", dev_speakers=("SYNM01",), test_speakers=("SYNF02",)
    ).model_id
    with open_store(ingested) as store:
        content = gather_model(store, model_id)
    assert write_sentence(content).endswith("labels: intended; not evaluated yet.")
    assert len(content.history.loss) == len(content.history.dev_uar)
    assert 0 <= content.history.dev_uar[0] <= 1
    page = render_model(content)
    assert f"serloop evaluate {model_id}" in page
    assert 'aria-label="Training curve · synthetic speech"' in page


def test_an_unknown_model_is_refused(trained) -> None:
    """With those there are."""
    assert is_model(trained.settings, trained.model_id)
    assert not is_model(trained.settings, "synthetic")
    with pytest.raises(PipelineError, match="no model `nobody`"):
        model_report(trained.settings, SILENT, model_id="nobody")
