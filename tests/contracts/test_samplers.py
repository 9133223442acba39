"""What every utility score and every selection promises, whichever score is used."""

import numpy as np
import pytest

from annotation.errors import SamplingError
from annotation.sampling import (
    entropy,
    least_confidence,
    margin,
    max_utility,
    select_round,
)

SCORES = {"entropy": entropy, "least_confidence": least_confidence, "margin": margin}


@pytest.fixture(params=sorted(SCORES))
def strategy(request: pytest.FixtureRequest) -> str:
    """Provide the name of each utility score in turn."""
    return request.param


@pytest.fixture
def posterior() -> np.ndarray:
    """Provide a pool of 40 posteriors in 4 classes."""
    return np.random.default_rng(0).dirichlet([0.5] * 4, size=40)


def ids_of(size: int) -> list[str]:
    """Return distinct clip ids."""
    return [f"clip-{index:03d}" for index in range(size)]


def test_utility_spans_zero_to_its_maximum(strategy: str) -> None:
    """A certain row has utility 0, an even one the maximum, and nothing lies outside."""
    score = SCORES[strategy]
    certain, even = score([[0.0, 1.0, 0.0, 0.0], [0.25] * 4])
    assert certain == 0
    assert even == pytest.approx(max_utility(strategy, 4))


def test_flatter_is_worth_more(strategy: str) -> None:
    """Mixing a row with the even distribution raises its utility."""
    rows = [[0.7 - 0.4 * mix, 0.1 + 0.2 * mix, 0.2 + 0.2 * mix] for mix in (0, 0.3, 0.6, 0.9)]
    assert (np.diff(SCORES[strategy](rows)) > 0).all()


def test_class_order_is_irrelevant(strategy: str, posterior: np.ndarray) -> None:
    """Permuting the classes leaves the utility."""
    score = SCORES[strategy]
    np.testing.assert_allclose(score(posterior), score(posterior[:, ::-1]), atol=1e-12)


def test_empty_pool_scores_empty(strategy: str) -> None:
    """No clips have no utilities."""
    assert SCORES[strategy](np.empty((0, 4))).shape == (0,)


def test_float32_posteriors_are_accepted(strategy: str, posterior: np.ndarray) -> None:
    """What a network's softmax gives in float32 scores like the float64 it stands for."""
    score = SCORES[strategy]
    np.testing.assert_allclose(score(posterior.astype(np.float32)), score(posterior), atol=1e-5)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([[0.5, 0.5], [np.nan, 1.0]], r"row 1 of `posterior` must be probabilities"),
        ([[0.5, 0.5], [0.5, 0.6]], r"row 1 .* \[0\.5, 0\.6\] \(1 such rows\)"),
        ([[2.0, -1.0]], r"row 0 of `posterior`"),
        ([0.5, 0.5], r"must be \(clips, classes\), but has shape \(2,\)"),
    ],
    ids=["nan", "sum", "negative", "one-axis"],
)
def test_a_bad_row_is_named(strategy: str, bad: list[object], message: str) -> None:
    """A row that is no distribution is refused by its number."""
    with pytest.raises(SamplingError, match=message):
        SCORES[strategy](bad)


def test_inputs_stay_untouched(strategy: str, posterior: np.ndarray) -> None:
    """Scoring and selecting write nothing into what they were given."""
    before = posterior.copy()
    utility = SCORES[strategy](posterior)
    kept, clips = utility.copy(), ids_of(40)
    rng = np.random.default_rng(0)
    select_round(clips, utility, budget=7, random_share=0.4, rng=rng)
    np.testing.assert_array_equal(posterior, before)
    np.testing.assert_array_equal(utility, kept)
    assert clips == ids_of(40)


def test_same_seed_same_selection_in_any_pool_order(strategy: str, posterior: np.ndarray) -> None:
    """The order in which the pool is given does not reach the selection."""
    utility = SCORES[strategy](posterior).round(1)
    order = np.random.default_rng(3).permutation(40)
    clips = ids_of(40)
    left = select_round(clips, utility, budget=12, random_share=0.5, rng=np.random.default_rng(7))
    right = select_round(
        [clips[index] for index in order],
        utility[order],
        budget=12,
        random_share=0.5,
        rng=np.random.default_rng(7),
    )
    assert left == right


@pytest.mark.parametrize("share", [0, 0.25, 0.5, 1], ids=lambda share: f"share-{share}")
@pytest.mark.parametrize("budget", [0, 1, 13, 40, 1000], ids=lambda budget: f"budget-{budget}")
def test_the_budget_is_met_exactly(
    strategy: str, posterior: np.ndarray, budget: int, share: float
) -> None:
    """There are min(budget, pool) tasks, and no arm names a clip twice."""
    rng = np.random.default_rng(budget)
    utility = SCORES[strategy](posterior)
    chosen = select_round(ids_of(40), utility, budget=budget, random_share=share, rng=rng)
    assert len(chosen.tasks) == min(budget, 40)
    assert len(set(chosen.active)) == len(chosen.active)
    assert len(set(chosen.random)) == len(chosen.random)
    assert len(chosen.random) == int(min(budget, 40) * share + 0.5)
    assert set(chosen.overlap) == set(chosen.active) & set(chosen.random)


def test_an_empty_pool_gives_an_empty_selection() -> None:
    """A finished campaign is no error."""
    rng = np.random.default_rng(0)
    assert select_round([], [], budget=5, random_share=0.5, rng=rng).picks == ()
