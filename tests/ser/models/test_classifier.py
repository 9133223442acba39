"""Padding, order and batch mates never change what the network says about a clip."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ser.features.ragged import RaggedFeatures
from ser.models.batching import pad_clips
from ser.models.build import CrnnParameters, build_classifier
from ser.models.classifier import Classifier

TOLERANCE = 2e-6  # rounding of float32 sums whose order depends on the shape of the batch


def make_network() -> Classifier:
    """Return a random network in evaluation mode with running statistics away from 0 and 1."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = build_classifier(CrnnParameters(), n_classes=4, n_bands=16)
        network.train()
        network(torch.randn(8, 40, 16) * 2 + 1, torch.full((8,), 40))
    return network.eval()


NETWORK = make_network()


def judge(features: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Return logits and embeddings side by side."""
    with torch.inference_mode():
        output = NETWORK(features, lengths)
    return torch.cat([output.logits, output.embeddings], dim=1)


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 70), min_size=1, max_size=6),
    extra=st.integers(0, 30),
    filling=st.sampled_from([0.0, -13.8, 1e4]),
    seed=st.integers(0, 2**16),
)
def test_padding_order_and_batch_mates_change_nothing(lengths, extra, filling, seed):
    """A clip judged alone equals the clip in any padded batch, whatever fills the padding."""
    rng = np.random.default_rng(seed)
    clips = [rng.normal(-5, 3, (length, 16)).astype(np.float32) for length in lengths]
    order = rng.permutation(len(clips))
    batch = np.full((len(clips), max(lengths) + extra, 16), filling, np.float32)
    for row, clip in enumerate(order):
        batch[row, : lengths[clip]] = clips[clip]
    together = judge(torch.from_numpy(batch), torch.tensor([lengths[clip] for clip in order]))
    for row, clip in enumerate(order):
        alone = judge(torch.from_numpy(clips[clip])[None], torch.tensor([lengths[clip]]))
        torch.testing.assert_close(together[row], alone[0], atol=TOLERANCE, rtol=TOLERANCE)


def test_gradients_do_not_depend_on_what_fills_the_padding():
    """In training, too, padded frames are out of reach."""
    rng = np.random.default_rng(0)
    clips = RaggedFeatures.from_list([rng.normal(size=(n, 16)) for n in (30, 9, 21)])
    features, lengths = pad_clips([clips], np.arange(3))
    gradients = []
    for filling in (0.0, 50.0):
        filled = features.clone()
        filled[1, 9:] = filling
        torch.manual_seed(0)
        network = build_classifier(CrnnParameters(), n_classes=4, n_bands=16).train()
        network(filled, lengths).logits.square().sum().backward()
        gradients.append([w.grad for w in network.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))
