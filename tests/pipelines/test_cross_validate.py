"""Every speaker is judged by a model that never met them, and a killed run goes on."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pipelines.cross_validate import CrossValidateResult, cross_validate
from pipelines.errors import PipelineError
from pipelines.fold_plan import Dealing
from pipelines.judged import read_judgement, select_judged
from pipelines.models import require_model
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from ser.metrics.classification import unweighted_average_recall
from tests.pipelines.places import borrow
from warehouse import queries

SILENT = SilentProgress()
THREE = Dealing(count=3)


@pytest.fixture(scope="module")
def validated(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory):
    """Cross-validate three folds with two seeds, in this process."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("validated"))
    result = cross_validate(settings, SILENT, corpus="synthetic", dealing=THREE, seeds=(0, 1))
    return settings, result


def test_every_clip_is_judged_once_for_each_seed(validated) -> None:
    """Three folds of two speakers, pooled to six, for each seed and their mean."""
    _, result = validated
    shown = [(row["fold"], row["seed"], row["clips"], row["speakers"]) for row in result.rows()]
    folds = [(fold, seed, 12, 2) for seed in "01" for fold in "123"]
    assert shown == [*folds, ("all", "0", 36, 6), ("all", "1", 36, 6), ("all", "mean", 36, 6)]


def test_nobody_is_judged_by_a_model_that_met_them(validated) -> None:
    """Training, dev and test speakers of every model are disjoint."""
    settings, result = validated
    with open_store(settings) as store:
        for score in result.scores:
            if score.model_id is not None:
                config = require_model(store, score.model_id)["config"]
                learned = {clip_id.split("/")[1].split("_")[0] for clip_id in config["clips"]}
                parts = (learned, set(config["dev_speakers"]), set(config["test_speakers"]))
                assert sum(map(len, parts)) == len(set.union(*parts)) == 6
                assert config["dev_speakers"]


def test_pooled_figures_are_of_all_predictions_together(validated) -> None:
    """The UAR over all folds is computed from the clips, and is no mean of folds."""
    settings, result = validated
    labels, predictions = [], []
    with open_store(settings) as store:
        for score in result.scores[:3]:
            model = require_model(store, score.model_id)
            judged = select_judged(store, model, truth="intended")
            clips, posterior = read_judgement(store, model, judged)
            labels.append(clips.labels)
            predictions.append(posterior.argmax(axis=1))
    uar = unweighted_average_recall(np.concatenate(labels), np.concatenate(predictions), 6)
    assert result.scores[6].uar == pytest.approx(uar)
    mean = (result.scores[6].uar + result.scores[7].uar) / 2
    assert result.scores[8].uar == pytest.approx(mean)
    assert result.scores[8].uar_low <= mean <= result.scores[8].uar_high


def test_seeds_give_mean_and_deviation(validated) -> None:
    """The sentence tells the mean over folds, as papers do, with its deviation over seeds."""
    _, result = validated
    scores = result.scores
    means = [np.mean([of.uar for of in scores[3 * seed : 3 * seed + 3]]) for seed in (0, 1)]
    assert result.fold_means() == pytest.approx(means)
    told = f"mean UAR of 3 folds {np.mean(means):.3f} ± {np.std(means, ddof=1):.3f} (over 2 seeds"
    assert told in result.sentence()
    document = json.loads(json.dumps(result.document(), allow_nan=False))
    assert document["sd_uar"] == pytest.approx(np.std(means, ddof=1))


def test_one_seed_has_no_deviation(validated) -> None:
    """Nothing is said of what was not tried."""
    _, result = validated
    one = replace(result, scores=(*result.scores[:3], result.scores[6]))
    assert "of one seed" in one.sentence()
    assert "±" not in one.sentence()
    assert one.document()["sd_uar"] is None


def test_a_second_run_trains_nothing_and_says_the_same(validated, tmp_path) -> None:
    """What is there is found by its name; a fold that is missing is trained."""
    settings, result = validated
    again = borrow(settings, tmp_path / "again")
    with open_store(again) as store:
        before = store.snapshot
    parameters = {"corpus": "synthetic", "dealing": THREE, "seeds": (0, 1)}
    assert cross_validate(again, SILENT, **parameters) == result
    with open_store(again) as store:
        assert store.snapshot == before


@pytest.mark.slow
def test_processes_give_the_same_models(validated, ingested: Settings) -> None:
    """Folds that run side by side, after one was trained before a kill, end with the same."""
    _, result = validated
    compute = ingested.compute.model_copy(update={"processes": 2})
    settings = ingested.model_copy(update={"compute": compute})
    first = result.scores[0]
    with open_store(validated[0]) as store:
        config = require_model(store, first.model_id)["config"]
    held_out = {name: tuple(config[name]) for name in ("test_speakers", "dev_speakers")}
    assert train(settings, SILENT, corpus="synthetic", **held_out).model_id == first.model_id
    side_by_side = cross_validate(settings, SILENT, corpus="synthetic", dealing=THREE, seeds=(0, 1))
    assert side_by_side == result
    with open_store(settings) as store:
        assert queries.select_models(store).num_rows == 6


def test_a_seed_that_is_named_twice_is_refused(ingested_once: Settings) -> None:
    """It would count as two."""
    with pytest.raises(PipelineError, match=r"got \[1, 1\]"):
        cross_validate(ingested_once, SILENT, corpus="synthetic", seeds=(1, 1))


def test_a_failing_fold_is_named(ingested: Settings) -> None:
    """The error says in which fold and with which seed it happened."""
    with pytest.raises(PipelineError) as raised:
        cross_validate(ingested, SILENT, corpus="synthetic", dealing=THREE, labels="nothing")
    assert "in fold 1, seed 0" in raised.value.__notes__


def test_the_result_is_about_what_it_says(validated) -> None:
    """Judged by what was learned, unless another truth is asked for."""
    result: CrossValidateResult = validated[1]
    assert (result.corpus, result.labels, result.truth, result.folds) == (
        "synthetic", "intended", "intended", 3,
    )  # fmt: skip
