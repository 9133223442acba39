"""Attention between two sequences: only real states are asked, and nothing is always there."""

import torch

from ser.fusion.cross_attention import CrossAttention, NothingState


def test_padding_of_the_asked_changes_nothing():
    """What lies behind the real states, however large, is not gathered."""
    torch.manual_seed(0)
    layer = CrossAttention(8, heads=2).eval()
    asking, asked = torch.randn(2, 3, 8), torch.randn(2, 5, 8)
    lengths = torch.tensor([2, 4])
    other = asked.clone()
    other[0, 2:] = 1e4
    other[1, 4:] = -1e4
    torch.testing.assert_close(layer(asking, asked, lengths), layer(asking, other, lengths))
    changed = asked.clone()
    changed[0, 1] = asked[0, 1].flip(0)
    assert not torch.allclose(layer(asking, asked, lengths), layer(asking, changed, lengths))


def test_it_asks_each_sequence_of_its_own_clip():
    """Batch mates do not hear each other."""
    torch.manual_seed(0)
    layer = CrossAttention(8, heads=2).eval()
    asking, asked, lengths = torch.randn(2, 3, 8), torch.randn(2, 5, 8), torch.tensor([5, 3])
    alone = layer(asking[1:], asked[1:, :3], torch.tensor([3]))
    torch.testing.assert_close(layer(asking, asked, lengths)[1:], alone)


def test_nothing_is_put_in_front():
    """A sequence without a state becomes one state, others keep theirs."""
    nothing = NothingState(4)
    states, lengths = nothing(torch.ones(2, 3, 4), torch.tensor([0, 3]))
    assert lengths.tolist() == [1, 4]
    torch.testing.assert_close(states[0, 0], nothing.state)
    assert (states[1, 1:] == 1).all()
    empty, lengths = nothing(torch.ones(2, 0, 4), torch.tensor([0, 0]))
    assert empty.shape == (2, 1, 4)
    assert lengths.tolist() == [1, 1]
