"""`serloop stream` on the command line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from pipelines.cli import app
from tests.pipelines.baselines.telling import make_known, tell
from tests.pipelines.places import Trained
from tests.pipelines.serving.running import put_calibration

OK, FAILED = 0, 1
RATE = 16000


@pytest.fixture
def serloop(trained: Trained, monkeypatch: pytest.MonkeyPatch):
    """Return the command line of a warehouse with a model."""
    monkeypatch.setenv("SERLOOP_HOME", str(trained.settings.home))
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", trained.settings.catalog)
    monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", trained.settings.data_path)

    def run(*arguments: object, samples: bytes | None = None) -> Result:
        given = ["stream", *map(str, arguments)]
        return CliRunner().invoke(app, given, input=samples)

    return run


@pytest.fixture
def sound() -> np.ndarray:
    """Return silence, somebody who hums, and silence, int16."""
    time = np.arange(RATE * 3) / RATE
    hum = np.where((time > 1) & (time < 2), 8000 * np.sin(2 * np.pi * 220 * time), 0)
    return (hum + np.random.default_rng(0).normal(0, 20, len(time))).astype("<i2")


@pytest.fixture
def path(sound: np.ndarray, tmp_path: Path) -> Path:
    """Return the sound as a file."""
    soundfile.write(tmp_path / "hum.flac", sound, RATE)
    return tmp_path / "hum.flac"


def test_a_file_is_answered_every_quarter_of_a_second(serloop, trained: Trained, path) -> None:
    """A line each; an emotion where somebody speaks and nothing in silence."""
    done = serloop(path, "--model", trained.model_id)
    assert done.exit_code == OK, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 12
    assert lines[0].split() == ["0.00", "0.25", "–"]
    start, end, emotion, confidence = lines[6].split()
    assert (start, end) == ("1.50", "1.75")
    assert emotion.isalpha()
    assert 0 < float(confidence) <= 1


def test_samples_on_standard_input_say_what_the_file_does(
    serloop, trained: Trained, path, sound: np.ndarray
) -> None:
    """As JSON, one document a line, for either encoding."""
    expected = serloop(path, "--model", trained.model_id, "--json").stdout
    said = [json.loads(line) for line in expected.splitlines()]
    assert [moment["end_s"] for moment in said] == [0.25 * i for i in range(1, 13)]
    assert sum(said[6]["posterior"].values()) == pytest.approx(1, abs=1e-4)
    assert said[6]["onset_s"] == pytest.approx(1.0, abs=0.03)
    full_scale = (sound / np.float32(32768)).astype("<f4")
    for encoding, samples in (("pcm16", sound), ("float32", full_scale)):
        options = ("-", "--model", trained.model_id, "--encoding", encoding, "--json")
        assert serloop(*options, samples=samples.tobytes()).stdout == expected


def test_who_speaks_is_heard_by_what_is_known_of_them(serloop, trained: Trained, path) -> None:
    """Another posterior and no set with it; what does not help is left off, which is said."""
    settings, model_id = trained.settings, trained.model_id
    put_calibration(settings, model_id, "c", all=0.5, female=1.0)
    make_known(settings, model_id, "sam")
    tell(settings, model_id, "tom")

    def last(*named: str) -> tuple[dict[str, Any], str]:
        done = serloop(path, "--model", model_id, "--json", *named)
        assert done.exit_code == OK, done.stderr
        return json.loads(done.stdout.splitlines()[7]), done.stderr

    plain, sam, tom = last()[0], last("--speaker", "sam")[0], last("--speaker", "tom")
    assert (sam["emotion"] is None, sam["set"]) == (False, None)
    assert sam["posterior"] != pytest.approx(plain["posterior"], abs=1e-3)
    assert tom == (plain, "what is known of `tom` does not help, so it was left off\n")
    female = last("--group", "female")[0]
    assert female["posterior"] == plain["posterior"]
    assert female["set"] == list(female["posterior"])
    for named, message in (
        (("--speaker", "eve"), "serloop baseline eve"),
        (("--group", "male"), "but for `all`, `female`"),
    ):
        refused = serloop(path, "--model", model_id, *named)
        assert (refused.exit_code, message in refused.stderr) == (FAILED, True)


def test_what_cannot_be_heard_is_told_in_a_line(serloop, trained: Trained, tmp_path) -> None:
    """The file, the model, the rate and the hop."""
    (tmp_path / "note.txt").write_text("hello")
    model = ("--model", trained.model_id)
    for arguments, message in (
        ((tmp_path / "note.txt", *model), "not_audio"),
        ((tmp_path / "none.wav", *model), "cannot be read"),
        (("-", "--rate", "10", *model), "`sample_rate`"),
        (("-", "--hop", "0.033", *model), "`hop_s`"),
        (("-", "--model", "unknown"), "no model `unknown`"),
        (("-",), "no line has a champion"),
    ):
        done = serloop(*arguments, samples=b"")
        assert done.exit_code == FAILED
        assert message in done.stderr
        assert done.stderr.count("\n") == 1
