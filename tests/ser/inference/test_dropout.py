"""Dropout while predicting leaves everything else in evaluation mode."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from ser.errors import ConfigurationError
from ser.inference.dropout import check_passes, dropout_layers, judge_in_passes, thinned
from ser.models.build import build_network
from ser.models.network import EmotionNetwork
from ser.models.parameters import LAYER_HEAD, NetworkParameters

PARAMETERS = NetworkParameters(
    channels=(4, 8),
    time_pools=(2, 2),
    recurrent_size=8,
    embedding_size=6,
    encoder_dropout=0.5,
    dropout=0.25,
    self_attention=2,
)


def build(**changes) -> EmotionNetwork:
    """Return a small random network in evaluation mode."""
    torch.manual_seed(0)
    return build_network(replace(PARAMETERS, **changes), n_classes=3, n_bands=16).eval()


def judge(network: EmotionNetwork) -> torch.Tensor:
    """Return the logits of five clips."""
    features = torch.randn(5, 30, 16, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        return network(features, torch.full((5,), 30)).logits


@pytest.mark.parametrize(
    "changes",
    [{}, {"dropout": 0.0}, {"encoder_dropout": 0.0}, {"residual": True}, {"recurrent": "gru"}],
    ids=str,
)
def test_a_thinned_network_says_something_else(changes: dict) -> None:
    """Wherever its dropout is, and the network is itself again afterwards."""
    network = build(**changes)
    before = judge(network)
    state = {name: value.clone() for name, value in network.state_dict().items()}
    with thinned(network, seed=0, number=0):
        assert (judge(network) - before).abs().max() > 1e-4
        assert not network.training
    assert torch.equal(judge(network), before)
    for name, value in network.state_dict().items():
        assert torch.equal(value, state[name])


def test_it_is_itself_again_after_an_error() -> None:
    """A clip that cannot be judged leaves no layer thinned."""
    network = build()
    before = judge(network)
    with pytest.raises(IndexError), thinned(network, seed=0, number=0):
        network(torch.zeros(1), torch.zeros(1))
    assert torch.equal(judge(network), before)


def test_a_pass_is_drawn_by_seed_and_number() -> None:
    """Equal ones are equal passes, others are other passes."""
    network, said = build(), {}
    for key in ((0, 0), (0, 1), (1, 0)):
        for _ in range(2):
            with thinned(network, seed=key[0], number=key[1]):
                logits = judge(network)
            assert torch.equal(said.setdefault(key, logits), logits)
    assert len({tuple(logits.flatten().tolist()) for logits in said.values()}) == 3


@pytest.mark.parametrize("layer", [nn.Dropout(0.25), nn.Dropout2d(0.25)], ids=repr)
def test_a_share_is_dropped_and_the_rest_scaled_as_in_training(layer: nn.Module) -> None:
    """The mean stays; a map of channels loses whole channels."""
    network = build(dropout=0.0, encoder_dropout=0.0)
    network.head.logits.insert(0, layer.eval())
    given = torch.ones(3, 4000) if isinstance(layer, nn.Dropout) else torch.ones(2, 4000, 2, 3)
    with thinned(network, seed=0, number=0):
        found = layer(given)
    assert found.unique().tolist() == pytest.approx([0, 1 / 0.75])
    assert found.mean().item() == pytest.approx(1, abs=0.03)
    assert torch.equal(found, found[:1].expand_as(found))
    if found.ndim == 4:
        assert torch.equal(found, found[:, :, :1, :1].expand_as(found))


@pytest.mark.parametrize(
    ("changes", "runs"),
    [({}, 4), ({"encoder_dropout": 0.0, "self_attention": 0}, 1)],
    ids=["throughout", "head-alone"],
)
def test_what_leads_to_a_head_that_alone_drops_is_worked_out_once(changes: dict, runs: int) -> None:
    """And what is said is that of whole passes."""
    network = build(**changes)
    batch = torch.randn(5, 30, 16, generator=torch.Generator().manual_seed(2))
    lengths = torch.full((5,), 30)
    counted = []
    with torch.inference_mode():
        hook = network.encoder.register_forward_hook(lambda *_: counted.append(1))
        found = list(judge_in_passes(network, batch, lengths, passes=4, seed=3))
        hook.remove()
        for number, logits in enumerate(found):
            with thinned(network, seed=3, number=number):
                torch.testing.assert_close(logits, network(batch, lengths).logits)
    assert len(found) == 4
    assert len(counted) == runs


def test_layers_that_drop_nothing_are_no_dropout() -> None:
    """With a share of 0 a layer is there in name only."""
    assert len(dropout_layers(build())) > len(dropout_layers(build(dropout=0.0))) > 0
    assert dropout_layers(build(dropout=0.0, encoder_dropout=0.0)) == []


def test_a_light_head_trained_by_descent_can_be_thinned() -> None:
    """Over the layers of a frozen encoder."""
    network = build_network(LAYER_HEAD, n_classes=3, n_bands=16).eval()
    check_passes(network, 5)
    nn.init.normal_(network.head.logits[1].weight)
    before = network(torch.ones(2, 1, 16), torch.ones(2)).logits
    with thinned(network, seed=0, number=0):
        assert not torch.equal(network(torch.ones(2, 1, 16), torch.ones(2)).logits, before)


@pytest.mark.parametrize(
    ("changes", "passes", "message"),
    [
        ({}, 1, "`passes` must be 0 or ≥ 2, but got 1"),
        ({}, -3, "but got -3"),
        ({"members": 3}, 4, "an ensemble of 3, whose members contradict each other already"),
        ({"dropout": 0.0, "encoder_dropout": 0.0}, 4, "this one has none; train one with dropout"),
    ],
)
def test_passes_that_could_not_contradict_are_refused(
    changes: dict, passes: int, message: str
) -> None:
    """With what to do instead."""
    network = build(**changes)
    with pytest.raises(ConfigurationError, match=message):
        check_passes(network, passes)
    check_passes(network, 0)
