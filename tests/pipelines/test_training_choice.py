"""Settings say which network is trained and how; left alone they keep what the recipe says."""

from dataclasses import fields, replace

import pytest

from pipelines.errors import PipelineError
from pipelines.sections import NetworkSettings, TrainingSettings
from pipelines.settings import Settings
from pipelines.training_choice import (
    LISTED_SETTINGS,
    NETWORK_SETTINGS,
    TRAINER_SETTINGS,
    chosen_augmentation,
    chosen_network,
    chosen_solver,
    chosen_training,
)
from ser.audio.augment.record import Augmentation
from ser.features.cepstral import Mfcc
from ser.features.spectral import LogMel
from ser.models.parameters import (
    CNN,
    CNN_ENSEMBLE,
    COMPACT_CRNN,
    CRNN,
    LAYER_HEAD,
    NetworkParameters,
)
from ser.training.parameters import FULL_TRAINING, ROUND_TRAINING, TrainingParameters

MEL = LogMel()


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
    assert chosen_augmentation(Settings(**given), MEL, Augmentation()) == expected


def test_nothing_set_is_the_recipe() -> None:
    """Each recipe has its own network and training."""
    plain = Settings()
    assert chosen_network(plain, MEL, "full") == CNN_ENSEMBLE
    assert chosen_network(plain, MEL, "round") == COMPACT_CRNN
    assert chosen_training(plain, MEL, "full", None) == FULL_TRAINING
    assert chosen_training(plain, MEL, "round", None) == ROUND_TRAINING


def test_only_log_mel_is_warped() -> None:
    """Coefficients are in no order of frequency, so that the recipe leaves them alone."""
    assert FULL_TRAINING.augmentation.warp == 1.0
    assert chosen_training(Settings(), Mfcc(), "full", None).augmentation.warp == 0.0


@pytest.mark.parametrize(
    ("preset", "expected"),
    [("crnn", CRNN), ("compact", COMPACT_CRNN), ("cnn", CNN), ("ensemble", CNN_ENSEMBLE)],
)
@pytest.mark.parametrize("recipe", ["full", "round"])
def test_a_preset_wins_over_the_recipe(preset: str, expected: NetworkParameters, recipe) -> None:
    """Who names a network gets it in a round as well."""
    assert chosen_network(Settings(network={"preset": preset}), MEL, recipe) == expected


NETWORK = {
    "channels": ("8,16", (8, 16)),
    "time_pools": ("2,4", (2, 4)),
    "separable": (True, True),
    "residual": (True, True),
    "squeeze": (4, 4),
    "recurrent": ("gru", "gru"),
    "recurrent_size": (12, 12),
    "self_attention": (2, 2),
    "pooling": ("statistics", "statistics"),
    "heads": (3, 3),
    "with_deviation": (False, False),
    "embedding_size": (10, 10),
    "members": (3, 3),
    "centred": (1, 1),
    "encoder_dropout": (0.1, 0.1),
    "dropout": (0.3, 0.3),
}


def test_every_size_of_the_network_can_be_set() -> None:
    """The flat parameters reach the network under their own names."""
    given = {name: value for name, (value, _) in NETWORK.items()}
    settings = Settings(network=given, training={"ratings": "arousal,valence"})
    network = chosen_network(settings, MEL, "full")
    expected = {name: value for name, (_, value) in NETWORK.items()}
    assert network == NetworkParameters(**expected, ratings=("arousal", "valence"))
    of_encoders = {"adapter_rank"}
    assert set(NETWORK) | of_encoders == {*NETWORK_SETTINGS, *LISTED_SETTINGS}


TRAINING = {
    "epochs": 3,
    "updates": 5,
    "batch_size": 4,
    "learning_rate": 1e-4,
    "weight_decay": 0.2,
    "loss": "focal",
    "gamma": 1.0,
    "balance": 0.9,
    "label_smoothing": 0.0,
    "schedule": "one_cycle",
    "warmup": 0.2,
    "clip_norm": 1.0,
    "mixup": 0.3,
    "ema": 0.99,
    "patience": 4,
    "precision": "single",
    "device": "cpu",
    "semi": "mean_teacher",
    "semi_weight": 2.0,
    "semi_threshold": 0.8,
    "semi_ratio": 3,
    "semi_balance": False,
    "domain": "coral",
    "domain_weight": 0.5,
    "balance_groups": True,
    "tune_rate": 0.3,
    "frozen_epochs": 2,
    "unfreeze_every": 1,
}


def test_everything_about_training_can_be_set() -> None:
    """The trainer's parameters reach it under their own names."""
    training = chosen_training(Settings(training=TRAINING), MEL, "full", None)
    assert training == replace(FULL_TRAINING, **TRAINING)
    assert set(TRAINING) == {*TRAINER_SETTINGS, "device"}


def test_no_parameter_is_out_of_reach() -> None:
    """What a network or a training has, a setting has; the rest follows from other settings."""
    network = {field.name for field in fields(NetworkParameters)}
    of_features = {"layers", "encoder", "tail_from", "tail_to"}
    assert network - NetworkSettings.model_fields.keys() == {"ratings", *of_features}
    training = {field.name for field in fields(TrainingParameters)}
    assert training - TrainingSettings.model_fields.keys() == {"augmentation"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"network": {"channels": "8,16"}}, r"`network\.…`.*`channels` and `time_pools` must"),
        ({"network": {"embedding_size": 0}}, r"`network\.…`.*`embedding_size` must be ≥ 1"),
        ({"training": {"ratings": "arousal,arousal"}}, r"`training\.ratings`.*must be distinct"),
        ({"network": {"preset": "layers"}}, r"`network\.preset` is `layers`.*`log_mel`"),
        (
            {"network": {"preset": "tail"}},
            r"`network\.preset` is `tail`.*`log_mel`.*`encoder_states`",
        ),
        ({"network": {"adapter_rank": 4}}, r"`network\.…`.*`adapter_rank` is about the layers"),
    ],
)
def test_settings_that_contradict_each_other_are_named(given, message: str) -> None:
    """One line says which they are."""
    with pytest.raises(PipelineError, match=message) as caught:
        chosen_network(Settings(**given), MEL, "full")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        ({}, "ridge"),
        ({"loss": "soft_label"}, "ridge"),
        ({"solver": "descent"}, "descent"),
        ({"clip_weights": "votes"}, "descent"),
    ],
)
def test_a_light_head_is_solved_for_where_that_can_be(training, expected: str) -> None:
    """What ridge regression cannot learn is learned step by step."""
    assert chosen_solver(Settings(training=training), LAYER_HEAD) == expected


def test_ridge_that_cannot_learn_what_is_asked_is_refused() -> None:
    """With the setting that is in its way."""
    ridge = {"solver": "ridge"}
    with pytest.raises(PipelineError, match=r"`ridge`.*the network is no `layers` or `tail`"):
        chosen_solver(Settings(training=ridge), CRNN)
    with pytest.raises(PipelineError, match=r"`ridge`.*`training\.clip_weights` is set"):
        chosen_solver(Settings(training={**ridge, "clip_weights": "votes"}), LAYER_HEAD)


def test_a_gpu_that_is_not_there_is_refused() -> None:
    """Training never falls back in silence, but `auto` takes what there is."""
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(PipelineError, match=r"`training\.…`: `device` is `cuda`.*no GPU"):
        chosen_training(Settings(training={"device": "cuda"}), MEL, "full", None)
    auto = chosen_training(Settings(training={"device": "auto"}), MEL, "full", None)
    assert auto.device == "cpu"
