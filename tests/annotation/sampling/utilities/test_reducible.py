"""Reducible uncertainty leaves alone what no vote would settle."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from annotation.clips import separate_uncertainty
from annotation.errors import SamplingError
from annotation.sampling import entropy, expect_ambiguity, reducible
from annotation.testing import fill_votes
from annotation.votes import build_vote_matrix

CLASSES = ("anger", "calm", "joy")


def test_it_is_the_entropy_above_the_ambiguity() -> None:
    """And never below 0."""
    posterior = np.random.default_rng(0).dirichlet([0.5] * 3, 50)
    ambiguity = np.random.default_rng(1).uniform(0, 1, 50)
    found = reducible(posterior, ambiguity)
    np.testing.assert_allclose(found, np.maximum(entropy(posterior) - ambiguity, 0))
    assert (found == 0).any()


def make_pool(clips: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return embeddings, P(answer) of each clip, and which clips are ambiguous by nature.

    Half of the clips lie far along the first axis, where people hear any class alike; the
    others are one of three classes, which people hear and which the other axes tell.
    """
    rng = np.random.default_rng(seed)
    is_ambiguous = rng.random(clips) < 0.5
    truth = rng.integers(3, size=clips)
    embeddings = rng.normal(size=(clips, 6))
    embeddings[:, 0] += np.where(is_ambiguous, 3.0, -3.0)
    # The classes of the clear half overlap too little to be ambiguous, and too much to be learned
    # from a few clips.
    embeddings[np.arange(clips), 1 + truth] += np.where(is_ambiguous, 0.0, 2.0)
    answers = np.where(is_ambiguous[:, None], [0.34, 0.32, 0.34], 0.02 + 0.94 * np.eye(3)[truth])
    return embeddings, answers, is_ambiguous


def cast(answers: np.ndarray, votes: int, seed: int) -> np.ndarray:
    """Return votes per clip and class."""
    return np.random.default_rng(seed).multinomial(votes, answers)


@pytest.mark.parametrize("seed", range(5))
def test_entropy_burns_votes_on_ambiguous_clips_and_it_does_not(seed: int) -> None:
    """A model of 60 clips with five votes each ranks 2,000 others, half of them ambiguous."""
    embeddings, answers, is_ambiguous = make_pool(2060, seed)
    counts = cast(answers[:60], 5, seed)
    model = LogisticRegression(C=0.3)
    where, label = np.nonzero(counts)
    model.fit(embeddings[where], label, sample_weight=counts[where, label])
    posterior = model.predict_proba(embeddings[60:])
    rows = {
        "clip_id": [f"{clip:03d}" for clip in where],
        "label": [CLASSES[name] for name in label],
        "count": counts[where, label].tolist(),
    }
    doubt = separate_uncertainty(build_vote_matrix(fill_votes(rows), CLASSES))
    ambiguity = expect_ambiguity(
        doubt.ambiguity, doubt.votes, embeddings[:60], embeddings[60:], n_classes=3
    )
    by_entropy, by_reducible = (
        is_ambiguous[60:][np.argsort(-utility)[:200]].mean()
        for utility in (entropy(posterior), reducible(posterior, ambiguity))
    )
    assert by_entropy > 0.6
    assert by_reducible < 0.1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([0.1, np.nan], "row 1 of `ambiguity` must be finite and at least 0, but is nan"),
        ([-0.1, 0.1], "row 0 of `ambiguity`"),
        ([0.1], "one number for each of the 2 clips of `posterior`, but has 1"),
        ([[0.1], [0.1]], r"one number per clip, but has shape \(2, 1\)"),
    ],
)
def test_a_wrong_ambiguity_is_refused(wrong: list[object], message: str) -> None:
    """With the row or the shape."""
    with pytest.raises(SamplingError, match=message):
        reducible([[0.5, 0.5], [0.9, 0.1]], wrong)
