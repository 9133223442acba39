"""An encoder goes on learning from the settings alone, and all of it can be made again."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.baselines.recognise import recognise
from pipelines.compressing.prune import prune
from pipelines.errors import PipelineError
from pipelines.evaluate import evaluate
from pipelines.exporting.export import export
from pipelines.extract import extract
from pipelines.models import load_weights, require_model
from pipelines.progress import SilentProgress
from pipelines.reproduce import reproduce
from pipelines.score import score
from pipelines.sections import TrainingSettings
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.training_choice import chosen_network, chosen_preset, chosen_training
from pipelines.workspace import open_store
from ser.encoders.states import EncoderStates
from ser.errors import ConfigurationError
from ser.features.spectral import LogMel
from ser.models.encoder_tail import encoder_weights
from ser.training.epoch import Trainer
from ser.training.parameters import SOLVED_TAIL_TRAINING, TAIL_TRAINING
from tests.pipelines.encoders import with_encoder
from tests.pipelines.places import borrow

SILENT = SilentProgress()
SPEAKERS = {"test_speakers": ("SYNM01",), "dev_speakers": ("SYNF02",)}
SHORT = {"epochs": 3, "updates": None, "frozen_epochs": 1, "unfreeze_every": 1}


@pytest.fixture(scope="module")
def extracted(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a warehouse with the states of the lowest layer of a tiny encoder."""
    home = tmp_path_factory.mktemp("tuned")
    settings = with_encoder(
        borrow(ingested_once, home / "home"), home / "models", "encoder_states", layers="0"
    )
    assert extract(settings, SILENT).added == 36
    return settings


def lend(extracted: Settings, home: Path) -> Settings:
    """Return a copy that may be written to."""
    features = {"features": extracted.features, "models": extracted.models}
    return borrow(extracted, home).model_copy(update=features)


def tuning(settings: Settings, rank: int = 2, **training: object) -> Settings:
    """Return settings that tune the encoder so."""
    network = settings.network.model_copy(update={"adapter_rank": rank})
    chosen = settings.training.model_copy(update={**SHORT, **training})
    return settings.model_copy(update={"network": network, "training": chosen})


@pytest.mark.parametrize("rank", [0, 2])
def test_a_tuned_encoder_is_a_model_like_any_other(
    extracted: Settings, synthetic_root: Path, tmp_path: Path, rank: int
) -> None:
    """It is trained, judged, scored, asked about files and made again to the last digit."""
    settings = tuning(lend(extracted, tmp_path / "home"), rank)
    result = train(settings, SILENT, corpus="synthetic", **SPEAKERS)
    assert evaluate(settings, SILENT, model_id=result.model_id).clips == 6
    assert score(settings, SILENT, model_id=result.model_id).clips == 30
    with open_store(settings) as store:
        row = require_model(store, result.model_id)
    network, training = row["config"]["network"], row["config"]["training"]
    assert (network["tail_from"], network["tail_to"], network["adapter_rank"]) == (0, 2, rank)
    assert str(tmp_path) not in network["encoder"]
    assert {name: training[name] for name in SHORT} == SHORT
    sound = next(synthetic_root.rglob("*.wav"))
    (heard,) = recognise(settings, SILENT, files=[sound], model_id=result.model_id).heard
    assert abs(sum(heard.posterior.values()) - 1) < 1e-5
    assert reproduce(settings, SILENT, model_id=result.model_id).is_equal
    assert not train(settings, SILENT, corpus="synthetic", **SPEAKERS).is_new


def test_adapters_leave_the_encoder_as_it_lies_on_disk(extracted: Settings, tmp_path: Path) -> None:
    """What was stored holds its weights bit for bit."""
    settings = tuning(lend(extracted, tmp_path / "home"))
    result = train(settings, SILENT, corpus="synthetic", **SPEAKERS)
    with open_store(settings) as store:
        model = load_weights(settings, require_model(store, result.model_id))
    assert settings.models is not None
    began = encoder_weights(str(settings.models / "tiny"), model.parameters)
    ended = model.network.state_dict()
    assert all(np.array_equal(ended[name].numpy(), began[name].numpy()) for name in began)


def test_a_killed_training_ends_as_one_that_was_not(
    extracted: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while its upper layer learned and run again, it stores the very same file."""

    class StopError(Exception):
        pass

    train_epoch, trained = Trainer.train_epoch, []

    def stop(trainer: Trainer) -> float:
        if len(trained) == 2:
            raise StopError
        trained.append(trainer)
        return train_epoch(trainer)

    killed = tuning(lend(extracted, tmp_path / "killed"), 0)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train_epoch", stop)
        with pytest.raises(StopError):
            train(killed, SILENT, corpus="synthetic", **SPEAKERS)
    assert list(killed.artifacts.glob("*.training"))
    hashes = set()
    for settings in (killed, tuning(lend(extracted, tmp_path / "whole"), 0)):
        result = train(settings, SILENT, corpus="synthetic", **SPEAKERS)
        with open_store(settings) as store:
            hashes.add(require_model(store, result.model_id)["artifact_sha256"])
    assert len(hashes) == 1


def test_the_head_can_begin_where_ridge_regression_ends(
    extracted: Settings, tmp_path: Path
) -> None:
    """That is another model, and it comes back like any other."""
    settings = tuning(lend(extracted, tmp_path / "home"), epochs=1, solver="ridge")
    result = train(settings, SILENT, corpus="synthetic", **SPEAKERS)
    with open_store(settings) as store:
        config = require_model(store, result.model_id)["config"]
    assert config["head"] == "ridge"
    assert "solver" not in config
    assert reproduce(settings, SILENT, model_id=result.model_id).is_equal
    fresh = tuning(settings, epochs=1, solver=None)
    assert train(fresh, SILENT, corpus="synthetic", **SPEAKERS).model_id != result.model_id


def test_a_head_that_is_right_already_is_changed_gently(extracted: Settings) -> None:
    """Head and adapters learn at one low rate from the first epoch on, unless settings differ."""
    assert extracted.models is not None
    features = EncoderStates(model=str(extracted.models / "tiny"), layer=0)
    solved, drawn = (
        chosen_training(
            extracted.model_copy(update={"training": TrainingSettings(solver=solver)}),
            features,
            "full",
            None,
        )
        for solver in ("ridge", "descent")
    )
    assert solved == SOLVED_TAIL_TRAINING
    assert drawn == TAIL_TRAINING
    assert solved.learning_rate < drawn.learning_rate
    assert (solved.frozen_epochs, drawn.frozen_epochs) == (0, 3)


def test_an_encoder_that_learns_is_not_exported_or_pruned(
    extracted: Settings, tmp_path: Path
) -> None:
    """The message says what can be done instead."""
    settings = tuning(lend(extracted, tmp_path / "home"), epochs=1)
    result = train(settings, SILENT, corpus="synthetic", **SPEAKERS)
    with pytest.raises(
        ConfigurationError, match=r"layers of a pretrained encoder, .* not exported"
    ):
        export(settings, SILENT, model_id=result.model_id, features="outside")
    with pytest.raises((ConfigurationError, PipelineError), match="blocks"):
        prune(settings, SILENT, model_id=result.model_id)


def test_how_far_up_layers_learn_is_a_setting(extracted: Settings) -> None:
    """Up to the encoder's last one; the preset follows from the features."""
    assert extracted.models is not None
    features = EncoderStates(model=str(extracted.models / "tiny"), layer=0)
    assert chosen_preset(extracted, features, "round") == "tail"
    one = extracted.network.model_copy(update={"top_layer": 1})
    settings = extracted.model_copy(update={"network": one})
    assert chosen_network(settings, features, "full").tail_to == 1
    assert chosen_network(extracted, features, "full").tail_to == 2
    with pytest.raises(PipelineError, match=r"`network\.top_layer` must lie above .* but is 3"):
        chosen_network(
            extracted.model_copy(update={"network": one.model_copy(update={"top_layer": 3})}),
            features,
            "full",
        )
    with pytest.raises(PipelineError, match=r"`network\.top_layer` is 1, but .* is `crnn`"):
        chosen_preset(
            settings.model_copy(update={"network": one.model_copy(update={"preset": "crnn"})}),
            LogMel(),
            "full",
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": {"preset": "layers"}}, r"`layers`, .* is `encoder_states`; .*_statistics`"),
        ({"network": {"members": 2}}, r"`members` 2; leave them 0 and 1"),
        ({"fusion": {"kind": "late"}}, r"`fusion\.kind` is `late`, but words are not joined"),
    ],
)
def test_what_an_encoder_that_learns_cannot_be_is_refused(
    extracted: Settings, changes, message: str
) -> None:
    """Before anything is trained."""
    assert extracted.models is not None
    features = EncoderStates(model=str(extracted.models / "tiny"), layer=0)
    given = {"features": extracted.features, "models": extracted.models, **changes}
    with pytest.raises(PipelineError, match=message):
        chosen_network(Settings(**given), features, "full")
