"""Load a pretrained speech encoder and return the states of its layers, at the clip's length."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ser.audio.pcm import Waveform, from_pcm16
from ser.encoders.files import find_encoder, hash_configuration, hash_weights
from ser.encoders.whisper import FRAMES_PER_STATE, whisper_states
from ser.errors import ConfigurationError

SAMPLE_RATE = 16000
SHORTEST_S = 0.1  # wav2vec 2.0 needs 25 ms for one state, Whisper's mirrored padding 13 ms
# The vector that replaces masked frames in pretraining; some checkpoints left it out.
UNUSED_WEIGHTS = frozenset({"masked_spec_embed"})

States = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SpeechEncoder:
    """A frozen network from sound to one state per layer and 20 ms.

    What it says about a clip depends on no other clip: only clips of equal length pass together,
    so that nothing is padded. Padding would change the output of every encoder with statistics
    or stacked convolutions over time (wav2vec 2.0 base, data2vec), masks or not.

    Args:
        network: The encoder in evaluation mode, float32.
        extractor: From waveforms to what the network reads, of `transformers`.
        states: ``(network, inputs, top) → states (B, T, D)`` of layers 0 … top.
        layers: L: what enters the first layer and what leaves each.
        width: D.
    """

    network: nn.Module
    extractor: Any
    states: Callable[[Any, Tensor, int], Sequence[Tensor]]
    layers: int
    width: int

    def count_states(self, samples: int) -> int:
        """Return T, the number of states of a clip of ``samples`` samples."""
        samples = max(samples, round(SHORTEST_S * SAMPLE_RATE))
        config: Any = self.network.config
        if config.model_type == "whisper":
            frames: int = samples // self.extractor.hop_length
            return -(-frames // FRAMES_PER_STATE)
        for kernel, stride in zip(config.conv_kernel, config.conv_stride, strict=True):
            samples = (samples - kernel) // stride + 1
        return samples

    def encode(
        self, waveforms: Sequence[Waveform], *, batch_clips: int = 16, top: int | None = None
    ) -> list[States]:
        """Return the states of each clip, in the order given.

        Args:
            waveforms: 16 kHz mono ``(S,)``, S ≥ 1: float32 in [−1, 1], or int16, which is divided
                by 32768. Clips under 0.1 s are extended to it with zeros.
            batch_clips: Most clips of equal length that pass together.
            top: The highest layer that is wanted; the last one by default.

        Returns:
            One ``(L, T, D)`` array per clip, T about 50 per second; L is ``top`` + 1.

        Raises:
            ConfigurationError: If `batch_clips` is less than 1.
        """
        if batch_clips < 1:
            raise ConfigurationError(f"`batch_clips` must be ≥ 1, but got {batch_clips}")
        highest = self.layers - 1 if top is None else top
        order = sorted(range(len(waveforms)), key=lambda index: len(waveforms[index]))
        found: dict[int, States] = {}
        for _, group in groupby(order, key=lambda index: len(waveforms[index])):
            equal = list(group)
            for start in range(0, len(equal), batch_clips):
                batch = equal[start : start + batch_clips]
                states = self._encode_equal([waveforms[i] for i in batch], highest)
                found.update(zip(batch, states, strict=True))
        return [found[index] for index in range(len(waveforms))]

    def _encode_equal(self, waveforms: Sequence[Waveform], top: int) -> States:
        """Return the states ``(B, L, T, D)`` of clips of one length."""
        missing = max(0, round(SHORTEST_S * SAMPLE_RATE) - len(waveforms[0]))
        samples = [np.pad(from_pcm16(waveform), (0, missing)) for waveform in waveforms]
        # Whisper's own defaults pad to 30 s and cut there.
        inputs = self.extractor(
            samples,
            sampling_rate=SAMPLE_RATE,
            padding="do_not_pad",
            truncation=False,
            return_tensors="pt",
        )
        with torch.inference_mode():
            states = self.states(self.network, inputs[self.extractor.model_input_names[0]], top)
        return torch.stack(tuple(states), dim=1).numpy()


def load_encoder(model: str) -> SpeechEncoder:
    """Load a pretrained speech encoder in evaluation mode, in float32 whatever is stored.

    Args:
        model: A local folder, or an id on the Hugging Face hub: Whisper (its decoder is dropped),
            wav2vec 2.0, HuBERT, WavLM or data2vec-audio.

    Raises:
        ConfigurationError: If it cannot be found, is of another kind or sample rate, has weights
            that are not safetensors or not complete, or change meanwhile, or the extra is not
            installed.
    """
    folder = find_encoder(model).resolve()
    return _load(str(folder), hash_weights(folder), hash_configuration(folder))


@lru_cache(maxsize=1)
def _load(folder: str, weights_sha256: str, configuration_sha256: str) -> SpeechEncoder:
    transformers = import_transformers()
    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    check_kind(config.model_type, folder)
    extractor = transformers.AutoFeatureExtractor.from_pretrained(folder, local_files_only=True)
    if extractor.sampling_rate != SAMPLE_RATE:
        raise ConfigurationError(
            f"`model` must read {SAMPLE_RATE} Hz, but {folder} reads {extractor.sampling_rate} Hz"
        )
    network = _LOADERS[config.model_type](transformers, folder, config)
    # Features are named by these hashes, so that nothing else may have been read.
    if (hash_weights(Path(folder)), hash_configuration(Path(folder))) != (
        weights_sha256,
        configuration_sha256,
    ):
        raise ConfigurationError(
            f"the files of `model` in {folder} changed while they were read; run again once "
            "whatever writes there is done"
        )
    is_whisper = config.model_type == "whisper"
    return SpeechEncoder(
        network=network.float().eval().requires_grad_(requires_grad=False),
        extractor=extractor,
        states=whisper_states if is_whisper else _wav2vec_states,
        layers=1 + (config.encoder_layers if is_whisper else config.num_hidden_layers),
        width=config.d_model if is_whisper else config.hidden_size,
    )


def _load_whisper(transformers: Any, folder: str, config: Any) -> nn.Module:  # noqa: ANN401
    if config.architectures == ["WhisperEncoder"]:
        from transformers.models.whisper.modeling_whisper import WhisperEncoder  # noqa: PLC0415

        whole: nn.Module = _load_weights(WhisperEncoder, folder)
        return whole
    encoder: nn.Module = _load_weights(transformers.WhisperModel, folder).get_encoder()
    return encoder


def _load_wav2vec(transformers: Any, folder: str, config: Any) -> nn.Module:  # noqa: ANN401, ARG001
    network: nn.Module = _load_weights(transformers.AutoModel, folder)
    return network


def _load_weights(kind: Any, folder: str) -> Any:  # noqa: ANN401 - transformers has no useful types
    """Load safetensors, and refuse to go on with random weights in place of missing ones."""
    with no_progress_bar():
        network, report = kind.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
    missing = sorted(set(report["missing_keys"]) - UNUSED_WEIGHTS)
    if missing:
        raise ConfigurationError(
            f"the weights in {Path(folder).name} lack {len(missing)} tensors such as "
            f"`{missing[0]}`; the folder must hold the whole encoder, as `save_pretrained` writes"
        )
    return network


@contextmanager
def no_progress_bar() -> Iterator[None]:
    """Keep the library's bar, which every process would draw, off the terminal."""
    from transformers.utils import logging  # noqa: PLC0415 - as `import_transformers`

    was_enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if was_enabled:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _wav2vec_states(network: Any, values: Tensor, top: int) -> Sequence[Tensor]:  # noqa: ANN401
    states: Sequence[Tensor] = network(values, output_hidden_states=True).hidden_states
    return states[: top + 1]


def check_kind(kind: str, place: str) -> None:
    """Refuse an encoder of a kind that nothing here can read.

    Args:
        kind: As its configuration names it.
        place: Where it lies, for the message.

    Raises:
        ConfigurationError: If it is none of those that are known.
    """
    if kind not in _LOADERS:
        raise ConfigurationError(
            f"`model` must be one of {', '.join(_LOADERS)}, but {place} is `{kind}`"
        )


def import_transformers() -> Any:  # noqa: ANN401 - a lazy module
    """Return the library of the encoders.

    Raises:
        ConfigurationError: If it is not installed.
    """
    try:
        import transformers  # noqa: PLC0415 - an optional extra that takes seconds to load
    except ImportError as error:
        raise ConfigurationError(
            "pretrained encoders need transformers, which is not installed: run "
            "`pip install 'serloop[encoders]'`"
        ) from error
    return transformers


_LOADERS: dict[str, Callable[[Any, str, Any], nn.Module]] = {
    "whisper": _load_whisper,
    "wav2vec2": _load_wav2vec,
    "hubert": _load_wav2vec,
    "wavlm": _load_wav2vec,
    "data2vec-audio": _load_wav2vec,
}
