"""Medians and robust z against numpy, group by group."""

from dataclasses import replace

import numpy as np

from annotation.aggregation import MajorityVote
from annotation.annotators import build_judgements
from annotation.annotators.lead_times import measure_lead_times
from annotation.testing import make_votes


def test_times_equal_numpys_medians() -> None:
    """Absurd times are counted and take no part; outliers are told by the median deviation."""
    drawn = make_votes(["calm", "joy"], clips=40, annotators=6)
    judgements = build_judgements(drawn.table, MajorityVote().aggregate(drawn.matrix()))
    rng = np.random.default_rng(0)
    lead = np.exp(rng.normal(1.5, 0.3, 240))
    lead[:4] = [-2.0, 0.0, 1e7, np.nan]
    lead[45] = 0.01
    found = measure_lead_times(replace(judgements, lead_time_s=lead))
    own = lead[:40][np.isfinite(lead[:40]) & (lead[:40] > 0) & (lead[:40] < 3600)]
    assert found.usable.tolist() == [36, 40, 40, 40, 40, 40]
    assert found.absurd.tolist() == [3, 0, 0, 0, 0, 0]
    np.testing.assert_allclose(np.log(found.median_s[0]), np.median(np.log(own)))
    deviation = 1.4826 * np.median(np.abs(np.log(own) - np.median(np.log(own))))
    expected = (np.log(lead[10]) - np.median(np.log(own))) / deviation
    np.testing.assert_allclose(found.z[10], expected)
    assert found.hasty[1] == 1
    assert np.isnan(found.z[:4]).all()


def test_without_times_nothing_is_told() -> None:
    """No recorded time gives NaN and zeros."""
    drawn = make_votes(["calm", "joy"], clips=5, annotators=2)
    judgements = build_judgements(drawn.table, MajorityVote().aggregate(drawn.matrix()))
    found = measure_lead_times(judgements)
    assert found.usable.tolist() == found.absurd.tolist() == [0, 0]
    assert np.isnan(found.median_s).all()
    assert np.isnan(found.group_z).all()
