"""A tiny text encoder with random weights, and the real ones where they are installed."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from ser.text import encoder, recognition

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 12,
}


@pytest.fixture(scope="session")
def tiny_text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny BERT that knows single letters."""
    folder = tmp_path_factory.mktemp("text")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{c}" for c in LETTERS)]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    torch.manual_seed(0)
    config = transformers.BertConfig(vocab_size=len(pieces), **SIZES)
    transformers.BertModel(config).save_pretrained(folder)
    transformers.BertTokenizer(vocab=vocabulary).save_pretrained(folder)
    return folder


@pytest.fixture
def minilm() -> str:
    """Return the name of the bundled text encoder, or skip with the reason."""
    if find_spec(encoder.PACKAGE) is None:
        pytest.skip(f"`{encoder.PACKAGE}` of the extra [text] is not installed")
    return encoder.MINILM


@pytest.fixture
def tiny_en() -> str:
    """Return the name of the bundled recogniser, or skip with the reason."""
    for package in (recognition.PACKAGE, "faster_whisper"):
        if find_spec(package) is None:
            pytest.skip(f"`{package}` of the extra [transcripts] is not installed")
    return recognition.TINY_EN
