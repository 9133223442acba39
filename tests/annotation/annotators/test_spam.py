"""The spammer score against its definition."""

import numpy as np

from annotation.annotators.spam import spammer_score


def test_the_score_equals_the_paper() -> None:
    """Mean over pairs of classes of the squared distance of their answers."""
    rng = np.random.default_rng(0)
    confusion = rng.dirichlet(np.ones(4), size=(5, 4))
    expected = [
        sum(((matrix[c] - matrix[d]) ** 2).sum() for c in range(4) for d in range(c)) / 12
        for matrix in confusion
    ]
    np.testing.assert_allclose(spammer_score(confusion), expected)


def test_one_class_has_no_score() -> None:
    """With a single class there is nothing to tell apart."""
    assert np.isnan(spammer_score(np.ones((2, 1, 1)))).all()
