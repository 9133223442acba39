"""Bootstrap intervals and tables by group."""

import numpy as np
import pytest

from annotation.agreement import count_alpha, estimate, estimate_by_group, fleiss_kappa
from annotation.agreement.estimate import draw_weights
from annotation.errors import AnnotationError


def draw_counts(clips: int, seed: int, people: int = 5) -> np.ndarray:
    """Draw votes of `people` per clip who answer the clip's class with probability 0.7."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=clips)
    right = rng.random((clips, people)) < 0.7
    answers = np.where(right, truth[:, None], rng.integers(3, size=(clips, people)))
    return np.stack([(answers == label).sum(axis=1) for label in range(3)], axis=1).astype(float)


def test_replicates_equal_recomputing_on_drawn_clips() -> None:
    """A weighed sum of clip terms is the statistic of the clips that were drawn."""
    counts = draw_counts(40, 0)
    for statistic in (fleiss_kappa(counts), count_alpha(counts, "ordinal")):
        weights = draw_weights(np.random.default_rng(7), 40, 5)
        drawn = statistic.finish(weights @ statistic.terms)
        for weight, value in zip(weights.astype(int), drawn, strict=True):
            rows = np.repeat(counts, weight, axis=0)
            kind = (
                fleiss_kappa(rows) if "fleiss" in statistic.name else count_alpha(rows, "ordinal")
            )
            assert estimate(kind, resamples=0).value == pytest.approx(value)


def test_intervals_cover_the_truth() -> None:
    """Of 100 intervals at 90 %, between 82 and 98 hold the kappa of a huge sample."""
    truth = estimate(fleiss_kappa(draw_counts(200_000, 999)), resamples=0).value
    inside = 0
    for seed in range(100):
        found = estimate(fleiss_kappa(draw_counts(120, seed)), resamples=400, level=0.9)
        inside += found.low <= truth <= found.high
    assert 82 <= inside <= 98


def test_equal_seeds_give_equal_intervals() -> None:
    """The interval is a function of data and seed."""
    statistic = fleiss_kappa(draw_counts(50, 1))
    assert estimate(statistic, seed=3) == estimate(statistic, seed=3)
    assert estimate(statistic, seed=3) != estimate(statistic, seed=4)


def test_groups_equal_their_own_clips() -> None:
    """Each group's row is what its clips alone would give, interval included."""
    counts = draw_counts(90, 2)
    groups = [("b", "a", "c")[clip % 3] for clip in range(90)]
    table = estimate_by_group(fleiss_kappa(counts), groups)
    assert [row.group for row in table] == ["a", "b", "c"]
    assert table[0] == estimate(fleiss_kappa(counts[1::3]), group="a")


def test_one_clip_has_no_interval() -> None:
    """A single clip cannot vary."""
    found = estimate(count_alpha(np.array([[2.0, 1.0]])))
    assert np.isfinite(found.value)
    assert np.isnan([found.low, found.high]).all()


def test_bad_requests_are_refused() -> None:
    """Levels outside (0, 1) and groups of another length are named."""
    statistic = fleiss_kappa(draw_counts(5, 0))
    with pytest.raises(AnnotationError, match=r"`level` must lie within \(0, 1\)"):
        estimate(statistic, level=1.0)
    with pytest.raises(AnnotationError, match=r"each of the 5 clips, but has 2"):
        estimate_by_group(statistic, ["a", "b"])
