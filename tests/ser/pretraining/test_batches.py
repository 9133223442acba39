"""Batches of few voices."""

import numpy as np
import pytest

from ser.pretraining.batches import count_batches, speaker_batches

SPEAKERS = np.repeat(np.arange(6), [7, 20, 3, 11, 1, 18])


@pytest.mark.parametrize("together", [0, 1, 2, 9])
def test_every_clip_is_in_one_batch(together):
    """Whatever the number of voices; sizes differ by at most one."""
    batches = speaker_batches(SPEAKERS, 8, together, np.random.default_rng(0))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(SPEAKERS)))
    assert len(batches) == count_batches(len(SPEAKERS), 8)
    sizes = {len(batch) for batch in batches}
    assert max(sizes) <= 8
    assert max(sizes) - min(sizes) <= 1


def test_few_voices_share_a_batch():
    """Where speakers have as many clips as a batch, a batch has one."""
    speakers = np.arange(40) % 5
    batches = speaker_batches(speakers, 8, 1, np.random.default_rng(0))
    assert [len(set(speakers[batch])) for batch in batches] == [1] * 5


def test_other_voices_meet_every_epoch():
    """Groups are drawn anew, and so is the order within them."""
    generator = np.random.default_rng(0)
    speakers = np.arange(40) % 8
    met = {
        tuple(sorted(set(speakers[batch].tolist())))
        for _ in range(5)
        for batch in speaker_batches(speakers, 10, 2, generator)
    }
    assert len(met) > 4
