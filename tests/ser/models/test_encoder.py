"""Convolutions and the bidirectional LSTM over true lengths."""

import pytest
import torch
from torch import nn

from ser.models.encoder import BidirectionalLstm, ConvolutionEncoder


@pytest.fixture
def encoder() -> ConvolutionEncoder:
    """Return a small encoder in evaluation mode that makes one frame of four."""
    torch.manual_seed(0)
    return ConvolutionEncoder(8, channels=(4, 6), time_pools=(2, 2), dropout=0.1).eval()


@pytest.mark.parametrize(("frames", "pooled"), [(1, 1), (3, 1), (4, 1), (7, 1), (8, 2), (9, 2)])
def test_pooled_length_is_the_floor_and_at_least_one(encoder, frames, pooled):
    """F frames give max(1, F // 4) states."""
    states, lengths = encoder(torch.randn(1, frames, 8), torch.tensor([frames]))
    assert lengths.tolist() == [pooled]
    assert states.shape == (1, pooled, encoder.size)


def test_padded_states_are_zero(encoder):
    """Whatever lies in the padding, the states after the end of a clip are zero."""
    states, lengths = encoder(torch.full((2, 16, 8), 9.0), torch.tensor([16, 5]))
    assert lengths.tolist() == [4, 1]
    assert not states[1, 1:].any()


def test_bidirectional_lstm_equals_the_packed_one_of_torch():
    """Index reversal gives what torch computes from packed sequences."""
    torch.manual_seed(0)
    ours = BidirectionalLstm(5, 3)
    theirs = nn.LSTM(5, 3, batch_first=True, bidirectional=True)
    weights = ours.forwards.state_dict()
    weights |= {f"{k}_reverse": v for k, v in ours.backwards.state_dict().items()}
    theirs.load_state_dict(weights)
    states, lengths = torch.randn(3, 7, 5), torch.tensor([7, 2, 4])
    packed = nn.utils.rnn.pack_padded_sequence(
        states, lengths, batch_first=True, enforce_sorted=False
    )
    expected, _ = nn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)
    found = ours(states, lengths)
    for row, length in enumerate(lengths):
        normalised = ours.normalisation(expected[row, :length])
        torch.testing.assert_close(found[row, :length], normalised, atol=1e-5, rtol=1e-5)
