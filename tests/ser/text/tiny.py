"""A tiny text encoder with random weights."""

from pathlib import Path

import pytest

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 12,
}


def write_tiny_text(folder: Path, seed: int = 0) -> None:
    """Write a tiny BERT that knows single letters, or skip where none can be made."""
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{c}" for c in LETTERS)]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    torch.manual_seed(seed)
    config = transformers.BertConfig(vocab_size=len(pieces), **SIZES)
    transformers.BertModel(config).save_pretrained(folder)
    transformers.BertTokenizer(vocab=vocabulary).save_pretrained(folder)
