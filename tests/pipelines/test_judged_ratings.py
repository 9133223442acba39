"""Ratings are judged on the clips that people rated, against the formulas."""

import numpy as np
import pytest

from pipelines.errors import NothingToDoError
from pipelines.judged_ratings import RatedClips, judge_ratings, require_rated, say_unrated

CLIPS = 24
SPEAKERS = [f"s{number % 4}" for number in range(CLIPS)]


def make_rated(*, without: str = "") -> tuple[RatedClips, np.ndarray]:
    """Return ratings of which every fifth is unknown, and what a model says."""
    random = np.random.default_rng(0)
    truth = random.normal(3, 1, (CLIPS, 2))
    truth[::5, 0] = np.nan
    dimensions = ("arousal", "valence")
    if without:
        truth[:, dimensions.index(without)] = np.nan
    rated = RatedClips(tuple(f"x/{at:02d}" for at in range(CLIPS)), dimensions, truth, "audio")
    return rated, np.nan_to_num(truth, nan=9.0) + random.normal(0, 1, truth.shape)


def test_figures_are_those_of_the_known_clips() -> None:
    """Every metric by its formula, with population variances, on each dimension's own clips."""
    rated, said = make_rated()
    found = {of.metric: of for of in judge_ratings(rated, said, SPEAKERS)}
    for column, name in enumerate(rated.dimensions):
        known = np.isfinite(rated.ratings[:, column])
        x, y = rated.ratings[known, column], said[known, column]
        shared = np.cov(x, y, bias=True)
        spread = shared[0, 0] + shared[1, 1] + (x.mean() - y.mean()) ** 2
        expected = {
            "ccc": 2 * shared[0, 1] / spread,
            "pearson": np.corrcoef(x, y)[0, 1],
            "rmse": np.sqrt(np.mean((x - y) ** 2)),
            "mae": np.mean(np.abs(x - y)),
        }
        for metric, value in expected.items():
            figure = found[f"{metric}/{name}"]
            assert figure.value == pytest.approx(value, abs=1e-12)
            assert figure.low <= figure.value <= figure.high
            assert (figure.clips, figure.speakers) == (known.sum(), 4)
    assert len(found) == 8


def test_a_dimension_that_nobody_rated_is_no_figure() -> None:
    """It is named in words, with what people perceived and where ratings come from."""
    rated, said = make_rated(without="valence")
    metrics = {of.metric.partition("/")[2] for of in judge_ratings(rated, said, SPEAKERS)}
    assert metrics == {"arousal"}
    told = "nobody has rated `valence` by `audio` on one of the 24 clips"
    assert say_unrated(rated).startswith(told)
    assert "`serloop votes`" in say_unrated(rated)
    assert say_unrated(make_rated()[0]) == ""


def test_clips_that_nobody_rated_judge_no_model_of_ratings_alone() -> None:
    """One rating is enough; with none there is nothing to do."""
    rated = make_rated()[0]
    require_rated(rated, "m")
    unknown = rated.take(np.array([0]))
    require_rated(unknown, "m")
    unknown.ratings[:] = np.nan
    with pytest.raises(NothingToDoError, match="`m` predicts ratings alone, but nobody has rated"):
        require_rated(unknown, "m")


def test_other_ratings_have_another_name() -> None:
    """Clips that nobody rated are no part of it."""
    rated = make_rated()[0]
    other = make_rated()[0]
    assert other.name == rated.name
    other.ratings[1, 1] += 1
    assert other.name != rated.name
    half = make_rated(without="valence")[0]
    assert half.take(np.flatnonzero(half.is_rated)).name == half.name != rated.name
