"""Upper layers of an encoder go on exactly as the whole encoder does."""

import json

import numpy as np
import pytest
import torch

from ser.encoders.layers import EncoderLayers, count_layers, describe_layers, load_layers
from ser.encoders.pretrained import load_encoder
from ser.errors import ConfigurationError

RNG = np.random.default_rng(0)
CLIPS = [(0.1 * RNG.standard_normal(n)).astype(np.float32) for n in (9000, 700, 16000, 5000)]
TOLERANCE = 1e-5


def encode(folder):
    """Return all states of each clip."""
    return [torch.from_numpy(clip) for clip in load_encoder(str(folder)).encode(CLIPS)]


@pytest.mark.parametrize(("bottom", "top"), [(0, 1), (0, 2), (1, 2)])
def test_a_clip_has_the_states_of_the_whole_encoder(any_tiny, bottom, top):
    """Of every family, from any layer to any other, the encoder's last one included."""
    layers = load_layers(str(any_tiny), bottom=bottom, top=top).eval()
    for states in encode(any_tiny):
        with torch.no_grad():
            found = layers(states[bottom][None], torch.tensor([states.shape[1]]))
        for own, theirs in zip(found, states[bottom : top + 1], strict=True):
            torch.testing.assert_close(own[0], theirs, atol=TOLERANCE, rtol=0)


def test_padding_never_reaches_a_clip(any_tiny):
    """In a batch with longer clips, whatever lies behind it, its states are those alone."""
    layers = load_layers(str(any_tiny), bottom=0, top=2).eval()
    clips = [states[0] for states in encode(any_tiny)]
    lengths = torch.tensor([len(clip) for clip in clips])
    batch = torch.full((len(clips), int(lengths.max()), 16), 7.0)
    for row, clip in zip(batch, clips, strict=True):
        row[: len(clip)] = clip
    with torch.no_grad():
        together = layers(batch, lengths)
        for number, clip in enumerate(clips):
            alone = layers(clip[None], lengths[number : number + 1])
            for one, many in zip(alone, together, strict=True):
                torch.testing.assert_close(
                    many[number, : len(clip)], one[0], atol=TOLERANCE, rtol=0
                )


def test_a_long_clip_of_whisper_is_heard_in_the_same_pieces(tiny):
    """Nothing attends from one piece to the other, in a batch with a short clip either."""
    folder = tiny("whisper")
    clip = (0.1 * RNG.standard_normal(16000 * 5 + 700)).astype(np.float32)
    long, short = load_encoder(str(folder)).encode([clip, CLIPS[0]])
    layers = load_layers(str(folder), bottom=0, top=2).eval()
    assert long.shape[1] > 2 * layers.longest
    batch = torch.zeros(2, long.shape[1], 16)
    batch[0] = torch.from_numpy(long[0])
    batch[1, : short.shape[1]] = torch.from_numpy(short[0])
    with torch.no_grad():
        found = layers(batch, torch.tensor([long.shape[1], short.shape[1]]))
    np.testing.assert_allclose(found[2][0].numpy(), long[2], atol=TOLERANCE)
    np.testing.assert_allclose(found[2][1, : short.shape[1]].numpy(), short[2], atol=TOLERANCE)


def test_what_they_are_built_from_names_no_place_and_no_version(any_tiny):
    """The same layers anywhere have the same description."""
    facts = json.loads(describe_layers(str(any_tiny)))
    assert facts["model_type"] in {"whisper", "wav2vec2", "hubert", "wavlm", "data2vec-audio"}
    assert not [name for name in facts if "path" in name or "version" in name]
    assert count_layers(describe_layers(str(any_tiny))) == 2


def test_layers_are_built_without_the_files_of_the_encoder(any_tiny):
    """From the description alone they take the same weights."""
    layers = load_layers(str(any_tiny), bottom=1, top=2)
    again = EncoderLayers(describe_layers(str(any_tiny)), bottom=1, top=2)
    again.load_state_dict(layers.state_dict())
    names = {name for name, _ in again.named_parameters()}
    assert names == set(again.state_dict())


@pytest.mark.parametrize(("bottom", "top"), [(1, 1), (0, 3), (-1, 1)])
def test_layers_that_are_not_there_are_refused(tiny, bottom, top):
    """The message says which there are."""
    with pytest.raises(ConfigurationError, match=r"0 ≤ bottom < top ≤ 2, but are"):
        load_layers(str(tiny("hubert")), bottom=bottom, top=top)


@pytest.mark.parametrize(
    ("described", "message"),
    [
        ("{}", "must be JSON from `describe_layers`, but is '{}'"),
        ("whisper", "must be JSON"),
        ('{"model_type": "bert"}', "must be one of whisper, .* is `bert`"),
    ],
)
def test_a_description_of_nothing_is_refused(described, message):
    """Before anything is built."""
    with pytest.raises(ConfigurationError, match=message):
        EncoderLayers(described, bottom=0, top=1)
