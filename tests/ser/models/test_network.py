"""Padding, order and batch mates never change what a network says about a clip."""

import copy
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ser.features.ragged import RaggedFeatures
from ser.models.batching import pad_clips
from ser.models.build import build_network
from ser.models.network import EmotionNetwork, NetworkOutput
from ser.models.parameters import CRNN, NetworkParameters

BANDS = 8
TOLERANCE = 1e-5  # rounding of float32 sums whose order depends on the shape of the batch
EXACT = 1e-10  # the same in float64, where a leak could not hide behind rounding
LENGTHS = (1, 23, 2, 5, 4, 37)
CHOICES = {
    "separable": (False, True),
    "residual": (False, True),
    "squeeze": (0, 2),
    "recurrent": ("none", "lstm", "gru"),
    "self_attention": (0, 2),
    "pooling": ("attention", "statistics"),
    "with_deviation": (False, True),
}
FAMILY = [
    NetworkParameters(
        channels=(4, 6, 6),
        time_pools=(2, 2, 1),
        recurrent_size=4,
        embedding_size=5,
        dropout=0.0,
        ratings=("arousal", "valence"),
        **dict(zip(CHOICES, choice, strict=True)),
    )
    for choice in product(*CHOICES.values())
]
FAMILY.append(replace(FAMILY[-1], members=3, centred=1))


def name(parameters: NetworkParameters) -> str:
    """Return the choices of a member of the family in a row."""
    return "-".join(str(getattr(parameters, choice)) for choice in (*CHOICES, "members"))


@cache
def make_network(parameters: NetworkParameters) -> EmotionNetwork:
    """Return a random network in evaluation mode with running statistics away from 0 and 1."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = build_network(parameters, n_classes=4, n_bands=BANDS)
        network.set_rating_statistics(torch.tensor([3.0, -1.0]), torch.tensor([2.0, 0.5]))
        network.train()
        with torch.no_grad():
            network(torch.randn(8, 40, BANDS) * 2 + 1, torch.full((8,), 40))
    return network.eval()


def side_by_side(output: NetworkOutput) -> torch.Tensor:
    """Return everything a network says in one row per clip."""
    return torch.cat([output.logits, output.ratings, output.embeddings], dim=1)


def make_clips(lengths: tuple[int, ...], seed: int) -> list[torch.Tensor]:
    """Return random clips in double precision."""
    rng = np.random.default_rng(seed)
    return [torch.from_numpy(rng.normal(-1, 2, (length, BANDS))) for length in lengths]


def pad(clips: list[torch.Tensor], *, extra: int, filling: float) -> torch.Tensor:
    """Return the clips below each other, with more padding than needed."""
    batch = clips[0].new_full((len(clips), max(map(len, clips)) + extra, BANDS), filling)
    for row, clip in zip(batch, clips, strict=True):
        row[: len(clip)] = clip
    return batch


@pytest.mark.parametrize("parameters", FAMILY, ids=name)
def test_no_network_of_the_family_sees_padding_or_batch_mates(parameters):
    """In double precision a clip alone equals the clip in a padded batch, in every design."""
    network = build_network(parameters, n_classes=4, n_bands=BANDS).double().eval()
    network.load_state_dict(make_network(parameters).state_dict())
    clips = make_clips(LENGTHS, seed=0)
    with torch.inference_mode():
        together = side_by_side(network(pad(clips, extra=7, filling=1e4), torch.tensor(LENGTHS)))
        for row, clip in enumerate(clips):
            alone = side_by_side(network(clip[None], torch.tensor([len(clip)])))
            torch.testing.assert_close(together[row], alone[0], atol=EXACT, rtol=EXACT)
    assert together.isfinite().all()


@settings(max_examples=80, deadline=None)
@given(
    parameters=st.sampled_from(FAMILY),
    lengths=st.lists(st.integers(1, 70), min_size=1, max_size=6),
    extra=st.integers(0, 30),
    filling=st.sampled_from([0.0, -13.8, 1e4]),
    seed=st.integers(0, 2**16),
)
def test_padding_order_and_batch_mates_change_nothing(parameters, lengths, extra, filling, seed):
    """In single precision, as it is used, what changes is rounding alone; in double, nothing."""
    single = make_network(parameters)
    double = copy.deepcopy(single).double()
    order = np.random.default_rng(seed).permutation(len(lengths))
    for network, kind, error in ((single, "float", TOLERANCE), (double, "double", EXACT)):
        clips = [getattr(clip, kind)() for clip in make_clips(tuple(lengths), seed)]
        batch = pad([clips[clip] for clip in order], extra=extra, filling=filling)
        with torch.inference_mode():
            together = side_by_side(network(batch, torch.tensor([lengths[clip] for clip in order])))
            for row, clip in enumerate(order):
                alone = side_by_side(network(clips[clip][None], torch.tensor([lengths[clip]])))
                torch.testing.assert_close(together[row], alone[0], atol=error, rtol=error)


@pytest.mark.parametrize("parameters", FAMILY, ids=name)
def test_training_does_not_see_padding(parameters):
    """Outputs, gradients and running statistics are the same however much padding there is."""
    clips, lengths = make_clips(LENGTHS, seed=1), torch.tensor(LENGTHS)
    found = []
    for extra, filling in ((0, 0.0), (9, 50.0)):
        torch.manual_seed(0)
        network = build_network(parameters, n_classes=4, n_bands=BANDS).double().train()
        output = side_by_side(network(pad(clips, extra=extra, filling=filling), lengths))
        output.square().sum().backward()
        gradients = [weights.grad for weights in network.parameters()]
        found.append([output, *gradients, *network.buffers()])
    for first, second in zip(*found, strict=True):
        torch.testing.assert_close(first, second, atol=1e-8, rtol=1e-8)


def test_gradients_do_not_depend_on_what_fills_the_padding():
    """Bit for bit, where the batch has one shape."""
    rng = np.random.default_rng(0)
    clips = RaggedFeatures.from_list([rng.normal(size=(n, 16)) for n in (30, 9, 21)])
    features, lengths = pad_clips([clips], np.arange(3))
    gradients = []
    for filling in (0.0, 50.0):
        filled = features.clone()
        filled[1, 9:] = filling
        torch.manual_seed(0)
        network = build_network(CRNN, n_classes=4, n_bands=16).train()
        network(filled, lengths).logits.square().sum().backward()
        gradients.append([w.grad for w in network.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


@pytest.mark.parametrize("parameters", FAMILY[::37], ids=name)
def test_half_precision_says_almost_the_same(parameters):
    """Autocast to bfloat16 reaches every layer and no sum overflows or loses its count."""
    network, clips = make_network(parameters), make_clips((700, 30), seed=2)
    batch, lengths = pad(clips, extra=0, filling=0.0).float(), torch.tensor([700, 30])
    with torch.inference_mode():
        expected = side_by_side(network(batch, lengths))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = side_by_side(network(batch, lengths))
    torch.testing.assert_close(found.float(), expected, atol=0.15, rtol=0.1)
