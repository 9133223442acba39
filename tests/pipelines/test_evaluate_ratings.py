"""A model of arousal and valence is judged by people's ratings, shown, compared and reproduced."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from annotation.testing import fill_votes
from pipelines.cli import app
from pipelines.clipset import read_features
from pipelines.convert import to_table
from pipelines.cross_validate import cross_validate
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.evaluate import evaluate
from pipelines.judged import select_judged
from pipelines.model_report import gather_model, model_report
from pipelines.models import load_weights, require_model
from pipelines.report.model.render import render_model, write_sentence
from pipelines.reproduce import reproduce
from pipelines.settings import Settings
from pipelines.status import read_status
from pipelines.workspace import open_store
from ser.errors import LeakageError
from ser.inference.predictor import predict
from ser.metrics.ratings import rating_statistic
from tests.pipelines.places import borrow
from tests.pipelines.raters import SILENT, Rated, configured, rate, train_raters, withdraw_ratings
from warehouse import queries

METRICS = {f"{of}/{name}" for of in ("ccc", "pearson", "rmse", "mae") for name in ("arousal",)}


@pytest.fixture(scope="module")
def rated_once(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory) -> Rated:
    """Train both models and judge them on test and dev speakers; for reading and copying only."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("raters"))
    rate(settings)
    models = train_raters(settings)
    for part in ("test", "dev"):
        for model_id in (models.jointly, models.alone):
            evaluate(settings, SILENT, model_id=model_id, truth=models.run_id, part=part)
    return models


@pytest.fixture
def rated(rated_once: Rated, tmp_path: Path) -> Rated:
    """Return a copy to change."""
    return rated_once.copy(tmp_path / "home")


def mean_ratings(settings: Settings) -> dict[str, float]:
    """Return the mean arousal of each clip that somebody rated."""
    heard: dict[str, list[float]] = {}
    with open_store(settings) as store:
        for row in queries.select_effective_votes(store).to_pylist():
            if row["arousal"] is not None:
                heard.setdefault(row["clip_id"], []).append(row["arousal"])
    return {clip_id: float(np.mean(values)) for clip_id, values in heard.items()}


@pytest.mark.parametrize("kind", ["jointly", "alone"])
def test_ratings_are_judged_by_peoples_means(rated_once: Rated, kind: str) -> None:
    """On the test clips that are rated, against predictions made apart; all of it is stored."""
    settings, model_id = rated_once.settings, getattr(rated_once, kind)
    result = evaluate(settings, SILENT, model_id=model_id, truth=rated_once.run_id)
    means = mean_ratings(settings)
    with open_store(settings) as store:
        model = require_model(store, model_id)
        clips = [
            row["clip_id"]
            for row in queries.select_clips(store).to_pylist()
            if row["speaker"] in model["config"]["test_speakers"] and row["clip_id"] in means
        ]
        features = read_features(store, model["feature_set"], clips)
        stored = queries.select_metrics(store, evaluation_id=result.evaluation_id).to_pylist()
    said = predict(load_weights(settings, model), features).ratings[:, 0]
    truth = np.array([means[clip_id] for clip_id in clips])
    kept = {row["metric"]: row for row in stored}
    assert len(clips) == 8
    for metric, value in rating_statistic(truth, said).evaluate().items():
        figure = result.figure(f"{metric}/arousal")
        assert figure.value == pytest.approx(value, rel=1e-5)
        assert (figure.clips, figure.speakers) == (8, 2)
        assert kept[figure.metric]["value"] == figure.value
    assert "ccc/valence" in kept
    assert ("uar" in kept) == (kind == "jointly")


def test_a_model_of_ratings_alone_has_no_figures_of_classes(rated_once: Rated) -> None:
    """Neither in its row, where they are NaN, nor in its document, where they are null."""
    settings, model_id = rated_once.settings, rated_once.alone
    result = evaluate(settings, SILENT, model_id=model_id, truth=rated_once.run_id)
    with open_store(settings) as store:
        rows = queries.select_evaluations(store).to_pylist()
        (row,) = (of for of in rows if of["evaluation_id"] == result.evaluation_id)
        assert queries.select_predictions(store, model_id).num_rows == 0
        assert not store.check()
    assert all(np.isnan(row[name]) for name in ("uar", "uar_low", "uar_high", "war"))
    assert (row["classes"], row["confusion"], row["taxonomy"], row["clips"]) == ([], [], None, 8)
    document = json.loads(json.dumps(result.document(), allow_nan=False))
    assert (document["uar"], document["confusion"], document["clips"]) == (None, [], 8)
    assert document["ratings"] == ["arousal", "valence"]
    assert {of["metric"] for of in document["metrics"]} >= METRICS
    with pytest.raises(PipelineError, match=r"was not judged by `uar`.*`training.classes`"):
        result.figure("uar")


def test_a_joint_model_is_told_by_both(rated_once: Rated) -> None:
    """Sentences and rows name classes and ratings."""
    settings = rated_once.settings
    result = evaluate(settings, SILENT, model_id=rated_once.jointly, truth=rated_once.run_id)
    said = "\n".join(result.sentences())
    assert "most confused: " in said
    assert "arousal against people's mean ratings by `audio` (8 clips): CCC " in said
    assert [row["rating"] for row in result.rating_rows()] == ["arousal", "valence"]
    mean = np.mean([row["ccc"] for row in result.rating_rows()])
    assert result.rows()[0]["ccc"] == pytest.approx(mean)


def test_dev_speakers_rate_too(rated_once: Rated) -> None:
    """They chose the epoch, and are told apart by the part."""
    with open_store(rated_once.settings) as store:
        rows = queries.select_evaluations(store).to_pylist()
    parts = {row["part"]: row["speakers"] for row in rows if row["model_id"] == rated_once.alone}
    assert parts == {"test": ["SYNF06", "SYNM05"], "dev": ["SYNF02", "SYNM01"]}


def test_without_ratings_a_model_of_ratings_alone_has_nothing_to_be_judged_by(rated: Rated) -> None:
    """The message says whose ratings are wanted; a joint model is judged by its classes."""
    withdraw_ratings(rated.settings)
    judge = {"truth": rated.run_id}
    with pytest.raises(NothingToDoError, match=r"rated `arousal` or `valence` by `audio`"):
        evaluate(rated.settings, SILENT, model_id=rated.alone, **judge)
    result = evaluate(rated.settings, SILENT, model_id=rated.jointly, **judge)
    assert result.figure("uar").clips == 12
    assert result.sentences()[-1].startswith("not judged: nobody has rated `arousal` or `valence`")
    assert result.rating_rows() == []
    assert result.rows()[0]["ccc"] is None


def test_the_firewall_holds_for_ratings(rated_once: Rated) -> None:
    """A speaker whose clips were learned from judges no ratings either."""
    with open_store(rated_once.settings) as store:
        model = require_model(store, rated_once.alone)
        model["config"]["test_speakers"] = ["SYNM03"]
        with pytest.raises(LeakageError, match="cannot be judged on clips that it learned from"):
            select_judged(store, model, truth="intended", with_ratings=True)


def test_more_ratings_are_another_evaluation(rated: Rated) -> None:
    """The former stands beside it, both are reproduced, and the page shows the newer one."""
    settings, model_id = rated.settings, rated.alone
    before = evaluate(settings, SILENT, model_id=model_id, truth=rated.run_id)
    late = {"vote_id": ["late"], "clip_id": [before.rated.clip_ids[0]], "annotator": ["late"]}
    with open_store(settings) as store:
        votes = fill_votes({**late, "arousal": [9.0], "source_ref": ["late"]})
        store.commit({"votes": votes}, message="one more rating")
    after = evaluate(settings, SILENT, model_id=model_id, truth=rated.run_id)
    assert after.evaluation_id != before.evaluation_id
    assert after.figure("rmse/arousal").value != before.figure("rmse/arousal").value
    found = reproduce(settings, SILENT, model_id=model_id)
    assert found.is_equal
    assert {before.evaluation_id, after.evaluation_id} <= set(found.evaluations)
    with open_store(settings) as store:
        content = gather_model(store, model_id)
    shown = [view.ratings[0].rmse for view in content.evaluations]
    assert len(shown) == 2
    assert after.figure("rmse/arousal").value in shown


@pytest.mark.parametrize("kind", ["jointly", "alone"])
def test_models_of_ratings_come_back(rated_once: Rated, kind: str) -> None:
    """Weights, epochs and every figure of every evaluation, those of ratings among them."""
    result = reproduce(rated_once.settings, SILENT, model_id=getattr(rated_once, kind))
    assert result.is_equal
    assert len(result.evaluations) == 2
    compared = [of.what for of in result.checks]
    assert sum("ccc/arousal of all all, value" in what for what in compared) == 2
    json.dumps(result.document(), allow_nan=False)


@pytest.mark.parametrize("kind", ["jointly", "alone"])
def test_the_page_shows_ratings(rated: Rated, kind: str) -> None:
    """A table of each evaluation; a matrix only where there are classes."""
    model_id = getattr(rated, kind)
    result = model_report(rated.settings, SILENT, model_id=model_id)
    page = Path(result.path).read_text(encoding="utf-8")
    assert result.evaluations == 2
    assert page.count('<th scope="row">arousal</th>') == 2
    assert ("Confusion matrix" in page) == (kind == "jointly")
    with open_store(rated.settings) as store:
        sentence = write_sentence(gather_model(store, model_id))
    assert "CCC of arousal" in sentence
    assert ("UAR" in sentence) == (kind == "jointly")


@pytest.fixture
def serloop(rated: Rated, monkeypatch: pytest.MonkeyPatch):
    """Return the command line of a copy of the warehouse."""
    monkeypatch.setenv("SERLOOP_HOME", str(rated.settings.home))
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", rated.settings.catalog)
    monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", rated.settings.data_path)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.mark.parametrize("verb", ["score", "suspects"])
def test_what_needs_classes_refuses_ratings_alone(serloop, rated: Rated, verb: str) -> None:
    """Nothing is written, and the message says what judges such a model."""
    result = serloop(verb, rated.alone)
    assert result.exit_code == 1
    assert f"`{rated.alone}` predicts ratings alone" in result.stderr.replace("\n", " ")


def test_status_shows_no_number_where_there_is_none(rated: Rated) -> None:
    """Judged by intended labels, a model of ratings alone has no UAR all the same."""
    evaluate(rated.settings, SILENT, model_id=rated.alone)
    models = {row["model_id"]: row["uar"] for row in read_status(rated.settings).models}
    assert models[rated.alone] is None


def test_folds_of_ratings_alone_are_refused_before_they_are_trained(rated: Rated) -> None:
    """The setting is named."""
    settings = configured(rated.settings, classes=False, ratings="arousal")
    with pytest.raises(PipelineError, match=r"judges by UAR, but `training.classes` is false"):
        cross_validate(settings, SILENT, corpus="synthetic", labels=rated.run_id)


@pytest.mark.parametrize("kind", ["jointly", "alone"])
def test_the_ccc_of_epochs_is_recorded_and_drawn(rated: Rated, kind: str) -> None:
    """With the model, for the curve on its page, and it has to come back."""
    model_id = getattr(rated, kind)
    with open_store(rated.settings) as store:
        metrics = json.loads(require_model(store, model_id)["metrics"])
        content = gather_model(store, model_id)
    scores = metrics["history"]["dev_ccc"]
    assert len(scores) == metrics["epochs"]
    assert metrics["dev_ccc"] == scores[metrics["best_epoch"] - 1]
    if kind == "alone":
        assert metrics["dev_ccc"] == max(scores)
    assert content.history.dev_ccc == tuple(scores)
    assert "dev CCC" in render_model(content)
    compared = {of.what for of in reproduce(rated.settings, SILENT, model_id=model_id).checks}
    assert {"training dev_ccc", "dev_ccc of epoch 1"} <= compared


def test_a_record_from_before_the_ccc_comes_back(rated: Rated) -> None:
    """What was not recorded is not compared."""
    with open_store(rated.settings) as store:
        metrics = json.loads(require_model(store, rated.alone)["metrics"])
        del metrics["dev_ccc"], metrics["history"]["dev_ccc"]
        store._connection.execute(
            "UPDATE lake.main.models SET metrics = ? WHERE model_id = ?",
            [json.dumps(metrics), rated.alone],
        )
    result = reproduce(rated.settings, SILENT, model_id=rated.alone)
    assert result.is_equal
    assert "training dev_ccc" not in {of.what for of in result.checks}


def test_the_command_line_tells_ratings(serloop, rated: Rated) -> None:
    """A person sees a row for each dimension, and no empty tables of classes."""
    result = serloop("evaluate", rated.alone, "--truth", rated.run_id)
    assert result.exit_code == 0, result.stderr
    assert any(line.split()[:1] == ["arousal"] for line in result.stdout.splitlines())
    assert "RMSE" in result.stdout
    assert "most confused" not in result.stdout
    assert serloop("report", rated.alone).exit_code == 0


def test_models_of_ratings_alone_are_not_compared(serloop, rated: Rated) -> None:
    """A paired test is of classes; the message says what judges them."""
    other = f"{rated.alone}-2"
    with open_store(rated.settings) as store:
        row = require_model(store, rated.alone)
        row |= {"model_id": other, "config": json.dumps(row["config"])}
        store.commit({"models": to_table("models", [row])}, message="another one")
    result = serloop("compare", rated.alone, other)
    assert result.exit_code == 1
    assert f"`{rated.alone}` predicts ratings alone" in result.stderr.replace("\n", " ")
    assert f"`serloop evaluate {rated.alone}`" in result.stderr.replace("\n", " ")
