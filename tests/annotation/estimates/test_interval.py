"""Intervals are Wilson's where he has one."""

import numpy as np
import pytest

from annotation.estimates.interval import cluster_variance, share_interval


@pytest.mark.parametrize(("hits", "count"), [(0, 20), (3, 12), (50, 100), (9, 9)])
def test_a_plain_sample_has_wilsons_interval(hits: int, count: int) -> None:
    """With the binomial variance the effective number of answers is their number."""
    scipy_stats = pytest.importorskip("scipy.stats")
    centre = np.array([(hits + 1) / (count + 2)])
    variance = centre * (1 - centre) / count
    found = share_interval(np.array([hits / count]), variance, centre, level=0.95)
    wanted = scipy_stats.binomtest(hits, count).proportion_ci(0.95, method="wilson")
    assert [end[0] for end in found] == pytest.approx([wanted.low, wanted.high], abs=1e-9)


def test_clusters_add_up_by_hand() -> None:
    """The variance of the sum of cluster totals around their mean, K / (K − 1) of it."""
    errors = np.array([[1.0], [1.0], [-2.0]])
    variance, freedom = cluster_variance(errors, ["a", "a", "b"])
    assert (variance.tolist(), freedom) == ([8 * 2 / 1], 1)
