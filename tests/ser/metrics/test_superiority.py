"""Whether one model is better than another, or than guessing, as a test of one side tells."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from ser.errors import ConfigurationError
from ser.metrics.classification import unweighted_average_recall
from ser.metrics.superiority import superiority_over, superiority_over_guessing

CLASSES = 3
QUICK = {"n_classes": CLASSES, "resamples": 20}


def draw(seed: int, speakers: int, *, skill: tuple[float, float] = (0.5, 0.5), clips: int = 12):
    """Return truth, what two models say, and speakers; `skill` is how often each is right."""
    generator = np.random.default_rng(seed)
    truth = np.tile(np.arange(clips) % CLASSES, speakers)
    said = [
        np.where(
            generator.random(len(truth)) < right,
            truth,
            generator.integers(CLASSES, size=len(truth)),
        )
        for right in skill
    ]
    return truth, *said, [f"s{number // clips}" for number in range(len(truth))]


def test_p_is_the_share_of_swaps_that_show_as_much() -> None:
    """With few speakers every choice of who is swapped is tried, UARs computed from clips."""
    truth, first, second, names = draw(1, 6, skill=(0.7, 0.4))
    found = superiority_over(truth, first, second, names, **QUICK)

    def gain(swapped: tuple[bool, ...]) -> float:
        is_swapped = np.array([swapped[int(name[1:])] for name in names])
        one, other = np.where(is_swapped, second, first), np.where(is_swapped, first, second)
        uars = [unweighted_average_recall(truth, said, CLASSES) for said in (one, other)]
        return float(uars[0] - uars[1])

    gains = np.array([gain(swapped) for swapped in product([False, True], repeat=6)])
    assert found.difference.estimate == pytest.approx(gains[0])
    assert found.p_value == pytest.approx((gains >= gains[0] - 1e-9).mean())
    assert found.least_p == 1 / 64


def test_the_worse_of_two_has_a_large_p() -> None:
    """One side only: what is clearly worse is not better with confidence."""
    truth, first, second, names = draw(2, 8, skill=(0.2, 0.9))
    assert superiority_over(truth, first, second, names, **QUICK).p_value > 0.99


def test_a_model_is_no_better_than_itself() -> None:
    """Ties count against the candidate."""
    truth, first, _, names = draw(3, 8)
    assert superiority_over(truth, first, first, names, **QUICK).p_value == 1


def test_a_margin_is_asked_for_on_top() -> None:
    """A gain of .3 is more than .1 and not more than .5; and a loss of .1 is allowed by −.3."""
    truth, first, second, names = draw(4, 10, skill=(0.8, 0.4))
    p_values = [
        superiority_over(truth, first, second, names, margin=margin, **QUICK).p_value
        for margin in (0.0, 0.1, 0.5)
    ]
    assert p_values == sorted(p_values)
    assert p_values[1] < 0.05
    assert p_values[2] > 0.5
    truth, worse, better, names = draw(5, 10, skill=(0.6, 0.7))
    assert superiority_over(truth, worse, better, names, margin=-0.4, **QUICK).p_value < 0.01


@pytest.mark.parametrize("speakers", [5, 16])
def test_equal_models_rarely_look_better(speakers: int) -> None:
    """Among trainings of equal skill p is below .05 at most as often as that, exact or drawn."""
    passed = sum(
        superiority_over(
            *draw(seed, speakers), n_classes=CLASSES, resamples=1, permutations=400
        ).p_value
        <= 0.05
        for seed in range(400)
    )
    assert stats.binomtest(passed, 400, 0.05, alternative="greater").pvalue > 0.01


def test_many_speakers_are_drawn_and_p_is_never_zero() -> None:
    """With more choices than permutations, that many are drawn, and one is added for what is."""
    truth, first, second, names = draw(6, 20, skill=(1.0, 0.1))
    found = superiority_over(truth, first, second, names, permutations=199, **QUICK)
    assert found.p_value == found.least_p == 1 / 200


def test_who_knows_is_told_from_who_guesses() -> None:
    """A model whose answers have nothing to do with the clips does not pass."""
    truth, right, _, names = draw(7, 3, skill=(0.8, 0.5))
    knows = superiority_over_guessing(truth, right, names, **QUICK)
    assert knows.p_value < 0.01
    assert knows.reference == pytest.approx(1 / 3)
    assert knows.difference.estimate == pytest.approx(knows.candidate - 1 / 3)
    passed = 0
    for seed in range(300):
        truth, guessed, _, names = draw(seed, 3, skill=(0, 0))
        found = superiority_over_guessing(
            truth, guessed, names, n_classes=CLASSES, resamples=1, permutations=200
        )
        passed += found.p_value <= 0.05
    assert stats.binomtest(passed, 300, 0.05, alternative="greater").pvalue > 0.01


def test_truths_are_shuffled_within_speakers_only() -> None:
    """A model that knows who speaks, each speaker having one emotion, knows nothing of emotion."""
    truth = np.repeat([0, 1, 2], 10)
    found = superiority_over_guessing(truth, truth, [f"s{of}" for of in truth], **QUICK)
    assert found.p_value == 1


def test_guessing_has_one_by_the_classes_that_occur() -> None:
    """A class that no clip belongs to is none that could be guessed right."""
    truth, names = np.array([0, 1] * 10), ["a", "b"] * 10
    found = superiority_over_guessing(truth, truth, names, n_classes=5, resamples=5)
    assert found.reference == 0.5


def test_no_permutation_is_refused() -> None:
    """Nothing could be compared."""
    truth, first, second, names = draw(0, 2)
    with pytest.raises(ConfigurationError, match="`permutations` must be ≥ 1, but got 0"):
        superiority_over(truth, first, second, names, permutations=0, **QUICK)
