"""Light heads learn from training speakers alone, and the same seed gives the same head."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ser.encoders.head_training import (
    HeadTraining,
    fit_head,
    fit_heads,
    fit_logistic,
    judge_with,
    layer_statistics,
)
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.metrics.classification import unweighted_average_recall

RNG = np.random.default_rng(0)
N = 160
LABELS = np.tile(np.arange(4), N // 4)
SPEAKERS = [f"s{index // 20}" for index in range(N)]
# One layer of three carries the class; the others are noise.
FEATURES = RNG.standard_normal((N, 3, 8)).astype(np.float32)
FEATURES[:, 1] += 2.5 * RNG.standard_normal((4, 8)).astype(np.float32)[LABELS]
TRAIN, DEV, TEST = np.arange(80), np.arange(80, 120), np.arange(120, N)
QUICK = HeadTraining(
    size=8,
    input_dropout=0.2,
    epochs=20,
    batch_size=16,
    learning_rate=1e-2,
    weight_decay=0.01,
)


def fit(features=FEATURES, **changes):
    """Return a head trained for a moment."""
    options = {"n_classes": 4, "train": TRAIN, "dev": DEV, "training": QUICK, **changes}
    return fit_head(features, LABELS, **options)


@pytest.mark.parametrize(
    "training",
    [QUICK, replace(QUICK, size=0), replace(QUICK, mixup=0.4)],
    ids=["two layers", "one layer", "mixed"],
)
def test_a_head_learns_what_a_layer_says(training):
    """Test clips of speakers it has never heard are told apart."""
    posterior = judge_with([fit(training=training).network], FEATURES[TEST])
    assert posterior.shape == (len(TEST), 4)
    np.testing.assert_allclose(posterior.sum(axis=1), 1, atol=1e-5)
    assert unweighted_average_recall(LABELS[TEST], posterior.argmax(axis=1), 4) > 0.8


def test_the_layer_that_tells_gains_weight():
    """Noise is weighed down."""
    training = HeadTraining(size=8, epochs=40, learning_rate=1e-2, patience=40)
    weights = fit(training=training, dev=TRAIN).network.layer_weights
    assert weights.sum(dim=1).argmax() == 1


def test_the_same_seed_gives_the_same_head_and_leaves_torch_alone():
    """Training is a function of its arguments."""
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, second, other = fit(seed=1), fit(seed=1), fit(seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(
        torch.equal(value, second.network.state_dict()[name])
        for name, value in first.network.state_dict().items()
    )
    assert not torch.equal(first.network.logits.weight, other.network.logits.weight)


def test_test_clips_are_never_looked_at():
    """Neither standardisation nor the choice of the epoch sees them."""
    changed = FEATURES.copy()
    changed[TEST] = np.nan
    for position, value in fit().network.state_dict().items():
        assert torch.equal(value, fit(changed).network.state_dict()[position])


def test_the_best_epoch_of_the_dev_part_is_kept():
    """What is handed back is what scored the reported UAR."""
    found = fit()
    said = judge_with([found.network], FEATURES[DEV]).argmax(axis=1)
    assert unweighted_average_recall(LABELS[DEV], said, 4) == found.dev_uar
    assert 1 <= found.best_epoch <= QUICK.epochs


def test_training_ends_when_the_dev_part_gains_no_more():
    """Patience bounds the epochs after the best one."""
    training = HeadTraining(size=8, epochs=500, patience=2, learning_rate=1e-2)
    assert fit(training=training).best_epoch < 100


def test_every_training_speaker_is_a_dev_speaker_once():
    """Heads differ in whom they learn from, and agree better together than apart."""
    heads = fit_heads(
        FEATURES, LABELS, SPEAKERS, n_classes=4, train=TRAIN, n_heads=4, training=QUICK
    )
    means = [head.network.mean for head in heads]
    expected = [
        FEATURES[TRAIN][np.asarray([SPEAKERS[i] != speaker for i in TRAIN])].mean(axis=0)
        for speaker in sorted({SPEAKERS[i] for i in TRAIN})
    ]
    for row in expected:
        assert any(np.allclose(mean, row, atol=1e-5) for mean in means)
    together = judge_with([head.network for head in heads], FEATURES[TEST])
    assert unweighted_average_recall(LABELS[TEST], together.argmax(axis=1), 4) > 0.8


def test_logistic_regression_is_the_reference():
    """It reads the same statistics."""
    pipeline = fit_logistic(FEATURES[TRAIN], LABELS[TRAIN], strength=0.1)
    said = pipeline.predict(FEATURES[TEST].reshape(len(TEST), -1))
    assert unweighted_average_recall(LABELS[TEST], said, 4) > 0.8


def test_statistics_of_a_feature_set_become_one_array():
    """A frame per layer, without a copy; frames over time are refused."""
    clips = RaggedFeatures.from_list(list(FEATURES))
    assert np.shares_memory(layer_statistics(clips), clips.values)
    assert np.array_equal(layer_statistics(clips), FEATURES)
    with pytest.raises(ConfigurationError, match="the same number for every clip, but have"):
        layer_statistics(RaggedFeatures.from_list([np.zeros((2, 4)), np.zeros((3, 4))]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dev": np.arange(0)}, "`train` and `dev` must hold clips, but have 80 and 0"),
        ({"n_classes": 3}, r"`labels` must lie in 0 … 2"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(changes, message):
    """Before anything is trained."""
    with pytest.raises(ConfigurationError, match=message):
        fit(**changes)
