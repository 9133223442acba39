"""Sums over votes against dense arrays, and the softmax that keeps ties."""

import numpy as np

from annotation.aggregation.sparse_votes import SparseVotes, normalise_log, vote_shares
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix

CLASSES = ("calm", "fear", "joy")


def test_every_sum_equals_the_dense_one() -> None:
    """With repeated responses among the votes, each sum is that over the (N, A, C) array."""
    table = make_votes(CLASSES, clips=20, annotators=6, votes_per_clip=3, accuracy=0.5).table
    index = table.schema.get_field_index("count")
    counts = np.random.default_rng(0).integers(1, 4, table.num_rows).astype(np.int32)
    votes = build_vote_matrix(table.set_column(index, table.schema.field(index), [counts]), CLASSES)
    dense = np.zeros(votes.shape)
    dense[votes.clip_index, votes.annotator_index, votes.label_index] = votes.count
    sums = SparseVotes.of(votes)
    posterior = np.random.default_rng(1).dirichlet(np.ones(3), 20)
    weight = np.random.default_rng(2).random((6, 3))
    table3 = np.random.default_rng(3).random((6, 3, 3))
    at = sums.pair_annotator, sums.pair_label
    full = np.einsum("nal,nt->alt", dense, posterior)
    np.testing.assert_allclose(sums.per_pair(posterior), full[at])
    np.testing.assert_allclose(sums.per_clip(table3[at]), np.einsum("nal,alt->nt", dense, table3))
    expected = np.einsum("nal,al->nl", dense, weight)
    np.testing.assert_allclose(sums.per_answer(weight[at]), expected)
    np.testing.assert_allclose(sums.hits(posterior), np.einsum("nal,nl->al", dense, posterior)[at])
    np.testing.assert_allclose(sums.per_annotator(full[at]), full.sum(axis=1))
    np.testing.assert_allclose(sums.per_label(full[at]), full.sum(axis=0))
    np.testing.assert_allclose(sums.expand(full[at]), full.transpose(0, 2, 1))
    shares = dense.sum(axis=1) / dense.sum(axis=(1, 2))[:, None]
    np.testing.assert_allclose(vote_shares(sums), shares)


def test_no_votes_give_empty_sums() -> None:
    """Every sum over nothing has its shape."""
    sums = SparseVotes.of(build_vote_matrix(fill_votes({"clip_id": []}), CLASSES))
    assert vote_shares(sums).shape == (0, 3)
    assert sums.per_pair(np.zeros((0, 3))).shape == (0, 3)
    assert sums.per_annotator(np.zeros((0, 3))).shape == (0, 3)


def test_a_tie_survives_the_order_of_summation() -> None:
    """Log odds that differ in their last bits only give exactly equal posteriors."""
    left, right = 0.1 + 0.2, 0.3
    assert left != right
    posterior = normalise_log(np.array([[left, right, -50.0]]))
    assert posterior[0, 0] == posterior[0, 1]
    assert 0 < posterior[0, 2] < 1e-20


def test_memory_is_linear_in_votes() -> None:
    """Each further vote costs 32 bytes, however many clips and annotators there are."""
    for people in (50, 500):
        votes = make_votes(CLASSES, clips=2000, annotators=people, votes_per_clip=5).matrix()
        sums = SparseVotes.of(votes)
        arrays = (sums.by_clip.data, sums.by_clip.indices, sums.cell, sums.pair)
        assert sum(array.nbytes for array in arrays) <= 32 * len(votes.count)
