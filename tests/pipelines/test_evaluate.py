"""A model is judged on speakers it never met, and the judgement is kept clip by clip."""

import json
from dataclasses import replace

import numpy as np
import pytest

from annotation.taxonomies import TaxonomyMap
from annotation.testing import fill_votes
from pipelines.aggregate import aggregate
from pipelines.clipset import corpus_clips, select_clip_set
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.evaluate import evaluate
from pipelines.evaluation import EvaluateResult
from pipelines.judged import require_same_classes
from pipelines.models import require_model
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse import queries

SILENT = SilentProgress()


@pytest.fixture(scope="module")
def judged(trained_once, tmp_path_factory: pytest.TempPathFactory):
    """Judge the trained model once more, elsewhere; for reading only."""
    settings = borrow(trained_once.settings, tmp_path_factory.mktemp("judged"))
    return settings, evaluate(settings, SILENT, model_id=trained_once.model_id)


def test_the_numbers_follow_from_the_confusion_matrix(judged) -> None:
    """UAR is the mean recall and WAR the share of right answers, over the test clips."""
    result: EvaluateResult = judged[1]
    counts = np.array(result.judgement.confusion).reshape(6, 6)
    assert (result.clips, len(result.speakers), counts.sum()) == (12, 2, 12)
    uar = result.figure("uar")
    assert uar.value == pytest.approx((counts.diagonal() / counts.sum(axis=1)).mean())
    assert result.figure("war").value == pytest.approx(counts.trace() / 12)
    assert uar.low <= uar.value <= uar.high


def test_the_matrix_is_shown_by_name(judged) -> None:
    """Rows are the truth, columns what was said."""
    result: EvaluateResult = judged[1]
    rows = result.confusion_rows()
    assert [row["truth"] for row in rows] == list(result.classes)
    assert sum(rows[0][name] for name in result.classes) == 2


def test_judging_again_gives_the_same_and_writes_nothing(judged, trained_once) -> None:
    """The interval is resampled with a fixed seed, and the row is there already."""
    settings, result = judged
    with open_store(trained_once.settings) as before, open_store(settings) as after:
        assert after.snapshot == before.snapshot
        (row,) = queries.select_evaluations(after).to_pylist()
    uar = result.figure("uar")
    assert (row["uar"], row["uar_low"], row["uar_high"]) == (uar.value, uar.low, uar.high)
    assert (row["part"], row["truth"], row["corpus"]) == ("test", "intended", None)


def test_only_held_out_speakers_are_judged_on(judged, trained_once) -> None:
    """The row names the test speakers, and they are the ones the model was kept from."""
    with open_store(judged[0]) as store:
        (row,) = queries.select_evaluations(store).to_pylist()
        config = require_model(store, trained_once.model_id)["config"]
    assert row["speakers"] == config["test_speakers"]


def test_people_may_be_the_truth(trained) -> None:
    """A consensus run as truth is another judgement, on the clips people voted on."""
    settings = trained.settings
    with open_store(settings) as store:
        held_out = require_model(store, trained.model_id)["config"]["test_speakers"]
        clips = corpus_clips(store, "synthetic").to_pylist()
        asked = [row["clip_id"] for row in clips if row["speaker"] == held_out[0]]
        votes = {"clip_id": asked, "label": ["anger"] * len(asked)}
        votes["taxonomy"] = ["synthetic-6"] * len(asked)
        store.commit({"votes": fill_votes(votes)}, message="votes")
    run_id = aggregate(settings, SILENT, corpus="synthetic").runs[0].run_id
    result = evaluate(settings, SILENT, model_id=trained.model_id, truth=run_id)
    assert (result.truth, result.clips, result.speakers) == (run_id, 6, (held_out[0],))
    assert result.figure("kl_divergence").clips == 6
    with open_store(settings) as store:
        rows = queries.select_evaluations(store).to_pylist()
    assert sorted(row["truth"] for row in rows) == sorted(["intended", run_id])


MOOD = TaxonomyMap.of(
    "synthetic-6",
    "mood-2",
    ["bright", "dark"],
    {
        **dict.fromkeys(("anger", "disgust", "fear", "sadness"), "dark"),
        "happiness": "bright",
        "neutral": None,
    },
)


@pytest.fixture(scope="module")
def moody(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory):
    """Train a model on mapped labels, and throw the file of the mapping away."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("moody"))
    path = settings.home / "mood.toml"
    rules = (f'{label} = "{rule}"' for label, rule in MOOD.rules if rule)
    path.write_text(
        'source = "synthetic-6"\ntarget = "mood-2"\nversion = 1\nclasses = ["bright", "dark"]\n'
        f'drop = ["neutral"]\nmap = {{{", ".join(rules)}}}\n',
        encoding="utf-8",
    )
    model = train(settings, SILENT, corpus="synthetic", taxonomy=str(path))
    path.unlink()
    return settings, model.model_id


def test_a_model_is_judged_in_its_own_classes(moody) -> None:
    """The truth is mapped as the training labels were, and the row names the taxonomy."""
    settings, model_id = moody
    result = evaluate(settings, SILENT, model_id=model_id)
    assert (result.classes, result.clips, result.dropped) == (("bright", "dark"), 10, 2)
    with open_store(settings) as store:
        (row,) = queries.select_evaluations(store).to_pylist()
    assert (row["taxonomy"], row["mapping"]) == ("mood-2", MOOD.name)
    assert result.rows()[0]["taxonomy"] == "mood-2"


def test_a_truth_by_other_rules_is_refused(moody) -> None:
    """Under one name of classes, labels that came there another way are another truth."""
    settings, model_id = moody
    with open_store(settings) as store:
        model = require_model(store, model_id)
        clips = select_clip_set(store, corpus="synthetic", labels="intended", taxonomy=MOOD)
        own = select_clip_set(store, corpus="synthetic", labels="intended")
    require_same_classes(model, clips)
    require_same_classes(model, replace(clips, mapping=None))
    for other in (
        own,
        replace(clips, mapping="synthetic-6.mood-2.v2.0"),
        replace(clips, classes=("dark", "bright")),
    ):
        with pytest.raises(PipelineError, match=rf"`{model_id}` predicts \['bright', 'dark'\]"):
            require_same_classes(model, other)


def test_an_unknown_model_lists_the_known_ones(trained_once) -> None:
    """A typo is answered with what there is."""
    message = rf"no model `x` in the warehouse; there are: `{trained_once.model_id}`"
    with pytest.raises(PipelineError, match=message):
        evaluate(trained_once.settings, SILENT, model_id="x")


def test_no_model_at_all_is_said(ingested_once: Settings) -> None:
    """The message says how to get one."""
    with pytest.raises(PipelineError, match=r"there are: none; train one with `serloop train`"):
        evaluate(ingested_once, SILENT, model_id="x")


def test_an_unknown_truth_is_refused(trained_once) -> None:
    """Truth is the corpus's label or a consensus run that exists."""
    with pytest.raises(NothingToDoError, match=r"`intended` or the id of a consensus run"):
        evaluate(trained_once.settings, SILENT, model_id=trained_once.model_id, truth="x")


def test_every_metric_is_a_row(judged) -> None:
    """What was found is stored whole: metric, group, interval, clips and speakers."""
    settings, result = judged
    with open_store(settings) as store:
        rows = queries.select_metrics(store, evaluation_id=result.evaluation_id).to_pylist()
    stored = {(row["metric"], row["group_name"], row["group_value"]): row["value"] for row in rows}
    figures = result.judgement.figures
    assert len(rows) == len(figures)
    for figure in figures:
        value = stored[figure.metric, figure.group_name, figure.group_value]
        np.testing.assert_equal(value, figure.value)
    assert {"uar", "macro_f1", "ece", "recall/anger"} <= {metric for metric, *_ in stored}


def test_without_dev_speakers_nothing_is_scaled(judged) -> None:
    """A temperature fitted on test clips would flatter; there is none, and that is said."""
    result: EvaluateResult = judged[1]
    assert result.scaling.temperature is None
    assert "no dev speakers" in result.scaling.reason
    assert not [of for of in result.judgement.figures if of.metric.endswith("_scaled")]


@pytest.fixture(scope="module")
def tuned(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory):
    """Train a model with two dev speakers."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("tuned"))
    held_out = {"test_speakers": ("SYNM05", "SYNF06"), "dev_speakers": ("SYNM01", "SYNF02")}
    model = train(settings, SILENT, corpus="synthetic", **held_out)
    return settings, model.model_id


def test_the_temperature_is_fitted_on_dev_speakers(tuned) -> None:
    """Scaling changes calibration and no prediction, and its clips are the dev speakers'."""
    settings, model_id = tuned
    result = evaluate(settings, SILENT, model_id=model_id)
    temperature = result.figure("temperature")
    assert (temperature.clips, temperature.speakers) == (12, 2)
    assert result.figure("nll_scaled").value != result.figure("nll").value
    assert not set(result.speakers) & {"SYNM01", "SYNF02"}
    with open_store(settings) as store:
        stored = queries.select_metrics(store, evaluation_id=result.evaluation_id)
    assert "temperature" in stored["metric"].to_pylist()


def test_the_dev_part_is_judged_unscaled(tuned) -> None:
    """On the clips that a temperature would be fitted on, it would say nothing."""
    settings, model_id = tuned
    result = evaluate(settings, SILENT, model_id=model_id, part="dev")
    assert result.speakers == ("SYNF02", "SYNM01")
    assert result.evaluation_id == f"{model_id}/dev/intended"
    assert result.scaling.temperature is None
    with open_store(settings) as store:
        predicted = queries.select_predictions(store, model_id)["clip_id"].to_pylist()
    assert not [clip_id for clip_id in predicted if "SYNM01" in clip_id]


def test_a_program_reads_the_whole_result(tuned) -> None:
    """The document is JSON as it stands: null where a metric is undefined."""
    settings, model_id = tuned
    document = evaluate(settings, SILENT, model_id=model_id).document()
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text)["temperature"]["dev_clips"] == 12
    assert len(document["confusion"]) == 6


def test_what_is_found_is_said_in_words(judged) -> None:
    """The most confused classes are named, and calibration is told."""
    said = "\n".join(judged[1].sentences())
    assert "most confused: " in said
    assert " taken for " in said
    assert "ECE" in said
