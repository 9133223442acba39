"""How to pretrain: what cannot work is refused."""

import pytest

from ser.errors import ConfigurationError
from ser.pretraining.parameters import PretrainingParameters


@pytest.mark.parametrize(
    ("name", "value", "claim"),
    [
        ("epochs", 0, "be ≥ 1"),
        ("updates", 0, "be ≥ 1"),
        ("batch_size", 1, "be ≥ 2"),
        ("temperature", 0.0, "be > 0"),
        ("supervised", -1.0, "be ≥ 0"),
        ("shortest_crop", 0.0, r"lie in \(0, 1\]"),
        ("warmup", 1.0, r"lie in \[0, 1\)"),
        ("objective", "byol", "be one of"),
        ("negatives", "session", "be one of"),
    ],
)
def test_what_lies_outside_its_range_is_refused(name, value, claim):
    """The message names the parameter, the range and the value."""
    with pytest.raises(ConfigurationError, match=f"`{name}` must {claim}.*{value}"):
        PretrainingParameters(**{name: value})


def test_a_budget_of_updates_replaces_the_epochs():
    """Rounded up to whole epochs."""
    assert PretrainingParameters(updates=7).count_epochs(3) == 3
    assert PretrainingParameters(epochs=5).count_epochs(3) == 5
