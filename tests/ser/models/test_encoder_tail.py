"""A network that goes on above the frozen part of an encoder."""

import numpy as np
import pytest
import torch

from ser.encoders.statistics import EncoderStatistics
from ser.errors import ConfigurationError
from ser.fusion.hearing import check_audible
from ser.inference.dropout import check_passes, judge_in_passes
from ser.models.batching import pad_clips
from ser.models.build import build_network, count_parameters
from ser.models.encoder_tail import encoder_weights
from ser.models.parameters import NetworkParameters, encoder_tail
from ser.models.pooling import SMALLEST_VARIANCE
from ser.pretraining.loop import pretrain
from ser.pretraining.parameters import PretrainingParameters
from ser.training.dataset import band_statistics
from tests.ser.models.encoder_tails import build_tail, states_of, tail_parameters
from tests.ser.tiny_encoders import SAVERS

RNG = np.random.default_rng(0)
CLIPS = [(0.1 * RNG.standard_normal(n)).astype(np.float32) for n in (9000, 700, 16000, 5000)]


def with_head(network):
    """Give a network answers of its own, and statistics."""
    with torch.no_grad():
        for weights in network.head.parameters():
            weights.normal_(generator=torch.Generator().manual_seed(2))
    return network


@pytest.mark.parametrize("name", SAVERS)
@pytest.mark.parametrize("rank", [0, 2])
def test_it_reads_what_the_whole_encoder_says_of_a_clip(tiny, name, rank):
    """Mean and deviation of all layers from the frames' own on, though frames were normalised."""
    folder = tiny(name)
    network = build_tail(folder, adapter_rank=rank)
    states = states_of(folder, CLIPS)
    network.normalisation.set_statistics(*band_statistics(states))
    batch, lengths = pad_clips([states], np.arange(len(CLIPS)))
    raw = network.normalisation.undo(network.normalisation(batch))
    with torch.no_grad():
        found = network.describe(raw, lengths)
    expected = EncoderStatistics(model=str(folder), layers="1,2", speeds="1").compute(CLIPS)
    for pooled, clip in zip(found, expected, strict=True):
        # Training needs deviations above 0.
        clip[:, 16:] = np.maximum(clip[:, 16:], SMALLEST_VARIANCE**0.5)
        np.testing.assert_allclose(pooled.numpy(), clip, atol=1e-4)


@pytest.mark.parametrize("name", SAVERS)
def test_padding_and_batch_mates_change_nothing(tiny, name):
    """A clip is judged as it is alone."""
    network = with_head(build_tail(tiny(name)))
    states = states_of(tiny(name), CLIPS)
    network.normalisation.set_statistics(*band_statistics(states))
    network.measure(states)
    with torch.no_grad():
        together = network(*pad_clips([states], np.arange(len(CLIPS)))).logits
        for clip in range(len(CLIPS)):
            alone = network(*pad_clips([states], np.array([clip]))).logits
            torch.testing.assert_close(together[clip], alone[0], atol=1e-4, rtol=1e-4)


def test_what_is_judged_is_normalised_over_the_training_clips(tiny):
    """Pooled numbers of the clips have mean 0 and deviation 1, in the order given."""
    network = build_tail(tiny("hubert"))
    states = states_of(tiny("hubert"), CLIPS)
    network.measure(states)
    pooled = network.statistics(network.pool(states))
    torch.testing.assert_close(pooled.mean(dim=0), torch.zeros(2, 32), atol=1e-4, rtol=0)
    (last,) = network.describe(*pad_clips([states], np.array([3])))
    torch.testing.assert_close(network.pool(states)[3], last, atol=1e-5, rtol=0)


def test_layers_open_from_the_top(tiny):
    """The others stay frozen; all of them can learn in the end."""
    network = build_tail(tiny("wav2vec2-layer"), bottom=0, adapter_rank=0)
    lower, upper = network.tail.layers

    def is_open(layer):
        return {weight.requires_grad for weight in layer.parameters()}

    assert is_open(lower) == is_open(upper) == {True}
    network.open(1)
    assert (is_open(lower), is_open(upper)) == ({False}, {True})
    network.open(0)
    assert is_open(lower) == is_open(upper) == {False}


def test_adapters_leave_the_layers_frozen(tiny):
    """What is counted as trainable is them, the layer weights and the head."""
    network = build_tail(tiny("hubert"), adapter_rank=2)
    adapters = sum(weight.numel() for weight in network.encoder_weights())
    assert adapters == 4 * 2 * (16 + 16)
    assert count_parameters(network) == adapters + 4 + 3 * (2 * 32) + 3


def test_the_last_normalisation_of_whisper_learns_with_its_last_layer(tiny):
    """It belongs to no other."""
    network = build_tail(tiny("whisper"), adapter_rank=0)
    weights = {id(weight) for weight in network.encoder_weights()}
    assert {id(weight) for weight in network.tail.normalisation.parameters()} <= weights


def test_what_all_layers_of_wavlm_share_stays_frozen_with_its_first(tiny):
    """And learns with it."""
    for bottom, can_learn in ((1, False), (0, True)):
        network = build_tail(tiny("wavlm"), bottom=bottom, adapter_rank=0)
        shared = network.tail.layers[0].attention.rel_attn_embed.weight
        assert shared.requires_grad == can_learn


def test_weights_of_the_encoder_are_all_but_the_adapters(tiny):
    """They are the same with and without, and drawing for them touches no generator."""
    folder = str(tiny("whisper"))
    before = torch.get_rng_state()
    adapted = encoder_weights(folder, tail_parameters(tiny("whisper"), adapter_rank=2))
    plain = encoder_weights(folder, tail_parameters(tiny("whisper"), adapter_rank=0))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(name.startswith("tail.") for name in plain)
    found = [sorted(weight.sum().item() for weight in of.values()) for of in (adapted, plain)]
    assert found[0] == found[1]
    assert not [name for name in adapted if name.endswith((".up", ".down"))]


def test_passes_with_dropout_contradict_each_other(tiny):
    """Joined numbers are dropped as above a frozen encoder."""
    network = with_head(build_tail(tiny("hubert")))
    states = states_of(tiny("hubert"), CLIPS)
    check_passes(network, 2)
    with torch.no_grad():
        batch = pad_clips([states], np.arange(len(CLIPS)))
        one, other = judge_in_passes(network, *batch, passes=2, seed=0)
    assert not torch.equal(one, other)


def test_words_are_not_joined_to_it(tiny):
    """The message names what they can be joined to."""
    with pytest.raises(ConfigurationError, match=r"layers that learned; .* frozen encoder"):
        check_audible(build_tail(tiny("hubert")))


def test_it_is_not_pretrained_again(tiny):
    """Its layers were."""
    states = states_of(tiny("hubert"), CLIPS)
    with pytest.raises(ConfigurationError, match="was pretrained already; train on it at once"):
        pretrain(
            states,
            feature_set="test",
            sample_rate=16000,
            parameters=tail_parameters(tiny("hubert")),
            training=PretrainingParameters(),
            speakers=["a", "b", "c", "d"],
        )


def test_states_of_another_width_are_refused(tiny):
    """The message names the features to compute."""
    parameters = tail_parameters(tiny("hubert"))
    with pytest.raises(ConfigurationError, match=r"must be the 16 numbers of a state .* but is 12"):
        build_network(parameters, n_classes=2, n_bands=12)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: NetworkParameters(adapter_rank=4), "`adapter_rank` is about the layers .* set"),
        (lambda: encoder_tail("x", bottom=2, top=2), "`tail_to` must lie above `tail_from`, .* 2"),
        (
            lambda: NetworkParameters(encoder="x", tail_to=1, members=2),
            "`layers` is 0 and `members` 2",
        ),
        (lambda: NetworkParameters(encoder="x", tail_to=1, centred=1), "over layers"),
        (lambda: NetworkParameters(encoder="x", tail_to=1, adapter_rank=-1), "must be ≥ 0"),
    ],
)
def test_what_makes_no_network_is_refused(build, message):
    """Before an encoder is looked at."""
    with pytest.raises(ConfigurationError, match=message):
        build()
