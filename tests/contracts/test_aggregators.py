"""What every aggregator promises, whichever it is."""

import numpy as np
import pyarrow as pa
import pytest

from annotation.aggregation import Aggregator, Consensus, DawidSkene, MajorityVote
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix

CLASSES = ("anger", "calm", "joy")

# Float sums over annotators may run in another order; EM over 500 steps keeps that below this.
SAME = 1e-6


@pytest.fixture(params=[MajorityVote(), DawidSkene()], ids=lambda aggregator: aggregator.name)
def aggregator(request: pytest.FixtureRequest) -> Aggregator:
    """Provide each aggregator in turn; a new one joins the suite by one line here."""
    return request.param


@pytest.fixture
def votes() -> pa.Table:
    """Provide votes with disagreement, unequal annotators and unequal numbers of votes."""
    drawn = make_votes(
        CLASSES, clips=60, annotators=7, votes_per_clip=4, accuracy=(0.9, 0.8, 0.7) * 2 + (0.4,)
    )
    return drawn.table.slice(0, 230)


def aggregate(aggregator: Aggregator, table: pa.Table) -> Consensus:
    """Aggregate a votes table in the three classes of this suite."""
    return aggregator.aggregate(build_vote_matrix(table, CLASSES))


def assert_same_decision(left: Consensus, right: Consensus) -> None:
    """Compare what two runs say of the clips."""
    assert left.items == right.items
    np.testing.assert_allclose(left.posterior, right.posterior, atol=SAME)
    np.testing.assert_array_equal(left.labels, right.labels)


def test_row_order_is_irrelevant(aggregator: Aggregator, votes: pa.Table) -> None:
    """Shuffling the rows of the table changes nothing, to the last bit."""
    shuffled = votes.take(np.random.default_rng(1).permutation(votes.num_rows))
    left, right = aggregate(aggregator, votes), aggregate(aggregator, shuffled)
    np.testing.assert_array_equal(left.posterior, right.posterior)
    np.testing.assert_array_equal(left.skill, right.skill)


def test_annotator_names_are_irrelevant(aggregator: Aggregator, votes: pa.Table) -> None:
    """Renaming annotators, so that they sort the other way, moves their skill with them."""
    names = [f"z{999 - int(name[-3:])}" for name in votes["annotator"].to_pylist()]
    column = votes.schema.get_field_index("annotator")
    renamed = votes.set_column(column, votes.schema.field(column), pa.array(names))
    left, right = aggregate(aggregator, votes), aggregate(aggregator, renamed)
    assert_same_decision(left, right)
    np.testing.assert_allclose(left.skill, right.skill[::-1], atol=SAME)


def test_class_order_is_irrelevant(aggregator: Aggregator, votes: pa.Table) -> None:
    """Naming the classes in another order permutes the columns of the posterior."""
    left = aggregate(aggregator, votes)
    right = aggregator.aggregate(build_vote_matrix(votes, CLASSES[::-1]))
    np.testing.assert_allclose(left.posterior, right.posterior[:, ::-1], atol=SAME)
    assert left.label_names() == right.label_names()


def test_a_row_twice_equals_a_count_of_two(aggregator: Aggregator, votes: pa.Table) -> None:
    """A repeated row and a row with count 2 are the same repeated response."""
    twice = pa.concat_tables([votes, votes])
    column = votes.schema.get_field_index("count")
    counts = pa.array([2] * votes.num_rows, pa.int32())
    counted = votes.set_column(column, votes.schema.field(column), counts)
    assert_same_decision(aggregate(aggregator, twice), aggregate(aggregator, counted))


def test_without_votes_the_result_is_empty(aggregator: Aggregator) -> None:
    """No votes give no clips, no annotators and a finished run."""
    consensus = aggregate(aggregator, fill_votes({"clip_id": []}))
    assert consensus.items == consensus.annotators == ()
    assert consensus.posterior.shape == (0, 3)
    assert consensus.skill.shape == (0,)
    assert consensus.converged


def test_a_single_annotator_is_believed(aggregator: Aggregator) -> None:
    """With one annotator and one vote a clip, the label is the vote."""
    labels = ["joy", "calm", "anger", "joy", "calm", "joy"]
    clips = [f"clip-{row}" for row in range(6)]
    table = fill_votes({"clip_id": clips, "label": labels, "annotator": ["kim"] * 6})
    assert aggregate(aggregator, table).label_names() == labels


def test_a_single_anonymous_pool_is_defined(aggregator: Aggregator) -> None:
    """Counts without annotators aggregate too, the larger count winning."""
    rows = {"clip_id": ["a", "a", "b", "b"], "label": ["joy", "calm"] * 2, "count": [8, 1, 1, 8]}
    assert aggregate(aggregator, fill_votes(rows)).label_names() == ["joy", "calm"]


@pytest.mark.parametrize("clips", [1, 2, 40], ids=lambda clips: f"{clips}-clips")
def test_ties_stay_ties(aggregator: Aggregator, clips: int) -> None:
    """Two annotators who always disagree, with symmetric roles, decide nothing."""
    pairs = [("joy", "calm") if clip % 2 else ("calm", "joy") for clip in range(2 * clips)]
    rows = {
        "clip_id": [f"clip-{clip:02d}" for clip in range(2 * clips) for _ in range(2)],
        "annotator": ["kim", "lee"] * (2 * clips),
        "label": [label for pair in pairs for label in pair],
    }
    consensus = aggregate(aggregator, fill_votes(rows))
    assert consensus.is_tie.all()
    assert set(consensus.labels) == {-1}
    assert consensus.label_names() == [None] * (2 * clips)


def test_inputs_stay_untouched(aggregator: Aggregator, votes: pa.Table) -> None:
    """The matrix is read-only and equal before and after."""
    matrix = build_vote_matrix(votes, CLASSES)
    before = matrix.count.copy()
    aggregator.aggregate(matrix)
    np.testing.assert_array_equal(matrix.count, before)
    assert not matrix.count.flags.writeable


def test_result_is_consistent(aggregator: Aggregator, votes: pa.Table) -> None:
    """Rows sum to 1, entropy lies within [0, log C], votes add up, skill is a share."""
    consensus = aggregate(aggregator, votes)
    np.testing.assert_allclose(consensus.posterior.sum(axis=1), 1, atol=1e-12)
    assert ((consensus.entropy >= 0) & (consensus.entropy <= np.log(3) + 1e-12)).all()
    assert consensus.votes.sum() == consensus.annotator_votes.sum() == votes.num_rows
    assert ((consensus.skill >= 0) & (consensus.skill <= 1)).all()
    decided = ~consensus.is_tie
    leading = consensus.posterior.argmax(axis=1)
    np.testing.assert_array_equal(consensus.labels[decided], leading[decided])


def test_one_class_is_certain(aggregator: Aggregator) -> None:
    """A taxonomy of one class leaves nothing open."""
    table = fill_votes({"clip_id": ["a", "b"], "label": ["joy", "joy"], "annotator": ["kim"] * 2})
    consensus = aggregator.aggregate(build_vote_matrix(table, ["joy"]))
    assert consensus.posterior.tolist() == [[1.0], [1.0]]
    assert not consensus.is_tie.any()
