"""A threshold holds for speakers never met, as far as there are speakers to say so."""

import math

import numpy as np
import pytest

from ser.metrics.speaker_quantiles import choose_threshold


def test_equal_scores_are_covered_together() -> None:
    """A threshold at a score that all share covers all, whatever was asked."""
    scores, speakers = np.full(12, 0.3), np.arange(12) // 2
    for correction in ("none", "left_out"):
        found = choose_threshold(
            scores, speakers, coverage=0.5, correction=correction, per="speaker"
        )
        assert found == 0.3


@pytest.mark.parametrize("correction", ["none", "left_out", "hierarchical"])
def test_nothing_to_go_by_is_no_threshold(correction: str) -> None:
    """A class without a clip may always be the right one."""
    nothing = np.empty(0), np.empty(0, np.int64)
    found = choose_threshold(*nothing, coverage=0.9, correction=correction, per="speaker")
    assert found == math.inf


def test_speakers_of_one_clip_each_are_clips() -> None:
    """Leaving one out of n takes the rank ⌈(n + 1) · coverage⌉ of split prediction."""
    scores = np.random.default_rng(0).permutation(np.arange(40.0))
    found = choose_threshold(
        scores, np.arange(40), coverage=0.9, correction="left_out", per="speaker"
    )
    assert found == 36.0
