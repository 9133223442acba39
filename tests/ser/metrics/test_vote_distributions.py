"""Metrics against the votes, with scipy and bare formulas as references."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import distance

from ser.errors import ConfigurationError
from ser.metrics.classification import classification_statistic
from ser.metrics.posteriors import one_hot
from ser.metrics.vote_distributions import vote_statistic


@pytest.fixture(params=range(3))
def opinions(request) -> tuple[np.ndarray, np.ndarray]:
    """Return shares of five voters over four classes, and a posterior, for 80 clips."""
    rng = np.random.default_rng(request.param)
    belief = rng.dirichlet(np.ones(4), 80)
    votes = np.stack([rng.multinomial(5, row) for row in belief]) / 5
    return votes, 0.5 * belief + 0.5 * rng.dirichlet(np.ones(4), 80)


def test_divergences_equal_those_of_scipy(opinions):
    """Cross-entropy is the divergence plus the entropy; the distance is in bits."""
    votes, model = opinions
    found = vote_statistic(votes, model).evaluate()
    divergence = stats.entropy(votes, model, axis=1)
    expected = {
        "kl_divergence": divergence.mean(),
        "cross_entropy": (divergence + stats.entropy(votes, axis=1)).mean(),
        "js_distance": distance.jensenshannon(votes, model, base=2, axis=1).mean(),
        "cosine_similarity": np.mean(
            [1 - distance.cosine(v, p) for v, p in zip(votes, model, strict=True)]
        ),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_entropy_correlation_equals_that_of_scipy(opinions):
    """Whether the model hesitates where people differ."""
    entropies = (stats.entropy(rows, axis=1) for rows in opinions)
    expected = stats.pearsonr(*entropies).statistic
    found = vote_statistic(*opinions).evaluate()
    assert found["entropy_correlation"] == pytest.approx(expected, abs=1e-12)


def test_soft_accuracy_is_one_less_the_total_variation(opinions):
    """Half the city-block distance is what the two do not share."""
    votes, model = opinions
    expected = np.mean(
        [1 - distance.cityblock(v, p) / 2 for v, p in zip(votes, model, strict=True)]
    )
    assert vote_statistic(votes, model).evaluate()["soft_accuracy"] == pytest.approx(expected)


def test_soft_f1_equals_the_bare_formula(opinions):
    """The mean over classes of shared mass by total mass."""
    votes, model = opinions
    per_class = [
        2
        * sum(min(v[c], p[c]) for v, p in zip(votes, model, strict=True))
        / (votes[:, c].sum() + model[:, c].sum())
        for c in range(4)
    ]
    found = vote_statistic(votes, model).evaluate()
    assert found["soft_macro_f1"] == pytest.approx(np.mean(per_class), abs=1e-12)


def test_expected_accuracy_is_met_by_random_voters():
    """Drawing one of the voters of each clip again and again comes to the same share."""
    rng = np.random.default_rng(0)
    votes = rng.dirichlet(np.ones(3), 50)
    model = rng.dirichlet(np.ones(3), 50)
    drawn = [
        rng.choice(3, size=4000, p=row) == p.argmax() for row, p in zip(votes, model, strict=True)
    ]
    found = vote_statistic(votes, model).evaluate()
    # 200,000 draws have a standard error of .001.
    assert found["expected_accuracy"] == pytest.approx(np.mean(drawn), abs=0.005)
    assert found["expected_accuracy"] <= found["expected_accuracy_limit"]


def test_sure_votes_and_sure_models_give_the_hard_metrics():
    """With one-hot rows, soft F1 and accuracy are F1 and accuracy."""
    rng = np.random.default_rng(1)
    truth, prediction = rng.integers(4, size=(2, 90))
    found = vote_statistic(one_hot(truth, 4), one_hot(prediction, 4)).evaluate()
    hard = classification_statistic(truth, prediction, list("abcd")).evaluate()
    assert found["soft_macro_f1"] == pytest.approx(hard["macro_f1"], abs=1e-12)
    assert found["soft_accuracy"] == pytest.approx(hard["war"], abs=1e-12)
    assert found["expected_accuracy"] == pytest.approx(hard["war"], abs=1e-12)


def test_a_model_that_says_what_people_say_is_perfect(opinions):
    """Distances are 0 and likenesses 1."""
    votes, _ = opinions
    found = vote_statistic(votes, votes).evaluate()
    assert found["kl_divergence"] == pytest.approx(0, abs=1e-12)
    assert found["js_distance"] == pytest.approx(0, abs=1e-7)
    likenesses = ("cosine_similarity", "soft_accuracy", "soft_macro_f1", "entropy_correlation")
    assert [found[name] for name in likenesses] == pytest.approx([1.0] * 4, abs=1e-12)


def test_one_class_missing_is_left_out_of_soft_f1():
    """A class nobody names and no model allows for has no F1."""
    rows = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    assert vote_statistic(rows, rows).evaluate()["soft_macro_f1"] == pytest.approx(1)


def test_votes_of_other_clips_are_refused():
    """Both arguments are named."""
    with pytest.raises(ConfigurationError, match="`vote_posterior` and `model_posterior` must be"):
        vote_statistic(np.full((2, 2), 0.5), np.full((3, 2), 0.5))
