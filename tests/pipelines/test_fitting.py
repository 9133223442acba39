"""Settings become a plan, and a plan a network, on whatever features it names."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from annotation.taxonomies import TaxonomyMap, build_mapping
from pipelines.clipset import ClipSet, read_features, select_clip_set
from pipelines.errors import PipelineError
from pipelines.evaluate import evaluate
from pipelines.extract import extract
from pipelines.fitting import Plan, fit, make_plan
from pipelines.models import require_model
from pipelines.progress import SilentProgress
from pipelines.score import score
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from ser.audio.augment.record import Augmentation
from ser.features.cepstral import Mfcc
from ser.inference.predictor import predict
from tests.pipelines.encoders import with_encoder

SILENT = SilentProgress()
ORIGIN = {"corpus": "synthetic", "labels": "intended", "round_id": None, "arm": None}


@pytest.fixture(scope="module")
def clips(ingested_once: Settings) -> ClipSet:
    """Return the labelled clips of the corpus."""
    with open_store(ingested_once) as store:
        return select_clip_set(store, corpus="synthetic", labels="intended")


def plan_of(settings: Settings, clips: ClipSet, **changes) -> Plan:
    """Return the plan of a short training."""
    return replace(make_plan(settings, clips, "round", ORIGIN), **changes)


def test_everything_varied_is_in_the_name(ingested: Settings, clips: ClipSet) -> None:
    """Another augmentation is another model."""
    varied = ingested.model_copy(
        update={"augmentation": ingested.augmentation.model_copy(update={"masks": 1.0})}
    )
    assert plan_of(ingested, clips).model_id != plan_of(varied, clips).model_id


@pytest.mark.parametrize(
    ("kind", "given", "loss"),
    [
        (None, None, "cross_entropy"),
        (None, "soft_label", "soft_label"),
        ("hard", None, "cross_entropy"),
        ("hard", "focal", "focal"),
        ("soft", None, "soft_label"),
        ("soft", "soft_label", "soft_label"),
    ],
)
def test_the_loss_follows_the_targets(clips: ClipSet, kind, given, loss: str) -> None:
    """Soft targets need the one loss that learns posteriors, and get it."""
    settings = Settings(training={"loss": given})
    plan = make_plan(settings, replace(clips, kind=kind), "round", ORIGIN)
    assert plan.training.loss == loss
    assert plan.config.get("targets") == kind


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("hard", "soft_label", "`soft_label` learns the posterior as it is; set another loss"),
        ("soft", "focal", "`focal` learns the decided label only; set the loss `soft_label`"),
    ],
)
def test_a_loss_that_cannot_learn_the_targets_is_refused(
    clips: ClipSet, kind, given: str, message: str
) -> None:
    """A setting that says otherwise is not overridden unsaid."""
    with pytest.raises(PipelineError, match=message):
        make_plan(Settings(training={"loss": given}), replace(clips, kind=kind), "round", ORIGIN)


def test_what_is_asked_of_labels_is_in_the_name_and_nothing_else_is(clips: ClipSet) -> None:
    """Models without these options keep their configuration."""
    mapping = TaxonomyMap.identity("mood-6", clips.classes)
    plain = make_plan(Settings(), clips, "round", ORIGIN)
    asked = replace(clips, mapping=mapping.name, rules=mapping, taxonomy="mood-6")
    plans = [
        make_plan(Settings(), each, "round", ORIGIN)
        for each in (asked, replace(clips, kind="hard"))
    ]
    assert len({plan.model_id for plan in (plain, *plans)}) == 3
    assert plain.config.keys().isdisjoint({"taxonomy", "mapping", "rules", "targets"})
    assert build_mapping(plans[0].config["rules"]) == mapping


def test_a_network_learns_from_cepstra(ingested: Settings, clips: ClipSet) -> None:
    """Features computed after the ingest are trained on, speed copies included, and scored."""
    at_once = ingested.compute.model_copy(update={"batch_clips": 100})
    extract(ingested.model_copy(update={"compute": at_once}), SILENT, kind="mfcc")
    plan = plan_of(ingested, clips, features=Mfcc())
    copies = replace(plan.training, augmentation=Augmentation(speed_factors=(0.9,)))
    with open_store(ingested) as store:
        model = fit(store, ingested, SILENT, clips, replace(plan, training=copies))
        features = read_features(store, Mfcc().feature_set, clips.ids(clips.test))
    assert model.feature_set == Mfcc().feature_set
    assert predict(model, features).posterior.shape == (len(clips.test), len(clips.classes))


def test_the_sound_of_log_mel_is_varied_while_training(ingested: Settings, clips: ClipSet) -> None:
    """The plan's features tell the trainer what its numbers mean."""
    plan = plan_of(ingested, clips)
    noisy = replace(plan.training, augmentation=Augmentation(speed_factors=(), noise=0.5))
    with open_store(ingested) as store:
        model = fit(store, ingested, SILENT, clips, replace(plan, training=noisy))
    assert model.training["augmentation"]["noise"] == 0.5


def test_a_light_head_learns_from_a_frozen_encoder(ingested: Settings, tmp_path: Path) -> None:
    """Its layers are stored per clip, learned from, judged and scored like other features."""
    settings = with_encoder(ingested, tmp_path / "models")
    assert extract(settings, SILENT).added == 36
    assert extract(settings, SILENT).added == 0
    held_out = {"test_speakers": ("SYNM01",), "dev_speakers": ("SYNF02",)}
    result = train(settings, SILENT, corpus="synthetic", **held_out)
    shutil.move(tmp_path / "models", tmp_path / "elsewhere")
    # What is stored needs no encoder.
    with open_store(ingested) as store:
        row = require_model(store, result.model_id)
    assert row["config"]["network"]["layers"] == 3
    assert row["config"]["solver"] == "ridge"
    assert row["feature_set"].startswith("encoder_statistics-")
    assert evaluate(ingested, SILENT, model_id=result.model_id).clips == 6
    assert score(ingested, SILENT, model_id=result.model_id).clips == 30
    moved = settings.model_copy(update={"models": tmp_path / "elsewhere"})
    assert not train(moved, SILENT, corpus="synthetic", **held_out).is_new
    assert extract(moved, SILENT).added == 0
    stepwise = moved.training.model_copy(update={"solver": "descent"})
    taught = train(
        moved.model_copy(update={"training": stepwise}), SILENT, corpus="synthetic", **held_out
    )
    assert taught.is_new
    assert evaluate(ingested, SILENT, model_id=taught.model_id).clips == 6


@pytest.mark.parametrize(("kind", "loss"), [("hard", None), ("soft", None), (None, "soft_label")])
def test_a_solved_head_keeps_ties_where_targets_are_soft(
    ingested: Settings, clips: ClipSet, tmp_path: Path, kind, loss
) -> None:
    """A clip with a consensus and no leader says something to those who learn posteriors."""
    settings = with_encoder(ingested, tmp_path / "models")
    settings = settings.model_copy(
        update={"training": settings.training.model_copy(update={"loss": loss})}
    )
    extract(settings, SILENT)
    said = clips.targets.copy()
    said[clips.train[:5]] = 0
    said[clips.train[:5], :2] = 0.5
    disputed = replace(clips, targets=said, kind=kind)
    plan = make_plan(settings, disputed, "round", ORIGIN)
    with open_store(settings) as store:
        model = fit(store, settings, SILENT, disputed, plan)
    left_out = 5 if kind == "hard" else 0
    assert model.training["solver"] == "ridge"
    assert model.training["clips"] == len(clips.train) - left_out
