"""The same data, settings, seed and code make the same model, once, and the row proves it."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.clipset import ClipSet, select_clip_set
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.fitting import make_plan
from pipelines.identity import code_version
from pipelines.models import load_weights, require_model
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.train import TrainResult, train
from pipelines.workspace import open_store
from ser.errors import ArtifactError
from ser.features.spectral import LogMel

SPEAKERS = ("SYNM01", "SYNF02", "SYNM03", "SYNF04", "SYNM05", "SYNF06")


def learn(settings: Settings, **parameters) -> TrainResult:
    """Train for a moment on the synthetic corpus."""
    return train(settings, SilentProgress(), corpus="synthetic", **parameters)


def row_of(settings: Settings, model_id: str) -> dict[str, object]:
    """Return the row of a model, its configuration decoded."""
    with open_store(settings) as store:
        return require_model(store, model_id)


def test_the_row_holds_all_it_takes_to_train_again(trained_once) -> None:
    """Snapshot, configuration, seed, code and data of a model are recorded."""
    row = row_of(trained_once.settings, trained_once.model_id)
    config = row["config"]
    text = json.dumps(config, sort_keys=True)
    assert row["config_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert (row["seed"], row["code_version"]) == (0, code_version())
    assert (row["labels"], row["state"], row["train_clips"]) == ("intended", "candidate", 24)
    assert row["feature_set"] == LogMel().feature_set
    assert config["training"]["updates"] == 2
    assert config["features"] == LogMel().parameters
    assert len(config["clips"]) == 24


def test_the_snapshot_is_the_one_that_was_read(ingested_once: Settings, trained_once) -> None:
    """Opening the warehouse at that snapshot shows what the model learned from."""
    row = row_of(trained_once.settings, trained_once.model_id)
    with open_store(ingested_once) as store:
        assert row["snapshot"] == store.snapshot
    with open_store(trained_once.settings, snapshot=row["snapshot"]) as past:
        clips = select_clip_set(
            past,
            corpus="synthetic",
            labels="intended",
            test_speakers=row["config"]["test_speakers"],
        )
    assert clips.ids(clips.train) == row["config"]["clips"]


def test_no_clip_of_a_held_out_speaker_is_learned_from(trained_once) -> None:
    """The configuration lists who is held out and what was learned from; they are disjoint."""
    config = row_of(trained_once.settings, trained_once.model_id)["config"]
    speakers = {clip_id.split("/")[1].split("_")[0] for clip_id in config["clips"]}
    assert len(config["test_speakers"]) == 2
    assert speakers == set(SPEAKERS) - set(config["test_speakers"])


def test_training_again_does_nothing(trained) -> None:
    """A model that is there is found by its name."""
    artifact = trained.settings.artifacts / f"{trained.model_id}.safetensors"
    before = artifact.stat().st_mtime_ns
    result = learn(trained.settings)
    assert (result.model_id, result.is_new) == (trained.model_id, False)
    assert artifact.stat().st_mtime_ns == before


def test_the_same_training_elsewhere_gives_the_same_bytes(ingested: Settings, trained_once) -> None:
    """Model id and weights are functions of data, settings, seed and code."""
    result = learn(ingested)
    assert result.model_id == trained_once.model_id
    there = row_of(trained_once.settings, trained_once.model_id)
    assert row_of(ingested, result.model_id) == there
    content = Path(result.artifact).read_bytes()
    assert hashlib.sha256(content).hexdigest() == there["artifact_sha256"]


def test_lost_weights_are_made_again(trained, trained_once) -> None:
    """A deleted artifact comes back with the bytes that were recorded."""
    artifact = trained.settings.artifacts / f"{trained.model_id}.safetensors"
    artifact.unlink()
    assert learn(trained.settings).is_new
    lent = trained_once.settings.artifacts / artifact.name
    assert artifact.read_bytes() == lent.read_bytes()


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_weights_that_are_not_the_recorded_ones_are_refused(trained, damage: str) -> None:
    """A tampered or lost artifact is never used."""
    model = row_of(trained.settings, trained.model_id)
    artifact = trained.settings.artifacts / model["artifact"]
    if damage == "changed":
        content = bytearray(artifact.read_bytes())
        content[-1] ^= 1
        artifact.write_bytes(content)
    else:
        artifact.unlink()
    with pytest.raises(ArtifactError, match=artifact.name):
        load_weights(trained.settings, model)


@pytest.fixture(scope="module")
def clips(ingested_once: Settings) -> ClipSet:
    """Return the labelled clips of the corpus."""
    with open_store(ingested_once) as store:
        return select_clip_set(store, corpus="synthetic", labels="intended")


ORIGIN = {"corpus": "synthetic", "labels": "intended", "round_id": None, "arm": None}
OTHER_PLANS = {
    "seed": ({"training": {"seed": 1}}, {}, "full"),
    "loss": ({"training": {"loss": "focal"}}, {}, "full"),
    "features": ({"features": {"hop": 160}}, {}, "full"),
    "copies": ({"training": {"speed_perturbation": False}}, {}, "full"),
    "labels": ({}, {"labels": "run"}, "full"),
    "arm": ({}, {"arm": "active"}, "full"),
    "recipe": ({}, {}, "round"),
}


@pytest.mark.parametrize(("sections", "origin", "recipe"), OTHER_PLANS.values(), ids=OTHER_PLANS)
def test_whatever_a_training_depends_on_is_in_its_name(
    clips: ClipSet, sections, origin, recipe: str
) -> None:
    """Another seed, loss, feature set, network or origin of labels is another model."""
    plain = make_plan(Settings(), clips, "full", ORIGIN)
    other = make_plan(Settings(**sections), clips, recipe, ORIGIN | origin)
    assert plain.model_id != other.model_id


def test_places_and_processes_are_not_in_the_name(clips: ClipSet, tmp_path: Path) -> None:
    """The same training on another machine has the same name."""
    there = Settings(home=tmp_path, compute={"processes": 7})
    names = {make_plan(place, clips, "full", ORIGIN).model_id for place in (Settings(), there)}
    assert len(names) == 1


def test_another_label_of_a_clip_is_another_model(clips: ClipSet) -> None:
    """The labels themselves are part of the name, not only where they came from."""
    changed = replace(clips, targets=clips.targets[:, ::-1])
    names = {make_plan(Settings(), each, "full", ORIGIN).model_id for each in (clips, changed)}
    assert len(names) == 2


def test_speed_copies_and_dev_speakers_are_used(ingested: Settings) -> None:
    """With both on, the best epoch is chosen by speakers who are neither trained on nor tested."""
    training = ingested.training.model_copy(update={"speed_perturbation": True})
    settings = ingested.model_copy(update={"training": training})
    result = learn(settings, test_speakers=SPEAKERS[:2], dev_speakers=SPEAKERS[2:3])
    assert (result.clips, result.speakers) == (18, 3)
    assert 0 <= result.dev_uar <= 1


def test_nobody_left_to_learn_from_is_said(ingested_once: Settings) -> None:
    """Holding everybody out leaves nothing."""
    with pytest.raises(NothingToDoError, match=r"belongs to a held-out speaker"):
        learn(ingested_once, test_speakers=SPEAKERS)


def test_a_misspelt_speaker_is_refused(ingested_once: Settings) -> None:
    """A name that nobody has would hold nobody out."""
    with pytest.raises(PipelineError, match=r"spoken by `SYNM1`"):
        learn(ingested_once, test_speakers=("SYNM1",))
