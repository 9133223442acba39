"""Slopes against ordinary least squares, sittings against counting pauses."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from annotation.aggregation import MajorityVote
from annotation.annotators import Judgements, build_judgements
from annotation.annotators.skill import measure_skill
from annotation.annotators.trends import measure_trends
from annotation.testing import make_votes


def judge(gaps: list[float]) -> Judgements:
    """Let two annotators judge 60 clips, with these pauses in seconds over and over."""
    drawn = make_votes(["calm", "joy"], clips=60, annotators=3, accuracy=0.7)
    judgements = build_judgements(drawn.table, MajorityVote().aggregate(drawn.matrix()))
    steps = np.resize(np.array(gaps), 60).cumsum()
    return replace(judgements, cast_at_s=np.tile(steps, 3))


def test_slopes_equal_least_squares() -> None:
    """Drift and fatigue are the coefficients of one regression on both ranks."""
    judgements = judge([10.0] * 14 + [9000.0])
    skills = measure_skill(judgements)
    found = measure_trends(judgements, skills)
    assert found.sittings.tolist() == [5, 5, 5]
    starts = np.flatnonzero(np.arange(60) % 15 == 14)
    sitting = np.zeros(60, int)
    sitting[starts] = 1
    sitting = sitting.cumsum()
    within = np.concatenate(
        [np.linspace(0, 1, n) if n > 1 else [0.5] for n in np.bincount(sitting)]
    )
    design = np.column_stack([np.ones(60), np.linspace(0, 1, 60), within])
    for index in range(3):
        rows = judgements.annotator_index == index
        gap = (skills.hit - skills.expected)[rows]
        expected, left, *_ = np.linalg.lstsq(design, gap, rcond=None)
        assert found.drift[index] == pytest.approx(expected[1])
        assert found.fatigue[index] == pytest.approx(expected[2])
        error = np.sqrt(left[0] / 57 * np.linalg.inv(design.T @ design)[1, 1])
        assert found.drift_p[index] == pytest.approx(2 * stats.t.sf(abs(expected[1]) / error, 57))


def test_one_sitting_has_no_drift() -> None:
    """Within a single sitting history and tiredness are one, and it is called fatigue."""
    judgements = judge([10.0])
    skills = measure_skill(judgements)
    found = measure_trends(judgements, skills)
    assert np.isnan(found.drift).all()
    gap = (skills.hit - skills.expected)[judgements.annotator_index == 1]
    line = stats.linregress(np.linspace(0, 1, 60), gap)
    assert found.fatigue[1] == pytest.approx(line.slope)
    assert found.fatigue_p[1] == pytest.approx(line.pvalue)
