"""Intervals hold other seeds and other speakers, the same ones for every strategy."""

import numpy as np
import pytest
from sklearn.metrics import recall_score

from pipelines.simulation.resampling import (
    Resamples,
    draw_means,
    draw_recalls,
    draw_resamples,
    draw_uar,
    estimate,
)
from pipelines.simulation.tally import tally_replays
from tests.pipelines.simulation.testing import CLASSES, make_replays


def test_uar_is_that_of_the_drawn_clips():
    """Seed by seed and with speakers repeated, it is scikit-learn's mean recall."""
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=(4, 30))
    said = rng.integers(3, size=(2, 4, 30))
    hits = np.stack([(said == truth) & (truth == c) for c in range(3)], -1).sum(2).astype(float)
    clips = np.stack([(truth == c).sum(1) for c in range(3)], -1).astype(float)
    drawn = Resamples(np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0, 3, 0], [1, 1, 1, 1]]))
    found = draw_recalls(hits, clips, drawn).mean(axis=1)
    rows = [0, 2, 2, 2]
    first = recall_score(truth[rows].ravel(), said[0][rows].ravel(), average="macro")
    both = [recall_score(truth.ravel(), one.ravel(), average="macro") for one in said]
    assert found.tolist() == pytest.approx([first, np.mean(both)])


def test_first_draw_is_the_estimate():
    """Every seed and every speaker once."""
    drawn = draw_resamples(3, 5, 10, seed=1)
    assert drawn.seeds[0].tolist() == [1] * 3
    assert drawn.speakers[0].tolist() == [1] * 5
    assert draw_means(np.array([[1.0], [2.0], [6.0]]), drawn)[0].tolist() == [3.0]


def test_class_that_a_draw_lacks_takes_no_part():
    """UAR is over the classes that the drawn speakers have clips of."""
    hits = np.array([[[3.0, 0.0], [0.0, 4.0]]])
    clips = np.array([[4.0, 0.0], [0.0, 4.0]])
    drawn = Resamples(np.ones((1, 1)), np.array([[2.0, 0.0]]))
    assert draw_recalls(hits, clips, drawn).tolist()[0] == pytest.approx(
        [0.75, np.nan], nan_ok=True
    )


def test_single_seed_and_speaker_have_no_interval():
    """Nothing to draw from is no certainty."""
    drawn = draw_resamples(1, 1, 100, seed=0)
    (found,) = estimate(np.full((len(drawn.seeds), 1), 0.5))
    assert found.value == 0.5
    assert np.isnan([found.low, found.high]).all()


def test_interval_covers_what_it_promises():
    """With effects of seeds and of speakers, 95 % intervals hold the truth about as often."""
    rng, covered, rounds = np.random.default_rng(7), 0, 150
    for number in range(rounds):
        shares = 0.6 + 0.06 * rng.standard_normal((12, 1, 1)) + 0.06 * rng.standard_normal((12, 1))
        replays = make_replays({"a": (0.6,)}, votes=(100,), seeds=1, folds=(range(12),), clips=30)
        tallies = tally_replays(replays, len(CLASSES))
        hits = rng.binomial(30, np.clip(np.broadcast_to(shares, (12, 12, 3)), 0, 1))[..., None]
        tally = type(tallies["a"])(**{**vars(tallies["a"]), "hits": hits.astype(float)})
        drawn = draw_resamples(12, 12, 300, seed=number)
        (found,) = estimate(draw_uar(tally, tallies, drawn))
        covered += found.low <= 0.6 <= found.high
    # Percentile intervals of 12 seeds and 12 speakers are a little narrow.
    assert 0.88 <= covered / rounds <= 0.99
