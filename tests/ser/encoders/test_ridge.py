"""The closed-form head equals a reference, and is chosen on training speakers."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.kernel_ridge import KernelRidge
from sklearn.preprocessing import StandardScaler

from ser.encoders.ridge import fit_ridge
from ser.errors import ConfigurationError
from ser.metrics.calibration import negative_log_likelihood
from ser.metrics.posteriors import one_hot

RNG = np.random.default_rng(0)
N = 120
LABELS = np.tile(np.arange(3), N // 3)
SPEAKERS = [f"s{index // 12}" for index in range(N)]
FEATURES = RNG.standard_normal((N, 2, 40)).astype(np.float32)
FEATURES[:, 1, :6] += RNG.standard_normal((3, 6)).astype(np.float32)[LABELS]


def fit(**changes):
    """Return a head."""
    return fit_ridge(FEATURES, LABELS, SPEAKERS, **{"n_classes": 3, **changes})


def test_logits_are_those_of_the_reference_up_to_their_scale():
    """scikit-learn's kernel ridge on the same standardised statistics."""
    head = fit(penalties=[0.7])
    flat = StandardScaler().fit_transform(FEATURES.reshape(N, -1))
    truth = one_hot(LABELS, 3)
    reference = KernelRidge(alpha=0.7 * flat.shape[1]).fit(flat, truth - truth.mean(axis=0))
    expected = reference.predict(flat)
    found = head.logits(FEATURES)
    np.testing.assert_allclose(found / found.std(), expected / expected.std(), atol=1e-4)


def test_the_penalty_with_the_best_uar_on_new_speakers_is_taken():
    """Too little and too much are both worse than something between."""
    head = fit(penalties=[1e-6, 1.0, 1e6])
    assert head.penalty == 1.0
    assert head.dev_uar == max(fit(penalties=[p]).dev_uar for p in (1e-6, 1.0, 1e6))


def test_posteriors_are_calibrated_on_speakers_left_out():
    """The scale of the logits makes clips of new speakers less surprising than bare scores."""
    head = fit(penalties=[1.0])
    new = RNG.standard_normal((N, 2, 40)).astype(np.float32)
    new[:, 1, :6] += FEATURES[:, 1, :6].reshape(-1, 3, 6).mean(axis=0)[LABELS]
    posterior = softmax(head.logits(new).astype(float), axis=1)
    uniform = np.full_like(posterior, 1 / 3)
    assert negative_log_likelihood(LABELS, posterior) < negative_log_likelihood(LABELS, uniform)


def test_equal_arguments_give_equal_heads():
    """Nothing is random but the folds, which the seed deals."""
    assert np.array_equal(fit(seed=3).weights, fit(seed=3).weights)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"penalties": []}, r"`penalties` must be at least one number > 0, got \[\]"),
        ({"penalties": [0.0]}, "`penalties` must be at least one number > 0"),
        ({"n_classes": 2}, r"`labels` must lie in 0 … 1"),
        ({"n_folds": 11}, "`n_folds` must lie between 2 and the 10 speakers"),
    ],
)
def test_what_cannot_be_solved_is_refused(changes, message):
    """Before anything is solved."""
    with pytest.raises(ConfigurationError, match=message):
        fit(**changes)
