"""Bidirectional recurrent layers over true lengths."""

import pytest
import torch
from torch import nn

from ser.models.recurrent import BidirectionalRecurrent


@pytest.mark.parametrize(("cell", "layer"), [("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_both_directions_equal_the_packed_layer_of_torch(cell, layer):
    """Index reversal gives what torch computes from packed sequences."""
    torch.manual_seed(0)
    ours = BidirectionalRecurrent(5, 3, cell=cell)
    theirs = layer(5, 3, batch_first=True, bidirectional=True)
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
