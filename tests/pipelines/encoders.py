"""A tiny encoder with random weights, for tests that need the features of one."""

from pathlib import Path

import pytest

from pipelines.sections import FeatureSettings
from pipelines.settings import Settings


def save_encoder(folder: Path) -> None:
    """Save a tiny wav2vec 2.0 with random weights."""
    transformers = pytest.importorskip("transformers", reason="needs the extra `encoders`")
    import torch

    config = transformers.Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        conv_dim=(8, 8),
        conv_kernel=(10, 8),
        conv_stride=(20, 16),
        num_conv_pos_embeddings=6,
        num_conv_pos_embedding_groups=2,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        transformers.Wav2Vec2Model(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)


def with_encoder(
    settings: Settings, models: Path, kind: str = "encoder_statistics", **features: str
) -> Settings:
    """Return settings that read the features of a tiny encoder, saved under `models`."""
    if not (models / "tiny").is_dir():
        save_encoder(models / "tiny")
    return settings.model_copy(
        update={
            "models": models,
            "features": FeatureSettings(kind=kind, encoder="tiny", **features),
            "compute": settings.compute.model_copy(update={"batch_clips": 100}),
        }
    )
