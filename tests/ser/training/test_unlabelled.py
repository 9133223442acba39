"""Going through clips without labels again and again."""

import json

import numpy as np

from ser.features.ragged import RaggedFeatures
from ser.training.unlabelled import UnlabelledBatches

CLIPS = RaggedFeatures.from_list([np.full((length, 2), length) for length in range(1, 12)])


def test_every_pass_holds_each_clip_once():
    """In another order each time."""
    batches = UnlabelledBatches(CLIPS, batch_size=4, seed=0)
    passes = [np.concatenate([batches.draw() for _ in range(3)]) for _ in range(2)]
    assert [sorted(clips.tolist()) for clips in passes] == [list(range(11))] * 2
    assert not np.array_equal(*passes)


def test_it_goes_on_in_the_middle_of_a_pass():
    """From facts that went through JSON."""
    batches = UnlabelledBatches(CLIPS, batch_size=4, seed=0)
    for _ in range(5):
        batches.draw()
    facts = json.loads(json.dumps(batches.facts()))
    again = UnlabelledBatches(CLIPS, batch_size=4, seed=1)
    again.restore(facts)
    assert all(np.array_equal(batches.draw(), again.draw()) for _ in range(6))


def test_clips_are_padded_with_their_last_frame():
    """As labelled ones are."""
    features, lengths = UnlabelledBatches(CLIPS, batch_size=4, seed=0).pad(np.array([0, 2]))
    assert features[:, :, 0].tolist() == [[1.0] * 3, [3.0] * 3]
    assert lengths.tolist() == [1, 3]
