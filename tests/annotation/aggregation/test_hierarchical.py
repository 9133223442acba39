"""Hierarchical Dawid-Skene: what it learns about people, and when it believes a prevalence."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import gammaln

from annotation.aggregation import DawidSkene, HierarchicalDawidSkene
from annotation.aggregation.dawid_skene import pool
from annotation.aggregation.shrinkage import fit_strength
from annotation.aggregation.sparse_votes import SparseVotes
from annotation.errors import AnnotationError
from annotation.testing import LabelledVotes, fill_votes, make_votes
from annotation.votes import build_vote_matrix

CLASSES = ("calm", "fear", "joy", "rage")


def draw(seed: int, spread: float, **options: int) -> LabelledVotes:
    """Return votes of 40 people whose accuracies scatter around .7."""
    skill = np.clip(np.random.default_rng(seed).normal(0.7, spread, 40), 0.2, 0.98)
    return make_votes(CLASSES, annotators=40, accuracy=skill.tolist(), seed=seed, **options)


def hits(drawn: LabelledVotes, model: DawidSkene | HierarchicalDawidSkene) -> int:
    """Count the clips a model labels right."""
    names = map(str, model.aggregate(drawn.matrix()).label_names())
    return sum(map(str.__eq__, names, drawn.truth))


def test_it_beats_dawid_skene_where_annotators_have_few_votes() -> None:
    """With 15 votes each, learning how much to pool beats not pooling, and a fixed amount."""
    drawn = [draw(seed, 0.15, clips=200, votes_per_clip=3) for seed in range(6)]
    learnt = sum(hits(votes, HierarchicalDawidSkene()) for votes in drawn)
    for smoothing in (0.0, 0.1, 1.0):
        fixed = sum(hits(votes, DawidSkene(smoothing=smoothing)) for votes in drawn)
        assert learnt > fixed + 12


def test_the_strength_climbs_the_likelihood() -> None:
    """Its fixed point is the maximum of the Dirichlet-multinomial likelihood, class by class."""
    drawn = draw(1, 0.15, clips=800, votes_per_clip=5)
    sums = SparseVotes.of(drawn.matrix())
    truth = np.array([CLASSES.index(name) for name in drawn.truth])
    weights = sums.per_pair(np.eye(4)[truth])
    pooled = pool(sums.per_label(weights))[sums.pair_label]
    strength = np.full(4, 4.0)
    for _ in range(300):
        strength = fit_strength(sums, weights, pooled, strength)

    def likelihood(value: np.ndarray) -> np.ndarray:
        prior = value * pooled
        rows = (gammaln(weights + prior) - gammaln(prior)).sum(axis=0)
        total = sums.per_annotator(weights)
        return rows - (gammaln(total + value) - gammaln(value)).sum(axis=0)

    for factor in (0.9, 1.1):
        assert (likelihood(strength) > likelihood(strength * factor)).all()


def test_skill_is_recovered() -> None:
    """At 200 votes each, the estimated skills correlate with the true ones above .95."""
    accuracy = np.linspace(0.4, 0.95, 20)
    drawn = make_votes(
        CLASSES, clips=800, annotators=20, votes_per_clip=5, accuracy=accuracy.tolist()
    )
    consensus = HierarchicalDawidSkene().aggregate(drawn.matrix())
    assert np.corrcoef(consensus.skill, accuracy)[0, 1] > 0.95


def rare(seed: int) -> LabelledVotes:
    """Return votes on clips nine tenths of which are calm."""
    drawn = make_votes(CLASSES, clips=4000, annotators=30, votes_per_clip=4, seed=seed)
    others = [name for name in drawn.clips if drawn.truth[drawn.clips.index(name)] != "calm"]
    kept = set(drawn.clips) - set(others[100:])
    rows = [row for row in drawn.table.to_pylist() if row["clip_id"] in kept]
    table = fill_votes(
        {key: [row[key] for row in rows] for key in ("clip_id", "annotator", "label")}
    )
    pairs = [pair for pair in zip(drawn.clips, drawn.truth, strict=True) if pair[0] in kept]
    clips, truth = (tuple(column) for column in zip(*pairs, strict=True))
    return LabelledVotes(table, CLASSES, clips, truth, drawn.accuracy)


def test_a_prevalence_that_shows_is_believed() -> None:
    """Where one class is nine tenths of the clips, the tested fit is the learnt one."""
    votes = rare(0).matrix()
    learnt, tested, even = (
        HierarchicalDawidSkene(prevalence=choice).aggregate(votes).posterior
        for choice in ("learnt", "tested", "even")
    )
    np.testing.assert_array_equal(tested, learnt)
    assert np.abs(tested - even).max() > 0.1


def test_a_prevalence_that_does_not_show_is_not() -> None:
    """Where classes are about equally common, the tested fit is the even one."""
    votes = draw(3, 0.1, clips=300, votes_per_clip=4).matrix()
    even, tested = (
        HierarchicalDawidSkene(prevalence=choice).aggregate(votes).posterior
        for choice in ("even", "tested")
    )
    np.testing.assert_array_equal(tested, even)


def test_a_pool_is_one_annotator() -> None:
    """Anonymous counts have nobody to be pooled with, and still a consensus."""
    drawn = make_votes(CLASSES, clips=300, annotators=9, accuracy=0.7, seed=4)
    table = drawn.table.drop_columns(["annotator"])
    nobody = table.append_column("annotator", pa.nulls(table.num_rows, pa.string()))
    consensus = HierarchicalDawidSkene().aggregate(build_vote_matrix(nobody, CLASSES))
    assert consensus.annotators == ("anonymous:testing:audio",)
    assert sum(map(str.__eq__, map(str, consensus.label_names()), drawn.truth)) > 280


def test_an_unknown_prevalence_is_refused() -> None:
    """The three choices are named."""
    with pytest.raises(AnnotationError, match=r"`prevalence` must be one of .*'tested'"):
        HierarchicalDawidSkene(prevalence="flat")
