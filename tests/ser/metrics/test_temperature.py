"""Temperature scaling against a search over a grid."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import log_loss

from ser.errors import ConfigurationError
from ser.metrics.calibration import expected_calibration_error
from ser.metrics.posteriors import one_hot
from ser.metrics.temperature import HIGHEST, LOWEST, Temperature, fit_temperature


@pytest.fixture
def overconfident() -> tuple[np.ndarray, np.ndarray]:
    """Return labels drawn from a posterior, and logits two and a half times as large as right."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2000, 5)) * 1.5
    truth = np.array([rng.choice(5, p=row) for row in softmax(logits, axis=1)])
    return truth, 2.5 * logits


def test_fit_finds_the_factor_of_the_logits(overconfident):
    """What was multiplied is divided again, within what 2,000 clips can tell."""
    truth, logits = overconfident
    found = fit_temperature(one_hot(truth, 5), softmax(logits, axis=1))
    assert found.value == pytest.approx(2.5, rel=0.08)
    assert found.dev_clips == 2000


def test_fit_equals_the_best_of_a_grid(overconfident):
    """No temperature on a fine grid has a smaller log loss."""
    truth, logits = overconfident
    grid = np.linspace(2, 3, 101)
    losses = [log_loss(truth, softmax(logits / value, axis=1)) for value in grid]
    found = fit_temperature(one_hot(truth, 5), softmax(logits, axis=1))
    assert found.value == pytest.approx(grid[np.argmin(losses)], abs=0.005)
    assert found.dev_nll_scaled == pytest.approx(min(losses), abs=1e-5)
    assert found.dev_nll == pytest.approx(log_loss(truth, softmax(logits, axis=1)), abs=1e-9)


def test_scaling_mends_the_calibration_of_clips_it_was_not_fitted_on(overconfident):
    """The error of the other half falls."""
    truth, logits = overconfident
    posterior = softmax(logits, axis=1)
    found = fit_temperature(one_hot(truth[:1000], 5), posterior[:1000])
    before = expected_calibration_error(truth[1000:], posterior[1000:])
    after = expected_calibration_error(truth[1000:], found.apply(posterior[1000:]))
    assert after < before / 3


def test_posterior_and_logits_are_scaled_alike(overconfident):
    """A posterior is its logits up to a constant; the predicted class stays."""
    _, logits = overconfident
    temperature = Temperature(3.0, 1, 1.0, 1.0)
    scaled = temperature.apply(softmax(logits, axis=1))
    assert scaled == pytest.approx(temperature.apply_to_logits(logits), abs=1e-12)
    assert np.array_equal(scaled.argmax(axis=1), logits.argmax(axis=1))


def test_vote_distributions_are_targets_too():
    """A model as split as the voters needs no temperature."""
    votes = np.array([[0.7, 0.3], [0.2, 0.8]])
    assert fit_temperature(votes, votes).value == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("truth", "value"), [([0, 1], LOWEST), ([1, 0], HIGHEST)], ids=["no mistake", "all wrong"]
)
def test_clips_that_bound_nothing_give_the_limit(truth, value):
    """Perfect or hopeless dev clips do not give an endless temperature."""
    said = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert fit_temperature(one_hot(np.array(truth), 2), said).value == value


def test_a_model_that_says_nothing_keeps_its_temperature():
    """Any temperature would do; 1 changes nothing."""
    assert fit_temperature(np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])).value == 1.0


def test_scaling_never_harms_the_clips_it_was_fitted_on():
    """The likelihood is at its best, also with zeros in the posterior."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        said = rng.dirichlet(np.full(3, 0.2), 30)
        said[0] = [1, 0, 0]
        found = fit_temperature(rng.dirichlet(np.ones(3), 30), said)
        assert found.dev_nll_scaled <= found.dev_nll + 1e-12


def test_what_does_not_fit_is_refused():
    """A temperature must be positive, and targets be of the same clips."""
    with pytest.raises(ConfigurationError, match="`value` of a temperature must be > 0, but got 0"):
        Temperature(0.0, 1, 1.0, 1.0)
    with pytest.raises(ConfigurationError, match="`dev_targets` and `dev_posterior` must be of"):
        fit_temperature(np.array([[1.0, 0.0]]), np.full((2, 2), 0.5))
