"""Krippendorff's alpha against the definition written out over all pairs of judgements."""

from collections.abc import Callable

import numpy as np
import pytest

from annotation.agreement import count_alpha, estimate, people_per_class, rating_alpha
from annotation.agreement.alpha import MOST_LEVELS
from annotation.errors import VoteError
from annotation.ratings import build_rating_matrix
from annotation.testing import fill_votes, make_votes

Distance = Callable[[float, float, list[float]], float]


def ordinal(one: float, other: float, given: list[float]) -> float:
    """Return the squared number of judgements between two, ends counted half."""
    low, high = min(one, other), max(one, other)
    between = sum(low <= value <= high for value in given)
    return (between - (given.count(one) + given.count(other)) / 2) ** 2 if one != other else 0.0


DISTANCES: dict[str, Distance] = {
    "nominal": lambda one, other, _: float(one != other),
    "ordinal": ordinal,
    "interval": lambda one, other, _: (one - other) ** 2,
}


def define_alpha(units: list[list[float]], distance: Distance) -> float:
    """Compute alpha pair by pair, as Krippendorff defines it."""
    units = [unit for unit in units if len(unit) > 1]
    given = [value for unit in units for value in unit]

    def total(values: list[float]) -> float:
        return sum(
            distance(one, other, given)
            for i, one in enumerate(values)
            for j, other in enumerate(values)
            if i != j
        )

    observed = sum(total(unit) / (len(unit) - 1) for unit in units) / len(given)
    return 1 - observed / (total(given) / len(given) / (len(given) - 1))


def draw_counts(seed: int, clips: int = 25, classes: int = 4) -> np.ndarray:
    """Draw between 0 and 5 judgements per clip, around a class of its own."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((clips, classes))
    for row in counts:
        centre = rng.integers(classes)
        for _ in range(rng.integers(6)):
            row[np.clip(centre + rng.integers(-1, 2), 0, classes - 1)] += 1
    return counts


@pytest.mark.parametrize("metric", DISTANCES)
@pytest.mark.parametrize("seed", [0, 1])
def test_counts_equal_the_definition(metric: str, seed: int) -> None:
    """With unequal numbers of judgements and clips without any, all metrics agree to rounding."""
    counts = draw_counts(seed)
    units = [[float(c) for c, n in enumerate(row) for _ in range(int(n))] for row in counts]
    found = estimate(count_alpha(counts, metric), resamples=0)
    assert found.value == pytest.approx(define_alpha(units, DISTANCES[metric]), abs=1e-12)
    assert found.clips == sum(len(unit) > 1 for unit in units)
    assert found.votes == sum(len(unit) for unit in units if len(unit) > 1)


@pytest.mark.parametrize("metric", ["ordinal", "interval"])
def test_ratings_equal_the_definition(metric: str) -> None:
    """Ratings on any scale, some of them alone on their clip, agree to rounding."""
    rng = np.random.default_rng(3)
    clips = rng.integers(12, size=40)
    values = np.round(clips / 2 + rng.normal(size=40), 1)
    rows = {"clip_id": [f"{clip:02d}" for clip in clips], "arousal": values.tolist()}
    rows["annotator"] = [f"a{row}" for row in range(40)]
    found = estimate(rating_alpha(build_rating_matrix(fill_votes(rows), "arousal"), metric))
    units = [values[clips == clip].tolist() for clip in range(12)]
    assert found.value == pytest.approx(define_alpha(units, DISTANCES[metric]), abs=1e-12)
    assert found.low < found.value < found.high


def test_krippendorffs_worked_example() -> None:
    """The reliability data of Krippendorff (2011), four observers: nominal .743, interval .849."""
    data = """
        1 2 3 3 2 1 4 1 2 . . .
        1 2 3 3 2 2 4 1 2 5 . 3
        . 3 3 3 2 3 4 2 2 5 1 .
        1 2 3 3 2 4 4 1 2 5 1 .
    """
    columns = zip(*(line.split() for line in data.split("\n") if line.strip()), strict=True)
    counts = np.array([[column.count(str(value)) for value in range(1, 6)] for column in columns])
    found = {
        metric: round(estimate(count_alpha(counts, metric), resamples=0).value, 3)
        for metric in DISTANCES
    }
    assert found == {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849}


def test_values_place_the_classes() -> None:
    """Interval alpha follows the numbers given to classes and ignores their unit."""
    counts = draw_counts(2)
    plain = estimate(count_alpha(counts, "interval"), resamples=0).value
    scaled = count_alpha(counts, "interval", values=10.0 - 3.0 * np.arange(4))
    other = count_alpha(counts, "interval", values=np.array([0.0, 1.0, 5.0, 6.0]))
    assert estimate(scaled, resamples=0).value == pytest.approx(plain)
    assert estimate(other, resamples=0).value != pytest.approx(plain, abs=1e-3)


UNDEFINED = {
    "no clips": np.zeros((0, 3)),
    "no votes": np.zeros((4, 3)),
    "single votes": np.eye(3),
    "one answer": np.array([[3.0, 0, 0]] * 4),
}


@pytest.mark.parametrize("metric", DISTANCES)
@pytest.mark.parametrize("counts", UNDEFINED.values(), ids=UNDEFINED)
def test_undefined_is_nan(counts: np.ndarray, metric: str) -> None:
    """Without a pair, or with nothing ever told apart, there is no agreement to speak of."""
    found = estimate(count_alpha(counts, metric))
    assert np.isnan([found.value, found.low, found.high]).all()


def test_annotator_names_and_repeats_are_irrelevant() -> None:
    """The votes of named annotators reduce to counts; a repeated row changes nothing."""
    import pyarrow as pa

    from annotation.votes import build_vote_matrix

    table = make_votes(["calm", "joy"], clips=30, annotators=5, votes_per_clip=3).table
    once = people_per_class(build_vote_matrix(table, ["calm", "joy"]))
    twice = people_per_class(build_vote_matrix(pa.concat_tables([table, table]), ["calm", "joy"]))
    np.testing.assert_array_equal(once, twice)
    assert (once.sum(axis=1) == 3).all()


def test_bad_input_is_refused() -> None:
    """Counts below 0, values of another length and too many levels are named."""
    with pytest.raises(VoteError, match=r"`counts` must be \(clips, classes\)"):
        count_alpha(np.array([[1.0, -1.0]]))
    with pytest.raises(VoteError, match="`values` must be 2 finite numbers"):
        count_alpha(np.ones((3, 2)), "interval", values=np.ones(3))
    with pytest.raises(VoteError, match="at most 64 levels, but there are 65"):
        count_alpha(np.ones((3, MOST_LEVELS + 1)), "ordinal")
