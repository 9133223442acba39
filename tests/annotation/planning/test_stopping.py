"""Each criterion says stop, go on or not yet, with its figure; together they only advise."""

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from annotation.planning import (
    Criterion,
    PlanningError,
    advise,
    agreement_of,
    fit_curve,
    gain_per_hour,
    predicted_change,
    stabilising_predictions,
)

RISING = fit_curve([100, 200, 300, 400], [0.40, 0.50, 0.56, 0.60], [0.005] * 4)
FLAT = fit_curve([100, 200, 300, 400], [0.60, 0.60, 0.60, 0.60], [0.005] * 4)


@pytest.mark.parametrize(("curve", "stops"), [(RISING, False), (FLAT, True)])
def test_a_flat_curve_predicts_no_change(curve, stops: bool) -> None:
    """The forecast gain of the next round is compared with the threshold, and told."""
    found = predicted_change(curve, votes=400, next_votes=100)
    assert found.says_stop is stops
    assert found.value == pytest.approx(curve.gain(400, 500).value)
    assert "next 100 votes" in found.words


def test_the_threshold_decides() -> None:
    """Whoever wants less may stop earlier."""
    assert predicted_change(RISING, votes=400, next_votes=100, threshold=0.5).says_stop


@pytest.mark.parametrize(("curve", "stops"), [(RISING, False), (FLAT, True)])
def test_time_that_brings_nothing_says_stop(curve, stops: bool) -> None:
    """The gain of a round over the hours it takes: 300 votes of 12 s are an hour."""
    found = gain_per_hour(curve, votes=400, next_votes=300, seconds_per_vote=12.0, threshold=0.02)
    assert found.value == pytest.approx(curve.gain(400, 700).value)
    assert found.says_stop is stops


def test_models_that_agree_say_stop() -> None:
    """The mean of the last two kappas counts; earlier ones do not."""
    assert stabilising_predictions([0.2, 0.99, 0.994], clips=500).says_stop is True
    found = stabilising_predictions([0.999, 0.99, 0.5], clips=500)
    assert (found.says_stop, found.value) == (False, pytest.approx(0.745))
    assert "500 clips" in found.words


NOT_YET = {
    "no curve": predicted_change(None, votes=10, next_votes=5),
    "no curve per hour": gain_per_hour(None, votes=10, next_votes=5, seconds_per_vote=5),
    "no pool": predicted_change(FLAT, votes=400, next_votes=0),
    "no time": gain_per_hour(FLAT, votes=400, next_votes=5, seconds_per_vote=math.nan),
    "two models": stabilising_predictions([0.99], clips=50),
    "no clips": stabilising_predictions([math.nan, math.nan], clips=0),
}


@pytest.mark.parametrize("found", NOT_YET.values(), ids=NOT_YET)
def test_what_is_not_known_is_no_stop(found: Criterion) -> None:
    """Neither stop nor go on, and the reason in words."""
    assert found.says_stop is None
    assert math.isnan(found.value)
    assert found.words.startswith("Not ")


@pytest.mark.parametrize(
    ("says", "stops", "start"),
    [
        ((None, None, None), 0, "Not yet"),
        ((False, False, None), 0, "Go on: none of 2"),
        ((True, False, False), 1, "Go on, and look again"),
        ((True, False, None), 1, "Go on, and look again"),
        ((True, True, False), 2, "Consider stopping: 2 of 3"),
    ],
)
def test_the_majority_is_told(says: tuple[bool | None, ...], stops: int, start: str) -> None:
    """An advice needs more than half of those who know anything."""
    found = advise([Criterion("c", 0.0, 0.0, one, "") for one in says])
    assert found.stops == stops
    assert found.words.startswith(start)


def test_agreement_is_cohens_kappa() -> None:
    """Against scikit-learn on random predictions."""
    rng = np.random.default_rng(0)
    for classes in (2, 8):
        first = rng.integers(classes, size=300)
        second = np.where(rng.random(300) < 0.7, first, rng.integers(classes, size=300))
        assert agreement_of(first, second) == pytest.approx(cohen_kappa_score(first, second))


def test_agreement_at_its_edges() -> None:
    """Two constant models are stable; without clips there is nothing to agree on."""
    assert agreement_of([1, 1], [1, 1]) == 1
    assert math.isnan(agreement_of([], []))
    with pytest.raises(PlanningError, match="same clips"):
        agreement_of([1], [1, 2])
