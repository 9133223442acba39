"""What votes are worth: exact on small cases, monotone, and refused where nothing is known."""

from itertools import pairwise

import numpy as np
import pytest

from annotation.confusion import CREMA_D_VOICE_CONFUSION
from annotation.planning import PlanningError, quality
from annotation.planning.quality import (
    label_quality,
    label_worth,
    misheard_classes,
    quality_between,
)

PEOPLE = np.array(CREMA_D_VOICE_CONFUSION)
COIN = np.array([[0.8, 0.2], [0.2, 0.8]])


def test_one_vote_of_a_coin() -> None:
    """For two even classes one vote explains the square of 1 − 2 × its error rate."""
    assert label_quality(COIN, 1) == pytest.approx(0.36)
    # Three votes: 1.6 % and 38.4 % of clips end 3:0 and 2:1 against, by the binomial.
    certain, torn = 0.8**3 + 0.2**3, 3 * (0.8**2 * 0.2 + 0.2**2 * 0.8)
    sure = (0.8**3 - 0.2**3) / certain
    assert label_quality(COIN, 3) == pytest.approx(certain * sure**2 + torn * 0.36)


def test_votes_never_tell_less() -> None:
    """Quality grows with every vote, from nothing towards everything."""
    found = [label_quality(PEOPLE, k) for k in range(8)]
    assert found[0] == pytest.approx(0, abs=1e-12)
    assert all(a < b for a, b in pairwise(found))
    assert label_quality(COIN, 60) > 0.99


def test_draws_agree_with_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are too many outcomes to count, as many draws give nearly the same."""
    exact = label_quality(PEOPLE, 5)
    monkeypatch.setattr(quality, "comb", lambda *_: quality.MOST_COUNTS + 1)
    drawn = [label_quality(PEOPLE, 5, seed=3) for _ in range(2)]
    assert drawn[0] == drawn[1] != exact
    assert drawn[0] == pytest.approx(exact, abs=0.01)


def test_a_certain_class_needs_no_vote_of_it() -> None:
    """Rare classes count by their share."""
    even, rare = (label_quality(COIN, 1, shares=s) for s in ([0.5, 0.5], [0.99, 0.01]))
    assert rare < even / 3


def test_worth_is_a_clean_labels_share() -> None:
    """A perfect label is worth one, none nothing, and good features make errors dearer."""
    assert label_worth([0.0, 1.0], 0.5).tolist() == [0.0, 1.0]
    worth = [float(label_worth(0.6, s)) for s in (0.0, 0.5, 0.8, 1.0)]
    assert worth == sorted(worth, reverse=True)
    assert worth[0] == pytest.approx(0.6)


def test_between_whole_votes_quality_is_straight() -> None:
    """A mean of 1.5 votes lies half-way."""
    found = quality_between(COIN, [1, 1.5, 2])
    assert found[1] == pytest.approx((found[0] + found[2]) / 2)


def test_single_votes_mishear_sadness() -> None:
    """CREMA-D's listeners call sadness neutral more often than sad; two votes mend it."""
    assert misheard_classes(PEOPLE, 1) == [5]
    assert misheard_classes(PEOPLE, 2) == []


@pytest.mark.parametrize(
    ("confusion", "shares", "message"),
    [
        ([[0.5, 0.4], [0.5, 0.5]], None, "rows that sum to"),
        ([[1.0]], None, "at least two classes"),
        (COIN, [0.5, 0.6], "`shares` must be 2 shares"),
    ],
)
def test_what_is_no_distribution_is_refused(confusion, shares, message: str) -> None:
    """The message shows the sums."""
    with pytest.raises(PlanningError, match=message):
        label_quality(confusion, 2, shares=shares)


def test_votes_per_clip_must_be_a_number() -> None:
    """A point without clips has no votes per clip."""
    with pytest.raises(PlanningError, match="votes` per clip"):
        quality_between(COIN, [np.nan])
