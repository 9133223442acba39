"""What tells trainings apart, and that those that began earlier are still known."""

import numpy as np

from ser.features.ragged import RaggedFeatures
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
    assert list(without_defaults(plain(TrainingParameters()))) == NAMES_BEFORE
    set_all = TrainingParameters(
        semi="fixmatch",
        semi_weight=2.0,
        semi_threshold=0.9,
        semi_ratio=3,
        semi_balance=False,
        domain="coral",
        domain_weight=2.0,
        balance_groups=True,
    )
    assert list(without_defaults(plain(set_all))) == [*NAMES_BEFORE, *LATER]
