"""A folder of what people really have: three files that cannot be used, and one that can."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.end_to_end.runs import Run
from warehouse import queries

SECONDS = 2.0


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Return a folder with a text file called .wav, an empty one, half a WAV and an MP3."""
    folder = tmp_path / "calls"
    folder.mkdir()
    rate = 44100
    time_s = np.arange(int(SECONDS * rate)) / rate
    # A tone between silences, as a word between breaths.
    envelope = (time_s > 0.5) & (time_s < 1.5)
    tone = 0.3 * np.sin(2 * np.pi * 220 * time_s) * envelope
    noise = np.random.default_rng(0).normal(0, 1e-4, (len(tone), 2))
    stereo = tone[:, None] * [1.0, 0.5] + noise
    soundfile.write(folder / "stereo.mp3", stereo, rate, format="MP3")
    soundfile.write(folder / "whole.wav", stereo, rate, subtype="PCM_16")
    content = (folder / "whole.wav").read_bytes()
    (folder / "whole.wav").unlink()
    (folder / "truncated.wav").write_bytes(content[: len(content) // 2])
    (folder / "text.wav").write_text("Dear diary, today I recorded nothing.", encoding="utf-8")
    (folder / "empty.wav").touch()
    return folder


def test_three_rejects_with_reasons_and_one_clip(calls: Path, tmp_path: Path) -> None:
    """Each bad file is filed with its reason, the good one becomes a clip, and the exit says so."""
    run = Run(tmp_path, "ingest", "folder", calls, "--name", "calls", "--json")
    (row,) = json.loads(run.finish(code=1))
    assert (row["files"], row["added"], row["rejected"]) == (4, 1, 3)
    assert row["reasons"] == "1 empty, 1 not_audio, 1 truncated"
    with open_store(Settings(home=tmp_path / ".serloop")) as store:
        rejects = queries.select_rejects(store).to_pylist()
        (clip,) = queries.select_clips(store).to_pylist()
        assert store.check() == []
    assert {reject["path"]: reject["reason"] for reject in rejects} == {
        "empty.wav": "empty",
        "text.wav": "not_audio",
        "truncated.wav": "truncated",
    }
    assert all(reject["detail"] for reject in rejects)
    assert (clip["clip_id"], clip["source_format"]) == ("calls/stereo.mp3", "MP3")
    assert (clip["source_rate"], clip["source_channels"]) == (44100, 2)
    assert clip["duration_s"] == pytest.approx(SECONDS, abs=0.1)


def test_rejects_can_be_expected(calls: Path, tmp_path: Path) -> None:
    """With `--allow-rejects` the same run ends with 0, and a second one finds nothing new."""
    run = Run(tmp_path, "ingest", "folder", calls, "--name", "calls", "--allow-rejects")
    assert "1 truncated" in run.finish()
    again = Run(tmp_path, "ingest", "folder", calls, "--name", "calls", "--json")
    (row,) = json.loads(again.finish())
    assert (row["added"], row["unchanged"], row["rejected"]) == (0, 4, 0)
    with open_store(Settings(home=tmp_path / ".serloop")) as store:
        assert queries.select_clips(store).num_rows == 1
