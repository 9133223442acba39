"""The spread of answers between clips is found from the votes."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import gammaln

from annotation.clips import fit_dirichlet


def draw(alpha: list[float], clips: int, votes: int, seed: int = 0) -> np.ndarray:
    """Draw counts of clips whose answer distributions come from a Dirichlet."""
    rng = np.random.default_rng(seed)
    return np.array([rng.multinomial(votes, p) for p in rng.dirichlet(alpha, clips)])


def log_likelihood(alpha: np.ndarray, counts: np.ndarray) -> float:
    """Return the Dirichlet-multinomial log likelihood by its bare formula, constants left out."""
    size, strength = counts.sum(axis=1), alpha.sum()
    rows = gammaln(strength) - gammaln(size + strength)
    return float(rows.sum() + (gammaln(counts + alpha) - gammaln(alpha)).sum())


def test_the_distribution_the_clips_were_drawn_from_is_found() -> None:
    """Four thousand clips of eight votes tell the pseudo-votes to a tenth."""
    alpha = [0.3, 1.0, 2.0]
    found = fit_dirichlet(draw(alpha, 4000, 8))
    assert found.converged
    assert found.alpha == pytest.approx(alpha, rel=0.1)


def test_no_search_of_scipy_finds_a_likelier_one() -> None:
    """The fixed point is the maximum of the likelihood written out."""
    counts = draw([0.5, 0.9, 0.2], 300, 6, seed=3)
    found = fit_dirichlet(counts)
    best = minimize(lambda log: -log_likelihood(np.exp(log), counts), np.zeros(3), tol=1e-10)
    assert found.alpha == pytest.approx(np.exp(best.x), rel=1e-3)


@pytest.mark.parametrize(
    "counts", [np.zeros((0, 3), int), np.eye(3, dtype=int)], ids=["no-clips", "single-votes"]
)
def test_without_two_votes_on_a_clip_the_strength_is_c(counts: np.ndarray) -> None:
    """Votes that cannot disagree say nothing of disagreement."""
    found = fit_dirichlet(counts)
    assert found.alpha.tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert (found.iterations, found.converged) == (0, True)


def test_an_unfinished_search_says_so() -> None:
    """Convergence is reported, never assumed."""
    found = fit_dirichlet(draw([0.3, 1.0, 2.0], 50, 8), max_iterations=1)
    assert not found.converged
    assert found.change > 1e-6
