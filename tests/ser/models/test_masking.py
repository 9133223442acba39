"""Masks and reversals that follow the true lengths."""

import torch

from ser.models.masking import reverse_time, valid_frames, zero_padding


def test_valid_frames_marks_exactly_the_real_frames():
    """A clip of length n has n leading true values."""
    mask = valid_frames(torch.tensor([0, 2, 4]), 4)
    assert mask.sum(dim=1).tolist() == [0, 2, 4]


def test_zero_padding_keeps_real_frames_and_clears_the_rest():
    """Real frames are untouched and padding becomes zero."""
    states = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    cleared = zero_padding(states, torch.tensor([3, 1]))
    assert torch.equal(cleared[0], states[0])
    assert torch.equal(cleared[1, :1], states[1, :1])
    assert not cleared[1, 1:].any()


def test_reversing_twice_gives_the_input_back():
    """Reversal is its own inverse, padding included."""
    states = torch.randn(3, 5, 2, generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([5, 1, 3])
    assert torch.equal(reverse_time(reverse_time(states, lengths), lengths), states)


def test_reversal_equals_flipping_each_clip_by_itself():
    """The real frames come out in opposite order."""
    states = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(2))
    reversed_states = reverse_time(states, torch.tensor([4, 2]))
    assert torch.equal(reversed_states[0], states[0].flip(0))
    assert torch.equal(reversed_states[1, :2], states[1, :2].flip(0))
