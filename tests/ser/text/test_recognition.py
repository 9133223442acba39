"""The recogniser writes down what is said, when, and nothing where nothing is said."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.prepare import prepare
from ser.text.alignment import words_of_clip
from ser.text.recognition import load_transcriber, text_of


def test_a_clip_is_written_down(tiny_en: str, serloop_data: Path):
    """Words come with their times, twice the same."""
    path = next((serloop_data / "ravdess" / "flac16k").rglob("03-01-01-01-01-01-01.flac"))
    (clip,) = prepare(path)
    transcriber = load_transcriber(tiny_en)
    said = transcriber.transcribe(clip.waveform)
    assert (text_of(said) or "").rstrip(".") == "Kids are talking by the door"
    assert transcriber.transcribe(clip.waveform) == said
    words = said[0].words
    assert [word.text for word in words][:2] == ["Kids", "are"]
    times = [time for word in words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert words_of_clip(said, 0.0, words[2].end_s) == "Kids are talking"


def test_silence_has_no_words(tiny_en: str):
    """Nothing is made up where nothing is heard."""
    silence = np.zeros(32000, dtype=np.int16)
    assert text_of(load_transcriber(tiny_en).transcribe(silence)) is None


def test_a_folder_without_a_model_is_refused(tmp_path: Path):
    """The message says what is expected."""
    with pytest.raises(ConfigurationError, match=r"a folder that holds model.bin, but"):
        load_transcriber(str(tmp_path))


def test_a_missing_package_is_named(tmp_path: Path):
    """Who asks for transcripts without the extra learns what to install."""
    (tmp_path / "model.bin").write_bytes(b"")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"""
import sys; sys.modules["faster_whisper"] = None
from ser.text.recognition import load_transcriber
load_transcriber({str(tmp_path)!r})
""",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ConfigurationError: transcripts need faster-whisper" in done.stderr
    assert "pip install 'serloop[transcripts]'" in done.stderr
