"""Beginning from weights that were learned before."""

from dataclasses import replace

import pytest
import torch

from ser.errors import ConfigurationError
from ser.models.build import build_network
from ser.training.initial import digest, load_initial
from tests.ser.training.unlabelled_clips import BANDS, QUICK, SMALL, train

STILL = replace(QUICK, epochs=1, learning_rate=1e-12, warmup=0.0, weight_decay=0.0)


def encoder_of(model) -> dict[str, torch.Tensor]:
    """Return the weights of the encoder."""
    return {k: v for k, v in model.network.state_dict().items() if k.startswith("encoder")}


@pytest.mark.parametrize("members", [1, 2])
def test_named_weights_are_taken_and_others_begin_afresh(members):
    """Also those of one member of an ensemble."""
    shape = replace(SMALL, members=members)
    torch.manual_seed(5)
    other = build_network(shape, n_classes=2, n_bands=BANDS).state_dict()
    place = "" if members == 1 else "members.1."
    name = f"{place}encoder.blocks.0.convolution.weight"
    plain = train(STILL, model=shape).network.state_dict()
    model = train(STILL, model=shape, initial={name: other[name]}).network.state_dict()
    torch.testing.assert_close(model[name], other[name])
    head = f"{place}head.logits.1.weight"
    torch.testing.assert_close(model[head], plain[head], rtol=0, atol=1e-6)
    assert (plain[name] - other[name]).abs().max() > 0.01


def test_statistics_replace_those_of_the_clips():
    """An encoder hears what it heard when it learned."""
    given = {
        "normalisation.mean": torch.full((BANDS,), 3.0),
        "normalisation.deviation": torch.full((BANDS,), 2.0),
    }
    found = train(STILL, initial=given).network.normalisation
    assert found.mean.tolist() == [3.0] * BANDS
    assert found.deviation.tolist() == [2.0] * BANDS


def test_the_model_tells_what_it_began_from():
    """By a hash of names and numbers."""
    given = {"head.logits.1.bias": torch.ones(2)}
    assert train(STILL, initial=given).training["initial"] == digest(given)
    assert digest(given) != digest({"head.logits.1.bias": torch.zeros(2)})


@pytest.mark.parametrize(
    ("initial", "message"),
    [
        ({"tail": torch.ones(1)}, r"it has no \['tail'\]; build the network as it was"),
        (
            {"normalisation.mean": torch.ones(3)},
            r"has normalisation\.mean \(3,\) instead of \(16,\)",
        ),
        ({"normalisation.mean": torch.ones(BANDS)}, r"or neither, but lacks \['norm.*deviation'\]"),
        ({"head.logits.1.bias": torch.tensor([0, torch.nan])}, r"finite, but \['head.*bias'\]"),
    ],
)
def test_weights_that_do_not_fit_are_named(initial, message):
    """Nothing is taken from what fits in part."""
    network = build_network(SMALL, n_classes=2, n_bands=BANDS)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(ConfigurationError, match=message):
        load_initial(network, initial)
    torch.testing.assert_close(dict(network.state_dict()), before)
