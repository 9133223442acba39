"""Fusion networks: what is said of a clip depends on its sound and its words alone."""

from dataclasses import replace

import pytest
import torch

from ser.errors import ConfigurationError
from ser.fusion.hearing import hear
from ser.fusion.network import FusionNetwork
from ser.fusion.parameters import FusionParameters
from ser.models.build import build_network
from ser.models.network import EmotionNetwork
from ser.models.parameters import CNN, LAYER_HEAD, NetworkParameters
from tests.ser.fusion.clips import SMALL, TEXT_SIZE

SOUNDS = {
    "recurrent": SMALL,
    "convolution": replace(CNN, channels=(4, 8), time_pools=(2, 2)),
    "self-attention": replace(SMALL, self_attention=2, centred=1),
    "layers": replace(LAYER_HEAD, layers=3),
}
KINDS = ("late", "concatenation", "attention")


def build(sound: NetworkParameters = SMALL, kind: str = "attention", **options) -> FusionNetwork:
    """Return a fusion with random weights, those that begin as zeros included."""
    torch.manual_seed(0)
    heard = build_network(sound, n_classes=3, n_bands=16)
    parameters = FusionParameters(kind=kind, size=8, heads=2, **options)
    network = FusionNetwork(heard, text_size=TEXT_SIZE, parameters=parameters)
    for weights in network.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    return network.eval()


def make_batch(frames: int = 12) -> tuple[torch.Tensor, ...]:
    """Return three clips: with words, without, and with fewer words."""
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(3, frames, 16, generator=generator)
    words = torch.randn(3, 4, TEXT_SIZE, generator=generator)
    lengths = torch.tensor([frames, frames, frames])
    return features, lengths, words, torch.tensor([4, 0, 2])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sound", SOUNDS)
def test_padding_and_batch_mates_change_nothing(sound: str, kind: str):
    """Each clip is judged as it is alone and unpadded, with words or without."""
    network = build(SOUNDS[sound], kind)
    is_layers = sound == "layers"
    features, lengths, words, counts = make_batch(3 if is_layers else 12)
    if not is_layers:
        lengths = torch.tensor([12, 7, 9])
    for clip, (frames, tokens) in enumerate(zip(lengths, counts, strict=True)):
        features[clip, frames:] = 50.0
        words[clip, tokens:] = -50.0
    together = network.judge_both(features, lengths, words, counts).fused
    for clip, (frames, tokens) in enumerate(zip(lengths, counts, strict=True)):
        alone = network.judge_both(
            features[clip : clip + 1, :frames],
            frames[None],
            words[clip : clip + 1, :tokens],
            tokens[None],
        ).fused
        torch.testing.assert_close(together.logits[clip], alone.logits[0], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(
            together.embeddings[clip], alone.embeddings[0], atol=1e-5, rtol=1e-4
        )


@pytest.mark.parametrize("kind", KINDS)
def test_an_audio_network_is_a_fusion_whose_words_are_missing(kind: str):
    """Where nothing is known of words it judges as if each clip had none, and finitely."""
    network = build(kind=kind)
    features, lengths, words, _ = make_batch()
    none = network.judge_both(features, lengths, words, torch.zeros(3, dtype=torch.int64)).fused
    said = network(features, lengths)
    torch.testing.assert_close(said.logits, none.logits)
    assert said.logits.isfinite().all()
    assert said.embeddings.shape == (3, network.embedding_size)


@pytest.mark.parametrize("kind", KINDS)
def test_words_and_sound_both_count(kind: str):
    """Other words or another sound change what is said, but not what lacks them."""
    network = build(kind=kind)
    features, lengths, words, counts = make_batch()
    said = network.judge_both(features, lengths, words, counts).fused.logits
    read = network.judge_both(features, lengths, words.flip(2), counts).fused.logits
    heard = network.judge_both(features + torch.randn(16), lengths, words, counts).fused.logits
    assert not torch.allclose(said[0], read[0])
    torch.testing.assert_close(said[1], read[1])
    assert not torch.allclose(said[0].softmax(0), heard[0].softmax(0))


@pytest.mark.parametrize("kind", KINDS)
def test_without_sound_the_words_decide(kind: str):
    """A clip that lost its sound is judged alike whatever was heard."""
    network = build(kind=kind)
    features, lengths, words, counts = make_batch()
    has_sound = torch.tensor([False, True, True])
    one, other = (
        network.judge_both(heard, lengths, words, counts, has_sound=has_sound).fused.logits
        for heard in (features, features + torch.randn(16))
    )
    torch.testing.assert_close(one[0], other[0])
    assert not torch.allclose(one[1], other[1])


def test_late_fusion_without_words_is_the_sound():
    """Weights of the two sides apply where there are two."""
    network = build(kind="late")
    network.join.weights.copy_(torch.tensor([3.0, 0.5]))
    features, lengths, words, counts = make_batch()
    output = network.judge_both(features, lengths, words, counts)
    sound = output.sound.log_softmax(dim=1)
    torch.testing.assert_close(output.fused.logits[1], sound[1])
    expected = 3.0 * sound[0] + 0.5 * output.words.log_softmax(dim=1)[0]
    torch.testing.assert_close(output.fused.logits[0], expected)


def test_a_frozen_sound_keeps_weights_and_statistics():
    """Nothing of it takes a gradient, and batch normalisation counts no batch."""
    network = build(frozen_sound=True).train()
    before = {name: value.clone() for name, value in network.sound.state_dict().items()}
    features, lengths, words, counts = make_batch()
    network.judge_both(features, lengths, words, counts).fused.logits.sum().backward()
    assert all(weights.grad is None for weights in network.sound.parameters())
    assert any(weights.grad is not None for weights in network.join.parameters())
    for name, value in network.sound.state_dict().items():
        torch.testing.assert_close(value, before[name])


@pytest.mark.parametrize("kind", KINDS)
def test_without_words_a_frozen_sound_judges_as_it_did_alone(kind: str):
    """Removing the words costs nothing, whatever else was trained on top of it."""
    network = build(kind=kind, frozen_sound=True)
    features, lengths, words, counts = make_batch()
    output = network.judge_both(features, lengths, words, counts)
    alone = hear(network.sound, features, lengths).logits
    posterior = output.fused.logits.softmax(dim=1)
    torch.testing.assert_close(posterior[1], alone[1].softmax(dim=0))
    assert not torch.allclose(posterior[0], alone[0].softmax(dim=0))
    assert not torch.allclose(posterior[2], alone[2].softmax(dim=0))


def test_ensembles_and_ratings_are_refused():
    """The message says what to do instead."""
    several = build_network(replace(SMALL, members=2), n_classes=3, n_bands=16)
    with pytest.raises(ConfigurationError, match="`members` is 2; train several fusions"):
        _fuse(several)
    rating = build_network(replace(SMALL, ratings=("arousal",)), n_classes=3, n_bands=16)
    with pytest.raises(ConfigurationError, match="it has 3 classes and 1 ratings"):
        _fuse(rating)


def _fuse(sound: EmotionNetwork) -> FusionNetwork:
    return FusionNetwork(sound, text_size=TEXT_SIZE, parameters=FusionParameters())
