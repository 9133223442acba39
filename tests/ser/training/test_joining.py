"""Several batches through a network as one."""

from dataclasses import replace

import pytest
import torch

from ser.models.build import build_network
from ser.training.auxiliary import Clips
from ser.training.joining import join_clips, split_output
from tests.ser.training.trainee import NETWORK

PARTS = [
    Clips(torch.randn(2, 9, 16), torch.tensor([9, 5])),
    Clips(torch.randn(3, 14, 16), torch.tensor([14, 3, 8])),
]


@pytest.mark.parametrize("members", [1, 2])
def test_each_part_is_judged_as_it_is_alone(members):
    """What is joined for one pass comes apart again, members included."""
    torch.manual_seed(0)
    network = build_network(replace(NETWORK, members=members), n_classes=3, n_bands=16).eval()
    found = split_output(network.judge(*join_clips(PARTS)), [2, 3])
    for said, part in zip(found, PARTS, strict=True):
        alone = network.judge(*part)
        pairs = zip((said, *said.members), (alone, *alone.members), strict=True)
        for one, other in pairs:
            for name in ("logits", "ratings", "embeddings"):
                torch.testing.assert_close(
                    getattr(one, name), getattr(other, name), rtol=1e-4, atol=1e-5
                )


def test_a_single_batch_is_left_alone():
    """The very same tensors."""
    assert join_clips(PARTS[:1]) is PARTS[0]
    network = build_network(NETWORK, n_classes=3, n_bands=16).eval()
    output = network.judge(*PARTS[0])
    assert split_output(output, [2])[0] is output
