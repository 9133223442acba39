"""Pretrained encoders of every family give states of the clip's own length."""

import shutil

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ser.audio.pcm import from_pcm16, to_pcm16
from ser.encoders import pretrained
from ser.encoders.files import hash_configuration, hash_weights
from ser.encoders.pretrained import load_encoder
from ser.errors import ConfigurationError

RNG = np.random.default_rng(0)
# Rounding differs between shapes of matrix products; states are of the order of 1.
TOLERANCE = 1e-5


def clip(samples: int) -> np.ndarray:
    """Return noise that any 16-bit file could hold."""
    return from_pcm16(to_pcm16((0.1 * RNG.standard_normal(samples)).astype(np.float32)))


CLIPS = [clip(n) for n in (1, 1600, 9000, 9000, 9000, 5000, 9100)]


def test_every_family_gives_all_layers_in_single_precision(any_tiny):
    """The input of the first layer and the output of each, about 50 times per second."""
    encoder = load_encoder(str(any_tiny))
    (states,) = encoder.encode([clip(16000)])
    assert (encoder.layers, encoder.width) == (3, 16)
    assert states.shape[0] == 3
    assert 48 <= states.shape[1] <= 50
    assert states.shape[2] == 16
    assert states.dtype == np.float32
    assert np.isfinite(states).all()


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    chosen=st.lists(st.integers(0, len(CLIPS) - 1), min_size=1, max_size=6),
    batch_clips=st.integers(1, 4),
)
def test_batch_mates_never_change_an_output(any_tiny, chosen, batch_clips):
    """A clip's states are those it has alone, in any company, order and batch size."""
    encoder = load_encoder(str(any_tiny))
    together = encoder.encode([CLIPS[i] for i in chosen], batch_clips=batch_clips)
    for index, states in zip(chosen, together, strict=True):
        (alone,) = encoder.encode([CLIPS[index]])
        np.testing.assert_allclose(states, alone, atol=TOLERANCE)


def test_clips_of_equal_length_pass_together(tiny, monkeypatch):
    """What no padding holds up is computed at once, as many clips as asked for."""
    encoder = load_encoder(str(tiny("hubert")))
    sizes = []
    monkeypatch.setattr(
        type(encoder),
        "_encode_equal",
        lambda _, batch, __: sizes.append(len(batch)) or np.zeros((len(batch), 3, 1, 16)),
    )
    encoder.encode([CLIPS[i] for i in (2, 5, 3, 4)], batch_clips=2)
    assert sorted(sizes) == [1, 1, 2]


def test_stored_and_decoded_samples_give_the_same(tiny):
    """16-bit samples of the warehouse are the waveform that they came from."""
    encoder = load_encoder(str(tiny("wavlm")))
    whole, stored = encoder.encode([CLIPS[2], to_pcm16(CLIPS[2])])
    np.testing.assert_allclose(whole, stored, atol=TOLERANCE)


def test_whisper_agrees_with_the_reference_at_its_full_length(tiny):
    """Where nothing has to be cut or padded, the states are those of transformers."""
    encoder = load_encoder(str(tiny("whisper")))
    waveform = clip(2 * 16000)
    mel = encoder.extractor(waveform, sampling_rate=16000, return_tensors="pt").input_features
    reference = encoder.network(mel, output_hidden_states=True)
    (states,) = encoder.encode([waveform])
    np.testing.assert_allclose(states[-1], reference.last_hidden_state[0].detach(), atol=1e-5)
    np.testing.assert_allclose(states[1], reference.hidden_states[1][0].detach(), atol=1e-5)


def test_whisper_reads_the_true_length_and_no_padding(tiny):
    """Half a second gives 25 states, and a clip beyond its table of positions all of them."""
    encoder = load_encoder(str(tiny("whisper")))
    short, long = encoder.encode([clip(8000), clip(5 * 16000)])
    assert (short.shape[1], long.shape[1]) == (25, 250)


def test_the_encoder_of_a_whole_whisper_is_taken(tiny):
    """A checkpoint with its decoder loads without it."""
    network = load_encoder(str(tiny("whole-whisper"))).network
    assert not any("decoder" in name for name, _ in network.named_modules())


def test_nothing_can_be_trained(any_tiny):
    """The weights are frozen single-precision numbers, even where halves were stored."""
    network = load_encoder(str(any_tiny)).network
    assert not network.training
    assert {(w.dtype, w.requires_grad) for w in network.parameters()} == {(torch.float32, False)}


def test_missing_tensors_are_refused(tiny, tmp_path):
    """Random numbers never take the place of weights that a file lacks."""
    from safetensors.torch import load_file, save_file

    source = tiny("hubert")
    for path in source.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = load_file(tmp_path / "model.safetensors")
    del weights["encoder.layers.1.final_layer_norm.weight"]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ConfigurationError, match=r"lack 1 tensors such as `encoder\.layers\.1"):
        load_encoder(str(tmp_path))


def test_another_kind_of_model_is_refused(tiny, tmp_path):
    """The families that work are listed."""
    for path in tiny("hubert").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ConfigurationError, match=r"one of whisper, wav2vec2, .* is `bert`"):
        load_encoder(str(tmp_path))


def test_an_encoder_of_another_rate_is_refused(tiny, tmp_path):
    """Waveforms of the warehouse have 16 kHz."""
    for path in tiny("hubert").iterdir():
        text = path.read_bytes().replace(b'"sampling_rate": 16000', b'"sampling_rate": 8000')
        (tmp_path / path.name).write_bytes(text)
    with pytest.raises(ConfigurationError, match=r"must read 16000 Hz, but .* reads 8000 Hz"):
        load_encoder(str(tmp_path))


def test_a_batch_without_clips_is_refused(tiny):
    """At least one clip has to pass at a time."""
    with pytest.raises(ConfigurationError, match="`batch_clips` must be ≥ 1, but got 0"):
        load_encoder(str(tiny("hubert"))).encode([], batch_clips=0)


def test_other_weights_in_the_same_folder_are_another_encoder(tiny, tmp_path):
    """Features are named by the hash of the weights, so what is kept in memory goes by it, too."""
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(tiny("whisper"), tmp_path / "encoder")
    before = load_encoder(str(folder)).encode([clip(3200)])[0]
    weights = load_file(folder / "model.safetensors")
    scaled = {name: 2 * tensor for name, tensor in weights.items()}
    save_file(scaled, folder / "model.safetensors", metadata={"format": "pt"})
    after = load_encoder(str(folder)).encode([clip(3200)])[0]
    assert not np.allclose(before, after)


def test_weights_that_change_while_they_are_read_are_refused(tiny, tmp_path):
    """What was hashed and what was read would be two things."""
    folder = shutil.copytree(tiny("whisper"), tmp_path / "encoder")
    weights = hash_weights(folder)
    configuration = hash_configuration(folder)
    with (folder / "config.json").open("a") as file:
        file.write("\n")
    with pytest.raises(ConfigurationError, match="changed while they were read"):
        pretrained._load(str(folder), weights, configuration)
