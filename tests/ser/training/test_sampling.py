"""Batches with equal shares of each corpus."""

import numpy as np
import pytest

from ser.training.sampling import balanced_batches

GROUPS = np.repeat([4, 7, 9], [50, 11, 3])


def draw(batch_size: int, seed: int = 0) -> list[np.ndarray]:
    """Return the batches of an epoch over 64 clips of random lengths."""
    lengths = np.random.default_rng(9).integers(10, 200, len(GROUPS))
    return balanced_batches(lengths, GROUPS, batch_size, np.random.default_rng(seed))


@pytest.mark.parametrize("batch_size", [3, 8, 16, 63])
def test_every_batch_holds_equal_shares(batch_size):
    """Up to one clip, which goes to each group in turn."""
    batches = draw(batch_size)
    assert len(batches) == -(-64 // batch_size)
    shares = np.array([[np.sum(GROUPS[batch] == kind) for kind in (4, 7, 9)] for batch in batches])
    assert (np.ptp(shares, axis=1) <= 1).all()
    assert np.ptp(shares.sum(axis=0)) <= 1


def test_no_clip_comes_again_before_all_others_of_its_group():
    """Small groups are repeated evenly, of large ones none comes twice."""
    seen = np.bincount(np.concatenate(draw(8)), minlength=64)
    assert seen[:50].max() == 1
    assert np.ptp(seen[50:61]) <= 1
    assert np.ptp(seen[61:]) <= 1
    assert seen[61:].min() >= 7


def test_epochs_differ_by_the_generator_alone():
    """Equal ones draw alike."""
    first, again, other = draw(8), draw(8), draw(8, seed=1)
    assert all(map(np.array_equal, first, again))
    assert not all(map(np.array_equal, first, other))


def test_batches_hold_clips_of_similar_length():
    """Less padding than in batches drawn at random."""
    rng = np.random.default_rng(0)
    lengths, groups = rng.integers(10, 200, 512), np.arange(512) % 2
    padded = sum(lengths[b].max() * len(b) for b in balanced_batches(lengths, groups, 16, rng))
    assert padded < 1.2 * lengths.sum()
