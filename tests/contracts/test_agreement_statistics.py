"""What every statistic of agreement promises, whichever it is."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pytest

from annotation.agreement import (
    Agreement,
    agreement_with_others,
    agreement_with_reference,
    count_alpha,
    estimate,
    fleiss_kappa,
    pair_agreement,
    pairwise_kappa,
    people_per_class,
    rating_alpha,
)
from annotation.errors import VoteError
from annotation.ratings import build_rating_matrix
from annotation.testing import fill_votes, make_votes
from annotation.votes import VoteMatrix, build_vote_matrix

CLASSES = ("anger", "calm", "joy")
SAME = 1e-12
Measure = Callable[[pa.Table], Sequence[Agreement]]


def read(table: pa.Table) -> VoteMatrix:
    """Return the votes in the three classes of this suite."""
    return build_vote_matrix(table, CLASSES)


def counted(statistic, *options) -> Measure:
    """Return a measure of people per clip and class."""
    return lambda table: [
        estimate(statistic(people_per_class(read(table)), *options), resamples=20)
    ]


def rated(metric: str) -> Measure:
    """Return a measure of arousal."""
    return lambda table: [
        estimate(rating_alpha(build_rating_matrix(table, "arousal"), metric), resamples=20)
    ]


def against_calm(table: pa.Table) -> list[Agreement]:
    """Compare with a reference that is calm on every clip."""
    matrix = read(table)
    calm = np.ones(len(matrix.clips), np.int64)
    found = agreement_with_reference(people_per_class(matrix), calm, resamples=20)
    return [found.single, found.majority, found.majority_split]


def with_others(table: pa.Table) -> list[Agreement]:
    """Return every annotator's share and kappa, in ascending order of the shares."""
    rows = agreement_with_others(read(table), resamples=0)
    return sorted(
        (found for row in rows for found in (row.share, row.kappa)),
        key=lambda found: (found.name, round(found.value, 9)),
    )


# What is made of pairs of judgements, and what a single judgement has a share in.
PAIRED: Mapping[str, Measure] = {
    "nominal_alpha": counted(count_alpha),
    "ordinal_alpha": counted(count_alpha, "ordinal"),
    "interval_alpha": counted(count_alpha, "interval"),
    "fleiss_kappa": counted(fleiss_kappa),
    "pair_agreement": counted(pair_agreement),
    "pairwise_kappa": lambda table: [pairwise_kappa(read(table), resamples=20).mean],
    "with_others": with_others,
    "rating_interval": rated("interval"),
    "rating_ordinal": rated("ordinal"),
}
MEASURES = {**PAIRED, "with_reference": against_calm}


@pytest.fixture(params=MEASURES)
def measure(request: pytest.FixtureRequest) -> Measure:
    """Provide each statistic in turn."""
    return MEASURES[request.param]


@pytest.fixture(params=PAIRED)
def paired(request: pytest.FixtureRequest) -> Measure:
    """Provide each statistic that compares people, in turn."""
    return PAIRED[request.param]


@pytest.fixture
def votes() -> pa.Table:
    """Provide votes and ratings of unequal annotators on clips with unequally many votes."""
    table = make_votes(
        CLASSES, clips=60, annotators=7, votes_per_clip=4, accuracy=(0.9, 0.8, 0.7) * 2 + (0.4,)
    ).table.slice(0, 230)
    noise = np.random.default_rng(2).integers(3, size=table.num_rows)
    ratings = [CLASSES.index(label) + float(more) for label, more in zip(
        table["label"].to_pylist(), noise, strict=True)]  # fmt: skip
    return replace(table, "arousal", ratings)


def replace(table: pa.Table, column: str, values: Sequence[object]) -> pa.Table:
    """Return the table with another column of that name."""
    index = table.schema.get_field_index(column)
    field = table.schema.field(column)
    return table.set_column(index, field, pa.array(values, field.type))


def assert_same(left: Sequence[Agreement], right: Sequence[Agreement]) -> None:
    """Compare estimates, intervals and what they are made of."""
    assert len(left) == len(right) > 0
    for one, other in zip(left, right, strict=True):
        assert (one.name, one.clips, one.votes) == (other.name, other.clips, other.votes)
        for name in ("value", "low", "high"):
            values = (getattr(one, name), getattr(other, name))
            np.testing.assert_allclose(*values, atol=SAME, equal_nan=True)


def test_row_order_is_irrelevant(measure: Measure, votes: pa.Table) -> None:
    """Shuffling the rows changes neither estimate nor interval."""
    shuffled = votes.take(np.random.default_rng(1).permutation(votes.num_rows))
    assert_same(measure(votes), measure(shuffled))


def test_annotator_names_are_irrelevant(measure: Measure, votes: pa.Table) -> None:
    """Renaming annotators, so that they sort the other way, changes nothing."""
    names = [f"z{999 - int(name[-3:])}" for name in votes["annotator"].to_pylist()]
    assert_same(measure(votes), measure(replace(votes, "annotator", names)))


def test_a_vote_given_twice_is_one_vote(measure: Measure, votes: pa.Table) -> None:
    """Rows under one `vote_id` are one judgement."""
    assert_same(measure(votes), measure(pa.concat_tables([votes, votes.slice(20, 100)])))


def test_without_votes_nothing_is_defined(measure: Measure) -> None:
    """No votes give NaN without an interval, or no annotator to speak of."""
    for found in measure(fill_votes({"clip_id": []})):
        assert np.isnan([found.value, found.low, found.high]).all()
        assert (found.clips, found.votes) == (0, 0)


def test_a_single_annotator_agrees_with_nobody(paired: Measure) -> None:
    """Where no clip has two judgements there is no agreement to speak of."""
    rows = {"clip_id": list("abcd"), "annotator": ["kim"] * 4, "arousal": [1.0, 2.0, 3.0, 3.0]}
    for found in paired(fill_votes(rows | {"label": ["joy", "calm", "joy", "anger"]})):
        assert np.isnan(found.value)
        assert found.clips == 0


def test_people_who_always_disagree_agree_less_than_by_chance(paired: Measure) -> None:
    """All clips tie: no pair agrees, and what is corrected for chance is negative."""
    pairs = [("joy", "calm") if clip % 2 else ("calm", "joy") for clip in range(24)]
    labels = [label for pair in pairs for label in pair]
    rows = {"clip_id": [f"{clip:02d}" for clip in range(24) for _ in range(2)]}
    rows |= {"annotator": ["kim", "lee"] * 24, "label": labels}
    rows |= {"arousal": [float(CLASSES.index(label)) for label in labels]}
    for found in paired(fill_votes(rows)):
        if found.name in {"pair_agreement", "agreement_with_others"}:
            assert found.value == 0
        else:
            assert -1 <= found.value < 0


def test_a_tie_is_no_majority() -> None:
    """Against a reference, clips that all tie have none right and half by lot."""
    rows = {"clip_id": list("aabb"), "annotator": ["kim", "lee"] * 2}
    found = against_calm(fill_votes(rows | {"label": ["joy", "calm"] * 2}))
    assert [one.value for one in found] == [0.5, 0.0, 0.5]


@pytest.mark.parametrize("name", [name for name in MEASURES if not name.startswith("rating")])
def test_an_unknown_label_is_refused(name: str) -> None:
    """A label outside the taxonomy never reaches a statistic."""
    table = fill_votes({"clip_id": ["a"], "label": ["rage"], "annotator": ["kim"]})
    with pytest.raises(VoteError, match="`rage` of clip `a` is none of the classes"):
        MEASURES[name](table)
