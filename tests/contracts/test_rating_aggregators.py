"""What every aggregator of ratings promises, whichever it is."""

import numpy as np
import pyarrow as pa
import pytest

from annotation.errors import VoteError
from annotation.ratings import (
    BayesianRaters,
    EvaluatorWeighted,
    MeanRating,
    RatingAggregator,
    RatingConsensus,
    ZMean,
    build_rating_matrix,
)
from annotation.testing import fill_votes

# Float sums over annotators may run in another order; EM over 1,000 steps keeps that below this.
SAME = 1e-6


@pytest.fixture(
    params=[
        MeanRating(),
        ZMean(),
        EvaluatorWeighted(),
        EvaluatorWeighted(leave_one_out=True),
        BayesianRaters(tolerance=1e-9),
        BayesianRaters(smoothing=20.0, tolerance=1e-9),
    ],
    ids=["mean", "z_mean", "evaluator", "evaluator_loo", "bayesian", "bayesian_smoothed"],
)
def aggregator(request: pytest.FixtureRequest) -> RatingAggregator:
    """Provide each aggregator in turn; a new one joins the suite by one line here."""
    return request.param


@pytest.fixture
def table() -> pa.Table:
    """Provide 60 clips rated by 4 of 7 annotators of unequal bias, gain and noise."""
    rng = np.random.default_rng(5)
    truth = rng.normal(size=60)
    who = np.argsort(rng.random((60, 7)), axis=1)[:, :4]
    bias, gain, noise = rng.normal(0, 0.4, 7), rng.uniform(0.5, 1.5, 7), rng.uniform(0.2, 0.8, 7)
    rating = bias[who] + gain[who] * truth[:, None] + noise[who] * rng.normal(size=who.shape)
    rows = {"clip_id": np.repeat([f"clip-{clip:02d}" for clip in range(60)], 4).tolist()}
    rows |= {"annotator": [f"annotator-{index}" for index in who.ravel()]}
    return fill_votes(rows | {"arousal": (3 + rating).ravel().tolist()})


def aggregate(aggregator: RatingAggregator, table: pa.Table) -> RatingConsensus:
    """Aggregate the arousal ratings of a votes table."""
    return aggregator.aggregate(build_rating_matrix(table, "arousal"))


def replace(table: pa.Table, column: str, values: list[object]) -> pa.Table:
    """Return the table with another column of that name."""
    index = table.schema.get_field_index(column)
    return table.set_column(index, table.schema.field(column), pa.array(values))


def assert_same(left: RatingConsensus, right: RatingConsensus) -> None:
    """Compare what two runs say of the clips."""
    assert left.items == right.items
    np.testing.assert_allclose(left.rating, right.rating, atol=SAME)
    np.testing.assert_allclose(left.standard_error, right.standard_error, atol=SAME)


def test_row_order_is_irrelevant(aggregator: RatingAggregator, table: pa.Table) -> None:
    """Shuffling the rows of the table changes nothing, to the last bit."""
    shuffled = table.take(np.random.default_rng(1).permutation(table.num_rows))
    left, right = aggregate(aggregator, table), aggregate(aggregator, shuffled)
    np.testing.assert_array_equal(left.rating, right.rating)
    np.testing.assert_array_equal(left.skill, right.skill)


def test_annotator_names_are_irrelevant(aggregator: RatingAggregator, table: pa.Table) -> None:
    """Renaming annotators, so that they sort the other way, moves their weight with them."""
    names = [f"z{9 - int(name[-1])}" for name in table["annotator"].to_pylist()]
    left = aggregate(aggregator, table)
    right = aggregate(aggregator, replace(table, "annotator", names))
    assert_same(left, right)
    np.testing.assert_allclose(left.weight, right.weight[::-1], atol=SAME)


def test_duplicated_votes_change_nothing(aggregator: RatingAggregator, table: pa.Table) -> None:
    """A row twice is the same person once."""
    twice = pa.concat_tables([table, table.slice(0, 50)])
    left, right = aggregate(aggregator, table), aggregate(aggregator, twice)
    np.testing.assert_array_equal(left.rating, right.rating)
    np.testing.assert_array_equal(left.votes, right.votes)


def test_the_scale_is_free(aggregator: RatingAggregator, table: pa.Table) -> None:
    """Ratings on another scale give the same consensus on that scale."""
    scaled = [1000 - 50 * rating for rating in table["arousal"].to_pylist()]
    left = aggregate(aggregator, table)
    right = aggregate(aggregator, replace(table, "arousal", scaled))
    np.testing.assert_allclose(right.rating, 1000 - 50 * left.rating, atol=1e-4)
    np.testing.assert_allclose(right.skill, left.skill, atol=SAME)


def test_without_ratings_the_result_is_empty(aggregator: RatingAggregator) -> None:
    """No ratings give no clips, no annotators and a finished run."""
    consensus = aggregate(aggregator, fill_votes({"clip_id": []}))
    assert consensus.items == consensus.annotators == ()
    assert consensus.rating.shape == consensus.standard_error.shape == consensus.skill.shape == (0,)
    assert consensus.converged


@pytest.mark.parametrize("values", [[1.0, 2.0, 5.0, 4.0], [3.0] * 4], ids=["varied", "constant"])
def test_a_single_annotator_is_believed(aggregator: RatingAggregator, values: list[float]) -> None:
    """With one annotator the consensus is their ratings, or undefined where nothing supports it."""
    rows = {"clip_id": list("abcd"), "annotator": ["kim"] * 4, "arousal": values}
    consensus = aggregate(aggregator, fill_votes(rows))
    known = np.isfinite(consensus.rating)
    np.testing.assert_allclose(consensus.rating[known], np.array(values)[known])
    assert np.isnan(consensus.standard_error).all()
    assert known.all() or not known.any()


def test_unanimous_ratings_are_kept(aggregator: RatingAggregator) -> None:
    """Where everybody gives every clip the same number, it is that number or undefined."""
    rows = {"clip_id": list("aabb"), "annotator": ["kim", "lee"] * 2, "arousal": [2.0] * 4}
    consensus = aggregate(aggregator, fill_votes(rows))
    assert set(consensus.rating[np.isfinite(consensus.rating)]) <= {2.0}


def test_ratings_that_cancel_out_meet_in_the_middle(aggregator: RatingAggregator) -> None:
    """Where two people always say the opposite, neither is preferred, or nothing is defined."""
    rows = {"clip_id": [f"{clip:02d}" for clip in range(12) for _ in range(2)]}
    rows |= {"annotator": ["kim", "lee"] * 12, "arousal": [2.0, 4.0, 4.0, 2.0] * 6}
    consensus = aggregate(aggregator, fill_votes(rows))
    known = consensus.rating[np.isfinite(consensus.rating)]
    np.testing.assert_allclose(known, 3.0, atol=SAME)
    assert len(known) in {0, 12}
    np.testing.assert_allclose(consensus.weight[0], consensus.weight[1], atol=SAME)


@pytest.mark.parametrize("rating", [np.nan, np.inf], ids=["nan", "infinite"])
def test_a_rating_that_is_no_number_is_refused(aggregator: RatingAggregator, rating: float) -> None:
    """What nobody can have meant never reaches an aggregator; a null is no rating."""
    rows = {"clip_id": ["a", "b"], "annotator": ["kim"] * 2}
    with pytest.raises(VoteError, match=r"`arousal` must be finite.*clip `b`"):
        aggregate(aggregator, fill_votes(rows | {"arousal": [1.0, rating]}))
    assert aggregate(aggregator, fill_votes(rows | {"arousal": [1.0, None]})).items == ("a",)


def test_perfect_agreement_is_reproduced(aggregator: RatingAggregator) -> None:
    """Annotators who agree on every clip are followed, and weigh the same."""
    truth = np.random.default_rng(0).normal(3, 1, 40)
    rows = {"clip_id": [f"{clip:02d}" for clip in range(40)] * 3}
    rows |= {"annotator": np.repeat(["kim", "lee", "may"], 40).tolist()}
    consensus = aggregate(aggregator, fill_votes(rows | {"arousal": np.tile(truth, 3).tolist()}))
    np.testing.assert_allclose(consensus.rating, truth, atol=1e-4)
    np.testing.assert_allclose(consensus.skill, 1.0, atol=1e-5)


def test_anonymous_ratings_are_read_or_refused(aggregator: RatingAggregator) -> None:
    """Ratings without annotators aggregate where the method can, and are refused with a reason."""
    rows = {"clip_id": list("aabb"), "arousal": [1.0, 2.0, 4.0, 5.0], "count": [1, 3, 3, 1]}
    if not aggregator.takes_anonymous:
        with pytest.raises(VoteError, match=r"needs to know who rated: .* leave its ratings out"):
            aggregate(aggregator, fill_votes(rows))
        return
    consensus = aggregate(aggregator, fill_votes(rows))
    assert consensus.votes.tolist() == [4, 4]
    assert 1.7 < consensus.rating[0] < 3 < consensus.rating[1] < 4.3


def test_inputs_stay_untouched(aggregator: RatingAggregator, table: pa.Table) -> None:
    """The matrix is read-only and equal before and after."""
    matrix = build_rating_matrix(table, "arousal")
    before = matrix.rating.copy()
    aggregator.aggregate(matrix)
    np.testing.assert_array_equal(matrix.rating, before)
    assert not matrix.rating.flags.writeable


def test_result_is_consistent(aggregator: RatingAggregator, table: pa.Table) -> None:
    """Ratings stay near those given, errors are positive, skill is a correlation, counts add up."""
    consensus = aggregate(aggregator, table)
    assert consensus.converged
    assert (consensus.standard_error > 0).all()
    assert (np.abs(consensus.skill) <= 1).all()
    assert (consensus.weight >= 0).all()
    assert consensus.votes.sum() == consensus.annotator_votes.sum() == table.num_rows
    assert consensus.rating.min() > min(table["arousal"].to_pylist()) - 1
