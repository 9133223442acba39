"""The upper layers of a pretrained encoder as part of a network that goes on learning."""

import json
from typing import Any

import torch
from torch import Tensor, nn

from ser.encoders.files import find_encoder
from ser.encoders.pretrained import check_kind, import_transformers, load_encoder
from ser.errors import ConfigurationError
from ser.models.masking import valid_frames

# Everything of a configuration that a layer, or the number of layers, depends on.
_WAV2VEC = (
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "hidden_act",
    "layer_norm_eps",
)
_KEPT = {
    "whisper": (
        "d_model",
        "encoder_layers",
        "encoder_attention_heads",
        "encoder_ffn_dim",
        "activation_function",
        "max_source_positions",
    ),
    "wav2vec2": (*_WAV2VEC, "do_stable_layer_norm", "adapter_attn_dim"),
    "hubert": (*_WAV2VEC, "do_stable_layer_norm"),
    "wavlm": (*_WAV2VEC, "do_stable_layer_norm", "num_buckets", "max_bucket_distance"),
    "data2vec-audio": _WAV2VEC,
}
_DEPTH = {"whisper": "encoder_layers"}
# Dropout inside of frozen layers blurs what is read; what is joined above them is thinned out.
_DROPOUT = ("dropout", "hidden_dropout", "attention_dropout", "activation_dropout")
# Learned in the first layer of WavLM, and used by all.
SHARED_BIAS = "rel_attn_embed"


def describe_layers(model: str) -> str:
    """Return what the layers of an encoder are built from, as JSON, without any weights.

    Args:
        model: A local folder, or an id on the hub, as `load_encoder` takes it.

    Raises:
        ConfigurationError: If it cannot be found or is of another kind, or the extra is not
            installed.
    """
    folder = find_encoder(model)
    config = import_transformers().AutoConfig.from_pretrained(folder, local_files_only=True)
    check_kind(config.model_type, str(folder))
    kept = {name: getattr(config, name) for name in _KEPT[config.model_type]}
    return json.dumps({"model_type": config.model_type, **kept}, sort_keys=True)


def count_layers(described: str) -> int:
    """Return the number of layers of an encoder from `describe_layers`.

    Example:
        >>> count_layers('{"model_type": "hubert", "num_hidden_layers": 12}')
        12
    """
    facts = json.loads(described)
    return int(facts[_DEPTH.get(facts["model_type"], "num_hidden_layers")])


class EncoderLayers(nn.Module):
    """Go on from the states that a layer of an encoder left to those of higher layers.

    The layers are those of `transformers`, with fresh weights. They never drop numbers.

    Args:
        described: From `describe_layers`.
        bottom: The layer whose states come in; 0 is what enters the first layer.
        top: The highest layer; Whisper's last one is normalised as the encoder does.

    Raises:
        ConfigurationError: If there are no such layers, the description cannot be read, or the
            extra is not installed.
    """

    def __init__(self, described: str, *, bottom: int, top: int) -> None:
        super().__init__()
        config = _read_configuration(described)
        depth = count_layers(described)
        if not 0 <= bottom < top <= depth:
            raise ConfigurationError(
                f"`bottom` and `top` must be layers of the encoder, 0 ≤ bottom < top ≤ {depth}, "
                f"but are {bottom} and {top}"
            )
        self.bottom = bottom
        self.has_bias = config.model_type == "wavlm"
        is_whisper = config.model_type == "whisper"
        # Longer clips of Whisper were heard in pieces, which know nothing of each other.
        self.longest: int | None = config.max_source_positions if is_whisper else None
        kind = _layer_kind(config)
        options = [{"has_relative_position_bias": not i} for i in range(top - bottom)]
        self.layers = nn.ModuleList(
            kind(config, **(option if self.has_bias else {})) for option in options
        )
        self.width: int = config.d_model if is_whisper else config.hidden_size
        # As the states of the whole encoder: those of the others come before what follows them.
        is_normalised = is_whisper and top == depth
        self.normalisation = nn.LayerNorm(self.width) if is_normalised else None

    def forward(self, states: Tensor, lengths: Tensor) -> list[Tensor]:
        """Return the states of the layers bottom … top, each ``(B, F, D)``.

        Args:
            states: Of layer ``bottom``, ``(B, F, D)``, finite everywhere.
            lengths: States of each clip, int ``(B,)``, at least 1; nothing beyond them reaches
                the states of a clip.
        """
        mask = self._mask(lengths, states.shape[1])
        bias: Tensor | None = None
        found = [states]
        for layer in self.layers:
            if self.has_bias:
                states, bias = layer(states, attention_mask=mask, position_bias=bias)
            else:
                states = layer(states, attention_mask=mask)
            found.append(states)
        if self.normalisation is not None:
            found[-1] = self.normalisation(states)
        return found

    def _mask(self, lengths: Tensor, frames: int) -> Tensor:
        """Return what each state may attend to: ``(B, F)`` for WavLM, else ``(B, 1, 1 | F, F)``."""
        is_real = valid_frames(lengths, frames)
        if self.has_bias:
            return is_real
        mask = is_real[:, None, None, :]
        if self.longest is None or frames <= self.longest:
            return mask
        pieces = -(-lengths // self.longest)
        size = -(-lengths // pieces)
        steps = torch.arange(frames, device=lengths.device)
        piece = torch.minimum(steps // size[:, None], pieces[:, None] - 1)
        return mask & (piece[:, None, :, None] == piece[:, None, None, :])


def load_layers(model: str, *, bottom: int, top: int) -> EncoderLayers:
    """Return upper layers of an encoder with their pretrained weights.

    Args:
        model: A local folder, or an id on the hub, as `load_encoder` takes it.
        bottom: The layer whose states come in.
        top: The highest layer.

    Raises:
        ConfigurationError: As for `load_encoder` and `EncoderLayers`.
    """
    network: Any = load_encoder(model).network
    layers = EncoderLayers(describe_layers(model), bottom=bottom, top=top)
    # Whisper's encoder was taken out of its model; the others hold theirs.
    whole = network if hasattr(network, "layers") else network.encoder
    for own, pretrained in zip(layers.layers, whole.layers[bottom:top], strict=True):
        weights = pretrained.state_dict()
        for name, weight in whole.layers[0].state_dict().items():
            if SHARED_BIAS in name and own is layers.layers[0]:
                weights[name] = weight
        own.load_state_dict(weights)
    if layers.normalisation is not None:
        layers.normalisation.load_state_dict(whole.layer_norm.state_dict())
    return layers


def _read_configuration(described: str) -> Any:  # noqa: ANN401 - transformers has no useful types
    try:
        facts = dict(json.loads(described))
        kind = str(facts.pop("model_type"))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"`encoder` must be JSON from `describe_layers`, but is {described[:60]!r}"
        ) from error
    check_kind(kind, "`encoder`")
    config = import_transformers().AutoConfig.for_model(kind, **facts)
    for name in _DROPOUT:
        if hasattr(config, name):
            setattr(config, name, 0.0)
    if kind != "wavlm":
        config._attn_implementation = "sdpa"
    return config


def _layer_kind(config: Any) -> Any:  # noqa: ANN401 - a class of transformers
    """Return the class of an encoder's layers, found without laying out any weights."""
    if config.model_type == "whisper":
        # Of the decoder nothing is known, and nothing is wanted.
        config.decoder_layers = config.decoder_attention_heads = 1
    with torch.device("meta"):
        whole = import_transformers().AutoModel.from_config(config)
    return type(whole.encoder.layers[-1])
