"""One group of votes measured: the figures, the people, the confusions, the doubtful clips."""

import numpy as np
import pyarrow as pa
import pytest

from annotation.agreement import count_alpha, estimate, people_per_class
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix
from pipelines.opinions import Opinions
from pipelines.report.opinions.group import describe_group
from tests.pipelines.report.opinions.test_timeline import NO_ASKS

CLASSES = ("anger", "calm", "fear", "joy")
DRAWN = make_votes(CLASSES, clips=200, accuracy=[0.85] * 5 + [0.25])


def _describe(votes, classes=CLASSES, **intended):
    opinions = Opinions("test-4", "audio", classes, votes)
    return describe_group(opinions, method="hierarchical", asks=NO_ASKS, intended=intended)


@pytest.fixture(scope="module")
def group():
    """Measure five listeners and a guesser, where the corpus has intended labels."""
    return _describe(DRAWN.table, **dict(zip(DRAWN.clips, DRAWN.truth, strict=True)))


@pytest.fixture(scope="module")
def counted():
    """Measure the same votes as anonymous counts."""
    nobody = pa.nulls(DRAWN.table.num_rows, pa.string())
    at = DRAWN.table.schema.get_field_index("annotator")
    return _describe(DRAWN.table.set_column(at, "annotator", nobody))


def test_figures_are_those_of_the_votes(group):
    """Votes, clips, ties and alpha equal a count by hand and the library's alpha."""
    matrix = DRAWN.matrix()
    counts = np.sort(matrix.class_counts(), axis=1)
    assert (group.votes, group.clips, group.anonymous) == (1200, 200, 0)
    assert group.ties == (counts[:, -1] == counts[:, -2]).sum()
    assert group.alpha.value == estimate(count_alpha(people_per_class(matrix))).value


def test_people_come_gravest_first_with_evidence(group):
    """The guesser is to be excluded, and all who listen are trusted."""
    assert [one.advice for one in group.annotators] == ["exclude", *["trust"] * 5]
    guesser = group.annotators[0]
    assert guesser.skill.low < guesser.skill.value < guesser.skill.high < guesser.typical
    assert "do not depend on the clips" in guesser.evidence[0]


def test_confusions_are_of_all_votes_and_of_the_most_telling(group):
    """Pooled against consensus and intention; then the guesser; each row a distribution."""
    titles = [view.title for view in group.confusions]
    assert titles[:3] == ["all votes", "all votes, by intention", "annotator-005"]
    for view in group.confusions:
        assert np.allclose(np.sum(view.shares, axis=1), 1)


def test_confusion_by_intention_is_a_count(group):
    """Its cells are shares of the votes on clips meant so."""
    matrix, view = DRAWN.matrix(), group.confusions[1]
    meant = np.array([CLASSES.index(name) for name in DRAWN.truth])
    counts = matrix.class_counts()[meant == 2].sum(axis=0)
    assert view.behind[2] == counts.sum()
    assert view.shares[2] == pytest.approx(counts / counts.sum())


def test_anonymous_counts_have_no_people(counted, group):
    """Nobody can be profiled, and everything that needs no names is as before."""
    assert (counted.annotators, counted.anonymous) == ((), 1200)
    assert counted.alpha == group.alpha
    assert [view.title for view in counted.confusions] == ["all votes"]
    assert len(counted.ambiguous) == 12


def test_ambiguous_clips_are_those_people_disagree_about():
    """A clip split by twenty comes before one with a single vote, which is of the other kind."""
    rows = {
        "clip_id": [f"c/{number}" for number in range(10)] + ["c/split"] * 2 + ["c/lone"],
        "label": ["joy"] * 10 + ["joy", "calm", "joy"],
        "count": [20] * 10 + [10, 10, 1],
    }
    found = _describe(fill_votes(rows), ("calm", "joy"))
    assert [clip.clip_id for clip in found.ambiguous] == ["c/split"]
    assert found.unheard[0].clip_id == "c/lone"
    assert found.ambiguous[0].ambiguity > found.unheard[0].ambiguity


def test_doubts_equal_those_of_why(group):
    """The page and `serloop why` weigh a clip alike."""
    from annotation.aggregation import HierarchicalDawidSkene
    from annotation.clips import separate_uncertainty

    matrix = DRAWN.matrix()
    consensus = HierarchicalDawidSkene().aggregate(matrix)
    found = separate_uncertainty(matrix, confusion=consensus.confusion)
    first = group.ambiguous[0]
    assert first.ambiguity == found.ambiguity[matrix.clips.index(first.clip_id)]
    assert [clip.ambiguity for clip in group.ambiguous] == sorted(
        (clip.ambiguity for clip in group.ambiguous), reverse=True
    )


def test_a_class_nobody_chose_is_not_known():
    """A row nothing is known of is no number."""
    votes = make_votes(CLASSES[:3], clips=60).table
    view = _describe(votes).confusions[0]
    assert np.isnan(view.shares[3]).all()
    assert np.isfinite(view.shares[:3]).all()


def test_votes_that_only_rate_are_told_apart():
    """Ratings have an agreement of their own and no labels."""
    rows = {"clip_id": list("aabbcc"), "annotator": ["kim", "lee"] * 3}
    found = _describe(fill_votes(rows | {"valence": [1.0, 2, 5, 5, 3, 4]}), ())
    ((dimension, ratings, alpha),) = found.ratings
    assert (found.votes, found.fit, dimension, ratings) == (0, None, "valence", 6)
    assert 0 < alpha.value < 1


def test_annotator_order_and_names_are_irrelevant(group):
    """Rows in another order give the same group."""
    shuffled = DRAWN.table.take(np.random.default_rng(0).permutation(DRAWN.table.num_rows))
    again = _describe(shuffled, **dict(zip(DRAWN.clips, DRAWN.truth, strict=True)))
    assert again == group
    assert build_vote_matrix(shuffled, CLASSES).clips == DRAWN.clips
