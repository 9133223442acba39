"""What is estimated is what its name says, and each way to estimate it is told apart."""

import numpy as np
import pytest

from annotation.errors import AnnotationError
from annotation.estimates import (
    Arms,
    agreement_with_intended,
    agreement_with_model,
    class_share,
    estimate_pool,
    pair_disagreement,
    tied_votes,
)
from tests.annotation.estimates.campaigns import CLASSES, make_pool, run_campaign

NAMES = [f"class-{index}" for index in range(CLASSES)]
UNKNOWN = [np.nan, np.nan]


def test_a_tie_is_shared_among_the_leading_classes() -> None:
    """Half a clip each; a clip without an answer stays without."""
    found = class_share([[0.5, 0.5], [0.9, 0.1], UNKNOWN], ["calm", "joy"])
    np.testing.assert_array_equal(found.values, [[0.5, 0.5], [1, 0], UNKNOWN])


def test_disagreement_does_not_grow_with_the_number_of_people() -> None:
    """Votes of few and of many from one distribution disagree equally on average."""
    rng, shares = np.random.default_rng(0), [0.6, 0.3, 0.1]
    means = [
        pair_disagreement(rng.multinomial(people, shares, size=20_000)).values.mean()
        for people in (2, 3, 9)
    ]
    assert means == pytest.approx([1 - sum(share**2 for share in shares)] * 3, abs=0.012)


def test_ties_need_two_people() -> None:
    """A single vote leads by itself and tells nothing of agreement."""
    found = tied_votes([[1, 1, 0], [2, 1, 0], [1, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(found.values[:, 0], [1, 0, np.nan, np.nan])


def test_agreement_compares_labels_with_models_and_intentions() -> None:
    """The model's likeliest class and the design's; a shared label counts half."""
    posterior = [[0.9, 0.1], [0.5, 0.5], UNKNOWN]
    guess = [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]]
    model = agreement_with_model(posterior, guess)
    np.testing.assert_array_equal(model.values[:, 0], [1, 0.5, np.nan])
    assert model.predictions[:, 0].tolist() == [0.7, 0.8, 0.6]
    assert model.saw_seed
    intended = agreement_with_intended(posterior, [1, 0, 0], guess)
    np.testing.assert_array_equal(intended.values[:, 0], [0, 0.5, np.nan])
    assert intended.predictions[:, 0].tolist() == [0.3, 0.2, 0.6]


def test_every_way_is_told_and_only_the_naive_one_misleads() -> None:
    """The truth lies in the corrected interval of the commonest class, not in the naive one."""
    rng = np.random.default_rng(3)
    pool = make_pool(rng, clips=1500)
    arms = run_campaign(pool.utility, rng, seed=150, active=100, random=50)
    posterior = np.where(arms.is_asked[:, None], pool.labels, np.nan)
    rows = estimate_pool([class_share(posterior, NAMES, pool.guess)], arms)
    assert len(rows) == 4 * CLASSES
    first = {row.method: row for row in rows if row.label == NAMES[0]}
    covers = {name: row.low <= pool.truth[0] <= row.high for name, row in first.items()}
    assert covers == {"naive": False, "corrected": True, "random": True, "assisted": True}
    assert first["random"].clips < first["corrected"].clips == arms.is_asked.sum()


def test_without_a_model_nothing_is_assisted() -> None:
    """The fourth way needs predictions."""
    arms = Arms.checked(seed=[1, 1, 0], active=[0, 0, 0], random=[0, 0, 0])
    rows = estimate_pool([tied_votes([[1, 1], [2, 0], [0, 0]])], arms)
    assert [row.method for row in rows] == ["naive", "corrected", "random"]
    assert [row.value for row in rows] == [0.5, 0.5, 0.5]


def test_classes_must_fit_the_posterior() -> None:
    """A name too many would shift the shares."""
    with pytest.raises(AnnotationError, match="column for each of the 3 classes, but has 2"):
        class_share([[0.5, 0.5]], ["a", "b", "c"])
    with pytest.raises(AnnotationError, match=r"has shape \(2,\)"):
        class_share([0.5, 0.5], ["a", "b"])
