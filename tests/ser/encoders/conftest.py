"""Pretrained encoders without the pretraining: tiny networks with random weights."""

from collections.abc import Callable
from pathlib import Path

import pytest

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")

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


def _whisper_extractor() -> "transformers.WhisperFeatureExtractor":
    return transformers.WhisperFeatureExtractor(feature_size=20, chunk_length=2)


def _save_whisper(folder: Path) -> None:
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    config = transformers.WhisperConfig(**WHISPER)
    WhisperEncoder(config).half().save_pretrained(folder)
    _whisper_extractor().save_pretrained(folder)


def _save_whole_whisper(folder: Path) -> None:
    config = transformers.WhisperConfig(**WHISPER)
    transformers.WhisperForConditionalGeneration(config).save_pretrained(folder)
    _whisper_extractor().save_pretrained(folder)


def _save_wav2vec(name: str, **options: object) -> Callable[[Path], None]:
    def save(folder: Path) -> None:
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
    "wavlm": _save_wav2vec("WavLM"),
    "data2vec": _save_wav2vec("Data2VecAudio", conv_pos_kernel_size=7),
}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the folder of a tiny encoder by the name of its family."""
    saved: dict[str, Path] = {}

    def find(name: str) -> Path:
        if name not in saved:
            folder = tmp_path_factory.mktemp(name)
            torch.manual_seed(0)
            SAVERS[name](folder)
            saved[name] = folder
        return saved[name]

    return find


@pytest.fixture(params=SAVERS)
def any_tiny(request: pytest.FixtureRequest, tiny: Callable[[str], Path]) -> Path:
    """Return the folder of each family in turn."""
    return tiny(request.param)
