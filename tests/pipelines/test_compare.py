"""Two models are compared on the clips both were kept from, and the verdict is one sentence."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pipelines.compare import compare
from pipelines.curve import read_curve
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.evaluate import evaluate
from pipelines.model_pairs import match_folds, read_pair
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from ser.errors import LeakageError
from ser.metrics import classification_statistic, compare_paired
from tests.pipelines.places import borrow

SILENT = SilentProgress()
FOLDS = (("SYNM01", "SYNF02"), ("SYNM03", "SYNF04"))


@pytest.fixture(scope="module")
def models(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory):
    """Train two folds with two seeds each, and evaluate them."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("compared"))
    found = []
    for seed in (0, 1):
        training = settings.training.model_copy(update={"seed": seed})
        seeded = settings.model_copy(update={"training": training})
        ids = [
            train(seeded, SILENT, corpus="synthetic", test_speakers=fold).model_id for fold in FOLDS
        ]
        for model_id in ids:
            evaluate(settings, SILENT, model_id=model_id)
        found.append(ids)
    return settings, *found


def test_a_pair_is_compared_by_every_metric(models) -> None:
    """Figures, interval and p are those of the paired comparison on the shared clips."""
    settings, first, second = models
    result = compare(settings, SILENT, first=(first[0],), second=(second[0],))
    with open_store(settings) as store:
        pair = read_pair(store, first[0], second[0], truth="intended")
    statistics = [
        classification_statistic(pair.clips.labels, said.argmax(axis=1), pair.clips.classes)
        for said in (pair.first, pair.second)
    ]
    expected = compare_paired(*statistics, pair.clips.speakers)["uar"]
    assert (result.uar.first, result.uar.second) == (expected.first, expected.second)
    assert (result.uar.low, result.uar.p_value) == (expected.difference.low, expected.p_value)
    assert (result.clips, result.speakers) == (12, 2)
    assert {row["metric"] for row in result.rows()} >= {"uar", "war", "macro_f1", "ece"}
    assert len(result.class_rows()) == 6


def test_folds_are_compared_on_all_speakers_at_once(models) -> None:
    """Models that hold out the same speakers form pairs, in whatever order they are named."""
    settings, first, second = models
    result = compare(settings, SILENT, first=tuple(first), second=tuple(reversed(second)))
    assert (result.clips, result.speakers) == (24, 4)
    assert (result.first, result.second) == (tuple(first), tuple(second))
    assert f"`{first[0]}` and 1 more" in result.sentence()


def test_a_fold_without_a_counterpart_is_refused(models) -> None:
    """Folds that do not pair cannot be joined."""
    settings, first, second = models
    with (
        open_store(settings) as store,
        pytest.raises(PipelineError, match="must pair by the speakers they hold out"),
    ):
        match_folds(store, first, [second[0], first[0]])


def test_few_speakers_say_nothing(models) -> None:
    """With two speakers no permutation test can tell, and the sentence says so."""
    settings, first, second = models
    said = compare(settings, SILENT, first=(first[0],), second=(second[0],)).sentence()
    assert said.startswith("nothing can be said")
    assert "with 2 speakers no p is below 0.5" in said


def test_the_better_one_is_named(models) -> None:
    """Where interval and test agree, the sentence names the model."""
    settings, first, second = models
    result = compare(settings, SILENT, first=(first[0],), second=(second[0],))
    uar = replace(result.uar, first=0.4, second=0.6, difference=-0.2, low=-0.3, high=-0.1)
    clear = replace(result, differences=(replace(uar, p_value=0.01),))
    assert clear.sentence().startswith(f"`{second[0]}` is better than `{first[0]}`: UAR 0.400")
    unsure = replace(result, differences=(replace(uar, p_value=0.2),))
    assert unsure.sentence().startswith("nothing can be said")


def test_what_the_other_learned_from_is_refused(models) -> None:
    """A model of another fold has learned from the clips that this one is tested on."""
    settings, first, _ = models
    with pytest.raises(LeakageError, match=rf"`{first[1]}` cannot be judged on clips that it lear"):
        compare(settings, SILENT, first=(first[0],), second=(first[1],))


def test_a_model_is_not_compared_with_itself(models) -> None:
    """It would be as good as itself."""
    settings, first, _ = models
    with pytest.raises(PipelineError, match="with itself"):
        compare(settings, SILENT, first=(first[0],), second=(first[0],))


def test_a_model_that_was_not_evaluated_is_said(models) -> None:
    """The message says which verb predicts."""
    settings, first, _ = models
    training = settings.training.model_copy(update={"seed": 5})
    seeded = settings.model_copy(update={"training": training})
    fresh = train(seeded, SILENT, corpus="synthetic", test_speakers=FOLDS[0]).model_id
    with pytest.raises(NothingToDoError, match=f"serloop evaluate {fresh}"):
        compare(settings, SILENT, first=(first[0],), second=(fresh,))


def test_the_document_is_json(models) -> None:
    """NaN is null, and the sentence is part of it."""
    settings, first, second = models
    result = compare(settings, SILENT, first=(first[0],), second=(second[0],))
    document = json.loads(json.dumps(result.document(), allow_nan=False))
    assert document["sentence"] == result.sentence()
    assert len(document["differences"]) == len(result.differences)


def test_arms_of_a_campaign_are_comparable(campaign_once) -> None:
    """The curve's models of a round hold out the same speakers."""
    with open_store(campaign_once.settings) as store:
        points = [point for point in read_curve(store, "synthetic") if point.round == 1]
        pair = read_pair(store, points[0].model_id, points[1].model_id, truth="intended")
    uars = [
        classification_statistic(
            pair.clips.labels, said.argmax(axis=1), pair.clips.classes
        ).evaluate()["uar"]
        for said in (pair.first, pair.second)
    ]
    np.testing.assert_allclose(uars, [point.uar for point in points])
