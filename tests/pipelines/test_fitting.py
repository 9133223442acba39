"""Settings become a plan, and a plan a network, on whatever features it names."""

from dataclasses import replace

import pytest

from annotation.taxonomies import TaxonomyMap, build_mapping
from pipelines.clipset import ClipSet, read_features, select_clip_set
from pipelines.errors import PipelineError
from pipelines.extract import extract
from pipelines.feature_choice import chosen_features
from pipelines.fitting import Plan, chosen_augmentation, fit, make_plan
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.audio.augment.record import Augmentation
from ser.errors import ConfigurationError
from ser.features.cepstral import Mfcc
from ser.features.registry import KINDS
from ser.features.spectral import LogMel
from ser.inference.predictor import predict

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


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_the_settings_is_what_is_computed(kind: str) -> None:
    """Its parameters too; another kind that is asked for has its own defaults."""
    settings = Settings(features={"kind": kind})
    assert chosen_features(settings).parameters["kind"] == kind
    settings = Settings(features={"kind": "log_mel", "hop": 160})
    assert chosen_features(settings).parameters["hop"] == 160
    assert chosen_features(settings, "mfcc") == chosen_features(Settings(), "mfcc")


def test_given_parameters_override_the_settings() -> None:
    """And unknown ones are refused."""
    settings = Settings(features={"hop": 160})
    assert chosen_features(settings, "log_mel", hop=200, bands=40) == LogMel(hop=200, bands=40)
    with pytest.raises(ConfigurationError, match="`mfcc` has no parameter `bands`"):
        chosen_features(settings, "mfcc", bands=40)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Augmentation()),
        ({"training": {"speed_perturbation": False}}, Augmentation(speed_factors=())),
        ({"augmentation": {"masks": 1.0, "gain": 0.5}}, Augmentation(masks=1.0, gain=0.5)),
    ],
    ids=["default", "no copies", "masks"],
)
def test_settings_turn_augmentation_on_and_off(given, expected: Augmentation) -> None:
    """Left alone they keep what the recipe says."""
    assert chosen_augmentation(Settings(**given), Augmentation()) == expected


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
