"""What every aggregator promises, whichever it is."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.aggregation import AGGREGATORS, Aggregator, Consensus
from annotation.aggregation.model_aided import ModelAided
from annotation.errors import VoteError
from annotation.testing import fill_votes, make_votes
from annotation.votes import VoteMatrix, build_vote_matrix

CLASSES = ("anger", "calm", "joy")

# Float sums over annotators may run in another order; EM over 500 steps keeps that below this.
SAME = 1e-6


@dataclass(frozen=True)
class Unaided:
    """`ModelAided`, which no run can store by its name alone, with a model that says nothing."""

    name: str = "model_aided"
    takes_anonymous: bool = True

    def aggregate(self, votes: VoteMatrix) -> Consensus:
        """Return the consensus with every class equally likely on every clip."""
        clips, _, classes = votes.shape
        return ModelAided(opinion=np.full((clips, classes), 1 / classes)).aggregate(votes)


EVERY = {**AGGREGATORS, "model_aided": Unaided}


@pytest.fixture(params=EVERY)
def aggregator(request: pytest.FixtureRequest) -> Aggregator:
    """Provide each aggregator in turn; a new one joins the suite by its line in the registry."""
    return EVERY[request.param]()


@pytest.mark.parametrize("name", AGGREGATORS)
def test_the_registry_knows_aggregators_by_their_own_name(name: str) -> None:
    """The name a run stores is the name that makes the aggregator again."""
    assert AGGREGATORS[name]().name == name


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


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from("klmn"), st.sampled_from(CLASSES)),
        min_size=1,
        max_size=24,
        unique_by=lambda row: row[:2],
    ),
    order=st.permutations("klmn"),
)
@pytest.mark.parametrize("name", EVERY)
def test_any_votes_whoever_cast_them(
    name: str, rows: list[tuple[str, str, str]], order: list[str]
) -> None:
    """On any votes rows sum to 1, and who is called what changes no decision."""
    clips, people, labels = (list(column) for column in zip(*rows, strict=True))
    renamed = [order["klmn".index(person)] for person in people]
    aggregator = EVERY[name]()
    table = fill_votes({"clip_id": clips, "annotator": people, "label": labels})
    other = fill_votes({"clip_id": clips, "annotator": renamed, "label": labels})
    left, right = aggregate(aggregator, table), aggregate(aggregator, other)
    np.testing.assert_allclose(left.posterior.sum(axis=1), 1, atol=1e-12)
    assert_same_decision(left, right)


def test_class_order_is_irrelevant(aggregator: Aggregator, votes: pa.Table) -> None:
    """Naming the classes in another order permutes the columns of the posterior."""
    left = aggregate(aggregator, votes)
    right = aggregator.aggregate(build_vote_matrix(votes, CLASSES[::-1]))
    np.testing.assert_allclose(left.posterior, right.posterior[:, ::-1], atol=SAME)
    assert left.label_names() == right.label_names()


def test_a_row_twice_equals_a_count_of_two(aggregator: Aggregator, votes: pa.Table) -> None:
    """Two votes that say the same and one row with count 2 are the same repeated response."""
    twice = pa.concat_tables([votes, votes]).drop_columns(["vote_id"])
    column = votes.schema.get_field_index("count")
    counts = pa.array([2] * votes.num_rows, pa.int32())
    counted = votes.set_column(column, votes.schema.field(column), counts)
    assert_same_decision(aggregate(aggregator, twice), aggregate(aggregator, counted))


def test_a_vote_given_twice_is_one_vote(aggregator: Aggregator, votes: pa.Table) -> None:
    """Rows under one `vote_id` are one vote, so that taking in a batch again changes nothing."""
    twice = pa.concat_tables([votes, votes.slice(20, 100)])
    left, right = aggregate(aggregator, votes), aggregate(aggregator, twice)
    np.testing.assert_array_equal(left.posterior, right.posterior)
    np.testing.assert_array_equal(left.votes, right.votes)


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
    """Counts without annotators aggregate, the larger count winning, or are refused with why."""
    rows = {"clip_id": ["a", "a", "b", "b"], "label": ["joy", "calm"] * 2, "count": [8, 1, 1, 8]}
    if aggregator.takes_anonymous:
        assert aggregate(aggregator, fill_votes(rows)).label_names() == ["joy", "calm"]
    else:
        with pytest.raises(VoteError, match=r"anonymous:testing:audio.*needs to know who voted"):
            aggregate(aggregator, fill_votes(rows))


def test_an_unknown_label_is_refused(aggregator: Aggregator) -> None:
    """A label outside the taxonomy never reaches an aggregator."""
    table = fill_votes({"clip_id": ["a"], "label": ["rage"], "annotator": ["kim"]})
    with pytest.raises(VoteError, match="`rage` of clip `a` is none of the classes"):
        aggregate(aggregator, table)


def test_a_class_nobody_chose_is_defined(aggregator: Aggregator, votes: pa.Table) -> None:
    """A class without votes never leads."""
    consensus = aggregator.aggregate(build_vote_matrix(votes, (*CLASSES, "awe")))
    assert (consensus.labels != len(CLASSES)).all()
    assert np.isfinite(consensus.posterior).all()


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
    skill = consensus.skill[~np.isnan(consensus.skill)]
    assert ((skill >= 0) & (skill <= 1)).all()
    np.testing.assert_allclose(consensus.split_labels().sum(axis=1), 1)
    assert consensus.change >= 0
    decided = ~consensus.is_tie
    leading = consensus.posterior.argmax(axis=1)
    np.testing.assert_array_equal(consensus.labels[decided], leading[decided])


def test_one_class_is_certain(aggregator: Aggregator) -> None:
    """A taxonomy of one class leaves nothing open."""
    table = fill_votes({"clip_id": ["a", "b"], "label": ["joy", "joy"], "annotator": ["kim"] * 2})
    consensus = aggregator.aggregate(build_vote_matrix(table, ["joy"]))
    assert consensus.posterior.tolist() == [[1.0], [1.0]]
    assert not consensus.is_tie.any()
