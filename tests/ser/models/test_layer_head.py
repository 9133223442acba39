"""The light head weighs layers, standardises by training statistics, and tells clips apart."""

import pytest
import torch

from ser.errors import ConfigurationError
from ser.models.layer_head import LayerHead

GENERATOR = torch.Generator().manual_seed(0)
CLIPS = torch.randn(5, 3, 8, generator=GENERATOR)


def head(**changes) -> LayerHead:
    """Return a head with weights that are not zero, in evaluation mode."""
    torch.manual_seed(0)
    network = LayerHead(**{"layers": 3, "bands": 8, "n_classes": 4, "size": 6, **changes})
    torch.nn.init.normal_(network.logits.weight)
    return network.eval()


@pytest.mark.parametrize(("size", "embedding"), [(6, 6), (0, 24)])
def test_it_says_what_other_networks_say(size, embedding):
    """Logits and embeddings per clip, and no ratings; one layer or two."""
    output = head(size=size)(CLIPS, torch.full((5,), 3))
    assert output.logits.shape == (5, 4)
    assert output.embeddings.shape == (5, embedding)
    assert output.ratings.shape == (5, 0)


def test_batch_mates_do_not_matter():
    """A clip's logits are those it has alone."""
    network = head()
    torch.testing.assert_close(network(CLIPS).logits[2:3], network(CLIPS[2:3]).logits)


def test_layer_weights_are_a_distribution_over_layers_and_statistics():
    """They begin equal, and equal weights leave the statistics as they are."""
    network = head(size=0)
    torch.testing.assert_close(network.layer_weights, torch.full((3, 2), 1 / 6))
    torch.testing.assert_close(network(CLIPS).embeddings, CLIPS.flatten(1))


def test_a_layer_of_no_weight_is_not_heard():
    """Whatever its deviations say, the logits stay; its means are heard still."""
    network = head()
    with torch.no_grad():
        network.layer_scores[1, 1] = -1e4
    changed = CLIPS.clone()
    changed[:, 1, 4:] += 5
    torch.testing.assert_close(network(changed).logits, network(CLIPS).logits)
    changed[:, 1, :4] += 5
    assert not torch.allclose(network(changed).logits, network(CLIPS).logits)


def test_layer_weights_are_learnt():
    """The loss reaches them."""
    network = head()
    network(CLIPS).logits[:, 0].sum().backward()
    assert network.layer_scores.grad.abs().min() > 0


def test_statistics_standardise_every_number_of_every_layer():
    """Scaling and shifting the features with their statistics changes nothing."""
    network, other = head(), head()
    shift, scale = torch.randn(3, 8, generator=GENERATOR), torch.full((3, 8), 7.0)
    other.set_statistics(shift, scale)
    torch.testing.assert_close(other(CLIPS * scale + shift).logits, network(CLIPS).logits)


def test_a_number_that_never_moves_stays_finite():
    """A deviation of zero does not divide."""
    network = head()
    network.set_statistics(CLIPS.mean(0), torch.zeros(3, 8))
    assert network(CLIPS).logits.isfinite().all()


def test_statistics_travel_with_the_weights():
    """A head that is stored and loaded needs no training clip."""
    network, other = head(), head()
    network.set_statistics(CLIPS.mean(0), CLIPS.std(0))
    other.load_state_dict(network.state_dict())
    torch.testing.assert_close(other(CLIPS).logits, network(CLIPS).logits)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bands": 7}, "`bands` even and ≥ 2, .* got 3, 4, 7 and 6"),
        ({"layers": 0}, "`layers` and `n_classes` must be ≥ 1"),
        ({"dropout": 1.0}, r"`dropout` must lie in \[0, 1\), but got 1.0"),
        ({"input_dropout": -0.1}, r"`input_dropout` must lie in \[0, 1\)"),
    ],
)
def test_sizes_out_of_range_are_refused(changes, message):
    """The message says what is expected."""
    with pytest.raises(ConfigurationError, match=message):
        head(**changes)


def test_statistics_of_another_shape_are_refused():
    """They must come from features of the same encoder."""
    with pytest.raises(ConfigurationError, match=r"shape \(3, 8\), but got \(8,\) and \(8,\)"):
        head().set_statistics(torch.zeros(8), torch.ones(8))
