"""Weights of sound and words: the more a side knows of strangers, the more it counts."""

import numpy as np
import pytest
import torch

from ser.fusion.late import fit_late_weights


def say(labels: np.ndarray, strength: float, seed: int) -> torch.Tensor:
    """Return logits that favour the truth by a strength, under noise of deviation 1."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(len(labels), 3, generator=generator)
    return noise + strength * torch.eye(3)[torch.from_numpy(labels)]


def test_the_weights_are_those_of_the_likelihood():
    """Gaussian logits of deviation 1 that favour the truth by k are worth k times themselves."""
    labels = np.arange(6000) % 3
    found = fit_late_weights(say(labels, 1.0, 1), say(labels, 0.5, 2), labels)
    torch.testing.assert_close(found, torch.tensor([1.0, 0.5]), atol=0.06, rtol=0)


@pytest.mark.parametrize("silent", [0, 1])
def test_a_side_that_tells_nothing_hardly_counts(silent: int):
    """Noise gets a weight near 0, on whichever side it is."""
    labels = np.arange(3000) % 3
    sides = [say(labels, 1.0, 1), say(labels, 0.0, 2)]
    found = fit_late_weights(*(sides if silent else sides[::-1]), labels)
    assert found[silent] < 0.1
    assert found[1 - silent] > 0.8


def test_weights_stay_finite_where_all_is_right():
    """A few clips that both sides judge right do not make either infallible."""
    labels = np.arange(6) % 3
    found = fit_late_weights(say(labels, 9.0, 1), say(labels, 9.0, 2), labels)
    assert found.isfinite().all()
    assert (found > 0).all()
