"""Settings of a training."""

import math

import pytest

from ser.errors import ConfigurationError
from ser.training.parameters import TrainingParameters


@pytest.mark.parametrize(("clips", "epochs"), [(1, 100), (16, 100), (17, 50), (320, 5), (3200, 1)])
def test_a_budget_of_updates_gives_whole_epochs(clips, epochs):
    """Few clips are seen more often, and every clip at least once."""
    assert TrainingParameters(updates=100, batch_size=16).count_epochs(clips) == epochs


def test_without_a_budget_the_number_of_epochs_is_as_given():
    """The number of clips does not matter."""
    assert TrainingParameters(epochs=7).count_epochs(1) == 7


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epochs": 0}, "`epochs` must be > 0"),
        ({"updates": 0}, "`updates` must be ≥ 1"),
        ({"learning_rate": 0.0}, "`learning_rate`"),
        ({"weight_decay": -1.0}, "`weight_decay` must be ≥ 0"),
        ({"label_smoothing": 1.0}, r"`label_smoothing` must lie in \[0, 1\)"),
        ({"ema": 1.0}, r"`ema` must lie in \[0, 1\), but got 1\.0"),
        ({"mixup": -0.1}, "`mixup` must be ≥ 0"),
        ({"patience": 0}, "`patience` must be ≥ 1 or None"),
        ({"balance": 1.1}, r"`balance` must lie in \[0, 1\]"),
        ({"clip_norm": math.nan}, "`clip_norm` must be > 0, but got nan"),
        ({"precision": "double"}, "`precision` must be one of .*half.*, but got `double`"),
        ({"schedule": "linear"}, "`schedule` must be one of .*one_cycle.*, but got `linear`"),
        ({"semi": "remixmatch"}, "`semi` must be one of .*mean_teacher.*, but got `remixmatch`"),
        ({"domain": "dann"}, "`domain` must be one of .*adversarial.*, but got `dann`"),
        ({"semi_weight": 0.0}, "`semi_weight` must be > 0"),
        ({"domain_weight": -1.0}, "`domain_weight` must be > 0"),
        ({"semi_threshold": 1.0}, r"`semi_threshold` must lie in \(0, 1\)"),
        ({"semi_ratio": 0}, "`semi_ratio` must be ≥ 1"),
        ({"loss": "hinge"}, "`loss` must be one of .*focal.*, but got `hinge`"),
    ],
)
def test_settings_out_of_range_are_refused(wrong, message):
    """The message names the setting."""
    with pytest.raises(ConfigurationError, match=message):
        TrainingParameters(**wrong)


@pytest.mark.parametrize(
    ("given", "decay"),
    [({}, 0), ({"ema": 0.5}, 0.5), ({"semi": "fixmatch"}, 0.99), ({"domain": "coral"}, 0)],
)
def test_what_teaches_is_an_average(given, decay):
    """Where nothing teaches, there is one only if it is asked for."""
    assert TrainingParameters(**given).averaging == decay
    both = TrainingParameters(**{"semi": "mean_teacher", **given, "ema": 0.5})
    assert both.averaging == 0.5
