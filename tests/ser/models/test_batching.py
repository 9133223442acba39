"""Padded batches from ragged features."""

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.models.batching import batch_by_length, check_features, pad_clips, shuffle_batches


@pytest.fixture
def clips() -> RaggedFeatures:
    """Return five clips of 1 … 5 frames whose values tell clip and frame."""
    return RaggedFeatures.from_list(
        [np.arange(n)[:, None] + 10.0 * n + np.zeros((n, 2)) for n in range(1, 6)]
    )


def test_batch_holds_each_clip_and_its_length(clips):
    """Real frames equal those of the clip."""
    batch, lengths = pad_clips([clips], np.array([4, 0, 2]))
    assert lengths.tolist() == [5, 1, 3]
    for row, clip in enumerate((4, 0, 2)):
        assert np.array_equal(batch[row, : lengths[row]].numpy(), clips[clip])


def test_each_clip_comes_from_the_version_drawn_for_it(clips):
    """Versions of other lengths mix in one batch."""
    doubled = RaggedFeatures.from_list([np.repeat(-clip, 2, axis=0) for clip in clips])
    batch, lengths = pad_clips([clips, doubled], np.array([1, 1]), np.array([0, 1]))
    assert lengths.tolist() == [2, 4]
    assert np.array_equal(batch[0, :2].numpy(), clips[1])
    assert np.array_equal(batch[1].numpy(), doubled[1])


@pytest.mark.parametrize("clips_in_all", [1, 31, 33, 400])
def test_shuffled_batches_hold_every_clip_once(clips_in_all):
    """Batches partition the clips and never exceed the size."""
    lengths = np.arange(clips_in_all) % 17
    batches = shuffle_batches(lengths, 32, np.random.default_rng(0))
    assert sorted(np.concatenate(batches).tolist()) == list(range(clips_in_all))
    assert max(map(len, batches)) <= 32
    assert len(batches) == -(-clips_in_all // 32)


def test_equal_seeds_give_equal_batches():
    """The generator is the only source of randomness."""
    lengths = np.arange(100) % 7
    first, second = (shuffle_batches(lengths, 8, np.random.default_rng(5)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_shuffled_batches_need_little_padding():
    """Batches of similar lengths hold less than half of the padding of random ones."""
    lengths = np.random.default_rng(0).integers(50, 250, 1000)

    def padding(batches: list[np.ndarray]) -> int:
        return sum(int(lengths[b].max() * len(b) - lengths[b].sum()) for b in batches)

    random = np.array_split(np.random.default_rng(1).permutation(1000), 32)
    assert padding(shuffle_batches(lengths, 32, np.random.default_rng(1))) < padding(random) / 2


def test_batches_by_length_ascend(clips):
    """Prediction meets short clips first and all of them once."""
    batches = list(batch_by_length(clips.lengths[::-1], 2))
    assert [batch.tolist() for batch in batches] == [[4, 3], [2, 1], [0]]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_clips_that_are_not_finite_are_named(clips, value):
    """The message lists their positions."""
    clips.values[clips.offsets[3], 1] = value
    with pytest.raises(ConfigurationError, match=r"finite, but the clips at \[3\]"):
        check_features(clips)


def test_clips_without_frames_are_named():
    """The message lists their positions."""
    clips = RaggedFeatures.from_list([np.zeros((1, 2)), np.zeros((0, 2))])
    with pytest.raises(ConfigurationError, match=r"the clips at \[1\] have none"):
        check_features(clips)
