"""Pretrained encoders without the pretraining: tiny networks with random weights."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

CONVOLUTIONS = {"conv_dim": (8, 8), "conv_kernel": (10, 8), "conv_stride": (20, 16)}
POSITIONS = {"num_conv_pos_embeddings": 6, "num_conv_pos_embedding_groups": 2}
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
}
WHISPER = {
    "d_model": 16,
    "encoder_layers": 2,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 24,
    "decoder_layers": 1,
    "decoder_attention_heads": 2,
    "decoder_ffn_dim": 24,
    "num_mel_bins": 20,
    "max_source_positions": 100,
    "vocab_size": 40,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
}


def _whisper_extractor() -> Any:
    import transformers

    return transformers.WhisperFeatureExtractor(feature_size=20, chunk_length=2)


def _save_whisper(folder: Path) -> None:
    import transformers
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    config = transformers.WhisperConfig(**WHISPER)
    WhisperEncoder(config).half().save_pretrained(folder)
    _whisper_extractor().save_pretrained(folder)


def _save_whole_whisper(folder: Path) -> None:
    import transformers

    config = transformers.WhisperConfig(**WHISPER)
    transformers.WhisperForConditionalGeneration(config).save_pretrained(folder)
    _whisper_extractor().save_pretrained(folder)


def _save_wav2vec(name: str, **options: object) -> Callable[[Path], None]:
    def save(folder: Path) -> None:
        import transformers

        config = getattr(transformers, f"{name}Config")(
            **SIZES, **CONVOLUTIONS, **POSITIONS, **options
        )
        getattr(transformers, f"{name}Model")(config).save_pretrained(folder)
        transformers.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)

    return save


SAVERS = {
    "whisper": _save_whisper,
    "whole-whisper": _save_whole_whisper,
    "wav2vec2-group": _save_wav2vec("Wav2Vec2", feat_extract_norm="group"),
    "wav2vec2-layer": _save_wav2vec(
        "Wav2Vec2", feat_extract_norm="layer", do_stable_layer_norm=True
    ),
    "hubert": _save_wav2vec("Hubert"),
    "hubert-layer": _save_wav2vec("Hubert", do_stable_layer_norm=True),
    "wavlm": _save_wav2vec("WavLM"),
    "wavlm-layer": _save_wav2vec("WavLM", do_stable_layer_norm=True),
    "data2vec": _save_wav2vec("Data2VecAudio", conv_pos_kernel_size=7),
}


def save_tiny(name: str, folder: Path) -> Path:
    """Save an encoder of a family with random weights, and return its folder."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        SAVERS[name](folder)
    return folder
