"""The same data, settings, seed and code make the same model, once, and the row proves it."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annotation.aggregation import AGGREGATORS
from annotation.taxonomies import build_mapping
from annotation.testing import fill_votes
from pipelines.aggregate import aggregate
from pipelines.choices import AggregatorName
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
from tests.pipelines.places import borrow
from warehouse import queries
from warehouse.testing import make_rows

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


LONG = {"epochs": 12, "batch_size": 8, "speed_perturbation": False}


def long_training(settings: Settings) -> Settings:
    """Return settings of a training that lasts long enough to be killed."""
    sections = {"training": LONG, "network": {"preset": "compact"}}
    return Settings(home=settings.home, warehouse=settings.warehouse.model_dump(), **sections)


def start_and_kill(settings: Settings) -> None:
    """Start the training of `long_training` from the command line, and kill it after an epoch."""
    variables = {
        "SERLOOP_HOME": str(settings.home),
        "SERLOOP_WAREHOUSE__CATALOG": settings.catalog,
        "SERLOOP_WAREHOUSE__DATA_PATH": settings.data_path,
        **{f"SERLOOP_TRAINING__{name}".upper(): str(value) for name, value in LONG.items()},
    }
    code = "from pipelines.cli import main; main()"
    command = [sys.executable, "-c", code, "train", "synthetic", "--network", "compact"]
    with subprocess.Popen(command, env=os.environ | variables, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 120
        while not list(settings.artifacts.glob("*.training")):
            assert process.poll() is None, process.stderr.read().decode()
            assert time.monotonic() < until, "no epoch in two minutes"
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


def test_a_killed_training_goes_on_and_ends_with_the_same_bytes(
    ingested: Settings, ingested_once: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after an epoch and run again, it trains the others only, and cleans up."""
    from ser.training.epoch import Trainer

    killed = long_training(ingested)
    start_and_kill(killed)
    trained: list[Trainer] = []
    train_epoch = Trainer.train_epoch

    def count(trainer: Trainer) -> float:
        trained.append(trainer)
        return train_epoch(trainer)

    monkeypatch.setattr(Trainer, "train_epoch", count)
    resumed = learn(killed)
    assert 0 < len(trained) < LONG["epochs"]
    assert [path.suffix for path in killed.artifacts.iterdir()] == [".safetensors"]
    whole = long_training(borrow(ingested_once, tmp_path / "whole"))
    assert learn(whole).model_id == resumed.model_id
    assert row_of(killed, resumed.model_id) == row_of(whole, resumed.model_id)


def test_without_resuming_nothing_is_kept(ingested: Settings, monkeypatch) -> None:
    """A training that shall not resume leaves no state behind when it fails."""
    import ser.training.checkpoint

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(ser.training.checkpoint, "save_model", fail)
    for resume, left in ((True, 1), (False, 0)):
        place = ingested.model_copy(
            update={
                "home": ingested.home / f"{resume}",
                "training": ingested.training.model_copy(update={"resume": resume}),
            }
        )
        with pytest.raises(OSError, match="no space left"):
            learn(place)
        assert len(list(place.artifacts.glob("*.training"))) == left


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


MOOD = """
source = "synthetic-6"
target = "mood-2"
version = 1
classes = ["bright", "dark"]
drop = ["neutral"]
map = {happiness = "bright", anger = "dark", fear = "dark", sadness = "dark", disgust = "dark"}
"""


@pytest.fixture
def mood(tmp_path: Path) -> str:
    """Return the path of a mapping of the synthetic corpus that drops a class."""
    path = tmp_path / "mood.toml"
    path.write_text(MOOD, encoding="utf-8")
    return str(path)


def test_a_model_learns_the_classes_that_are_wanted(ingested: Settings, mood: str) -> None:
    """Its classes are the target's, its mapping is recorded, and what it lost is counted."""
    result = learn(ingested, taxonomy=mood)
    assert (result.taxonomy, result.clips, result.dropped, result.tied) == ("mood-2", 20, 4, 0)
    (shown,) = result.rows()
    row = row_of(ingested, result.model_id)
    assert row["classes"] == ["bright", "dark"]
    assert row["mapping"] == shown["mapping"] == build_mapping(row["config"]["rules"]).name
    assert json.loads(row["metrics"])["dropped"] == 4
    assert load_weights(ingested, row).classes == ("bright", "dark")


def test_a_campaign_keeps_to_one_taxonomy(ingested: Settings, mood: str) -> None:
    """A learning curve of figures in different classes would say nothing."""
    rounds = make_rows("rounds", round_id=["c-0", "c-1", "d-0"], campaign=["c", "c", "d"])
    with open_store(ingested) as store:
        store.commit({"rounds": rounds}, message="rounds")
    first = learn(ingested, round_id="c-0", arm="seed")
    with pytest.raises(PipelineError, match=rf"`{first.model_id}` is in `synthetic-6`, but `the"):
        learn(ingested, round_id="c-1", arm="active", taxonomy=mood)
    assert learn(ingested, round_id="d-0", arm="seed", taxonomy=mood).is_new


def vote(settings: Settings) -> None:
    """Cast three votes on each of a few clips, of which one is a tie and one is disputed."""
    with open_store(settings) as store:
        clip_ids = queries.select_clips(store)["clip_id"].to_pylist()[::2]
        told = ["anger"] * 3, ["fear"] * 3, ["anger", "anger", "fear"], ["anger", "fear", "sadness"]
        cast = [
            (clip_id, f"ann-{who}", label)
            for at, clip_id in enumerate(clip_ids)
            for who, label in enumerate(told[at % 4])
        ]
        clips, annotators, labels = (list(column) for column in zip(*cast, strict=True))
        votes = {"clip_id": clips, "annotator": annotators, "label": labels}
        votes["taxonomy"] = ["synthetic-6"] * len(cast)
        store.commit({"votes": fill_votes(votes)}, message="votes")


@pytest.fixture(scope="module")
def voted(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a corpus with votes; tests may aggregate here."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("voted"))
    vote(settings)
    return settings


@pytest.mark.parametrize("method", AGGREGATORS)
def test_every_aggregator_teaches_hard_and_soft(voted: Settings, method: AggregatorName) -> None:
    """Decided labels and posteriors are two models, each of the run's own clips."""
    run = aggregate(voted, SilentProgress(), method=method).runs[0]
    plans, chosen = {}, {}
    with open_store(voted) as store:
        for kind in ("hard", "soft"):
            chosen[kind] = select_clip_set(store, corpus="synthetic", labels=run.run_id, kind=kind)
            origin = ORIGIN | {"labels": run.run_id}
            plans[kind] = make_plan(Settings(), chosen[kind], "round", origin)
        consensus = queries.select_consensus(store, run.run_id)
    assert plans["hard"].model_id != plans["soft"].model_id
    assert set(chosen["hard"].targets.ravel().tolist()) == {0.0, 1.0}
    assert sum(chosen["hard"].tied.values()) == run.ties
    assert len(chosen["hard"].clip_ids) == run.clips - run.ties
    posterior = np.stack(consensus["posterior"].to_numpy())
    np.testing.assert_array_equal(chosen["soft"].targets, posterior.astype(np.float32))


@pytest.mark.parametrize("targets", ["hard", "soft"])
def test_ties_teach_only_those_who_learn_disagreement(voted: Settings, targets) -> None:
    """A clip without a leading class is left out of hard labels, counted, and kept in soft ones."""
    run = aggregate(voted, SilentProgress(), method="majority").runs[0]
    result = learn(voted, labels=run.run_id, targets=targets)
    row = row_of(voted, result.model_id)
    assert (result.tied > 0) == (targets == "hard")
    assert row["config"]["targets"] == targets
    assert (row["config"]["training"]["loss"] == "soft_label") == (targets == "soft")


def test_nobody_left_to_learn_from_is_said(ingested_once: Settings) -> None:
    """Holding everybody out leaves nothing."""
    with pytest.raises(NothingToDoError, match=r"belongs to a held-out speaker"):
        learn(ingested_once, test_speakers=SPEAKERS)


def test_a_misspelt_speaker_is_refused(ingested_once: Settings) -> None:
    """A name that nobody has would hold nobody out."""
    with pytest.raises(PipelineError, match=r"spoken by `SYNM1`"):
        learn(ingested_once, test_speakers=("SYNM1",))
