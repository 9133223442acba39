"""What tells trainings apart, and that those that began earlier are still known."""

import numpy as np

from ser.features.ragged import RaggedFeatures
from ser.models.parameters import NetworkParameters, encoder_tail
from ser.training.beside import Beside
from ser.training.dataset import TrainingClips
from ser.training.identity import LATER, identify, plain, without_defaults
from ser.training.parameters import TrainingParameters

# Of the version before clips without labels taught anything.
BEFORE = "270ddbd563e9a83d6b71c11534d4654c662a81c76883a19f38e7d2b5104a906c"
NAMES_BEFORE = [
    "loss",
    "schedule",
    "epochs",
    "updates",
    "batch_size",
    "learning_rate",
    "weight_decay",
    "warmup",
    "clip_norm",
    "gamma",
    "balance",
    "label_smoothing",
    "mixup",
    "ema",
    "patience",
    "device",
    "precision",
    "augmentation",
]


def make_clips() -> TrainingClips:
    """Return two clips."""
    features = RaggedFeatures.from_list(
        [np.arange(8.0).reshape(2, 4), np.arange(12.0).reshape(3, 4)]
    )
    return TrainingClips.checked([features], np.eye(2), ("a", "b"), decided=True)


def test_a_training_from_before_keeps_its_name():
    """Nothing beside the labels leaves no trace in it."""
    assert identify(make_clips(), None, Beside(), {}, []) == BEFORE


def test_later_parameters_are_left_out_where_they_change_nothing():
    """And only there."""
    assert list(without_defaults(plain(TrainingParameters()), TrainingParameters)) == NAMES_BEFORE
    set_all = TrainingParameters(
        semi="fixmatch",
        semi_weight=2.0,
        semi_threshold=0.9,
        semi_ratio=3,
        semi_balance=False,
        domain="coral",
        domain_weight=2.0,
        balance_groups=True,
        tune_rate=0.2,
        frozen_epochs=1,
        unfreeze_every=1,
    )
    of_networks = [*LATER[-4:]]
    told = list(without_defaults(plain(set_all), TrainingParameters))
    assert told + of_networks == [*NAMES_BEFORE, *LATER]


def test_later_sizes_of_a_network_are_left_out_where_there_are_none():
    """A network without an encoder is told as before there were any."""
    told = without_defaults(plain(NetworkParameters()), NetworkParameters)
    assert list(told)[-2:] == ["centred", "layers"]
    tail = encoder_tail("x", bottom=1, top=2)
    assert list(without_defaults(plain(tail), NetworkParameters))[-4:] == list(LATER[-4:])
