"""Descent above an encoder can begin with a head that was solved for."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import softmax

from ser.encoders.ridge import fit_ridge
from ser.errors import ConfigurationError
from ser.inference.predictor import predict
from ser.models.encoder_tail import encoder_weights
from ser.training.loop import train_classifier
from ser.training.parameters import TAIL_TRAINING
from ser.training.ridge_start import with_ridge_head
from tests.ser.models.encoder_tails import build_tail, states_of, tail_parameters

RNG = np.random.default_rng(0)
LABELS = np.arange(36) % 3
SPEAKERS = [f"s{number // 9}" for number in range(36)]
HEARD = [
    ((0.02 + 0.1 * label) * RNG.standard_normal(RNG.integers(3000, 6000))).astype(np.float32)
    for label in LABELS
]


@pytest.mark.parametrize("rank", [0, 2])
def test_before_it_learns_it_says_what_the_solved_head_says(tiny, rank):
    """Of the statistics of the very same layers."""
    folder = tiny("hubert")
    model = tail_parameters(folder, bottom=0, adapter_rank=rank)
    states = states_of(folder, HEARD, layer=0)
    before = torch.get_rng_state()
    initial = with_ridge_head(
        encoder_weights(str(folder), model), states, LABELS, SPEAKERS, model=model, n_classes=3
    )
    assert torch.equal(torch.get_rng_state(), before)
    # Frozen, and at a rate at which nothing moves.
    trained = train_classifier(
        states,
        np.eye(3)[LABELS],
        classes=("a", "b", "c"),
        feature_set="test",
        sample_rate=16000,
        initial=initial,
        model=model,
        training=replace(TAIL_TRAINING, epochs=1, learning_rate=1e-12),
    )
    pooled = build_tail(folder, bottom=0).pool(states).numpy()
    solved = fit_ridge(pooled, LABELS, SPEAKERS, n_classes=3, n_folds=4)
    expected = softmax(solved.logits(pooled), axis=1)
    np.testing.assert_allclose(predict(trained, states).posterior, expected, atol=1e-4)


def test_a_hidden_layer_is_refused(tiny):
    """Nothing linear is left to solve for."""
    folder = tiny("hubert")
    model = tail_parameters(folder, bottom=0, embedding_size=8)
    states = states_of(folder, HEARD, layer=0)
    with pytest.raises(ConfigurationError, match=r"without a hidden layer .* `embedding_size` = 8"):
        with_ridge_head({}, states, LABELS, SPEAKERS, model=model, n_classes=3)
