"""The synthetic corpus is reproducible, resumable and neither trivial nor hopeless."""

import hashlib
import json
import wave
from pathlib import PurePosixPath

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ser.corpora.records import Unrecognised
from ser.corpora.synthetic import Synthetic, parse_name, write_synthetic_corpus
from ser.errors import ConfigurationError, CorpusError

SMALL = {"speakers": 2, "sentences": 1, "repetitions": 1, "seed": 3}


class KilledError(Exception):
    """Stands for a killed run."""


def stop_at(clip):
    """Return a progress function that stops the writing after `clip` clips."""

    def progress(done, _total):
        if done == clip:
            raise KilledError

    return progress


def digests(root):
    """Return the hash of every visible file."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def read(path):
    """Return the samples of a WAV in [-1, 1]."""
    with wave.open(str(path)) as source:
        return np.frombuffer(source.readframes(source.getnframes()), "<i2") / 32768


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Return a corpus of 16 speakers."""
    root = tmp_path_factory.mktemp("synthetic") / "corpus"
    assert write_synthetic_corpus(root, speakers=16, sentences=5, seed=1) == 480
    return root


def test_scan_reads_what_was_written(corpus):
    """Names carry speaker, gender, emotion and sentence."""
    scan = Synthetic().scan(corpus)
    assert (len(scan.utterances), scan.unrecognised) == (480, ())
    assert len({u.speaker for u in scan.utterances}) == 16
    assert {u.intended for u in scan.utterances} == set(Synthetic.info.taxonomy.classes)
    assert {(u.gender, u.speaker[3]) for u in scan.utterances} == {("female", "F"), ("male", "M")}


def test_clips_are_short_mono_16_khz(corpus):
    """Every clip is one to four seconds of unclipped 16-bit sound."""
    for found in Synthetic().scan(corpus).utterances:
        with wave.open(str(corpus / found.path)) as source:
            assert (source.getframerate(), source.getnchannels()) == (16_000, 1)
            assert 1.0 < source.getnframes() / 16_000 < 4.0
        assert 0.01 < np.abs(read(corpus / found.path)).max() < 0.99


def test_clips_begin_and_end_quietly(corpus):
    """Trimming has something to trim: at least 0.1 s of noise on either side."""
    for found in Synthetic().scan(corpus).utterances[::20]:
        samples = read(corpus / found.path)
        level = np.sqrt(np.mean(samples**2))
        assert np.sqrt(np.mean(samples[:1500] ** 2)) < 0.1 * level
        assert np.sqrt(np.mean(samples[-1500:] ** 2)) < 0.1 * level


def test_women_speak_higher_than_men(corpus):
    """The strongest period of the sound follows the gender of the voice."""
    pitch = {"female": [], "male": []}
    for found in Synthetic().scan(corpus).utterances:
        if found.intended == "neutral":
            samples = read(corpus / found.path)
            power = np.abs(np.fft.rfft(samples, 2 * len(samples))) ** 2
            correlation = np.fft.irfft(power)[16_000 // 400 : 16_000 // 70]
            pitch[found.gender].append(16_000 / (40 + np.argmax(correlation)))
    assert 80 < np.median(pitch["male"]) < 150 < np.median(pitch["female"]) < 270


def test_same_parameters_give_the_same_bytes(tmp_path):
    """Two writings cannot be told apart."""
    for name in ("a", "b"):
        write_synthetic_corpus(tmp_path / name, **SMALL)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")


def test_another_seed_gives_other_sound(tmp_path):
    """The seed reaches every clip."""
    write_synthetic_corpus(tmp_path / "a", **SMALL)
    write_synthetic_corpus(tmp_path / "b", **{**SMALL, "seed": 4})
    first, second = digests(tmp_path / "a"), digests(tmp_path / "b")
    assert first.keys() == second.keys()
    assert not set(first.values()) & set(second.values())


def test_a_larger_corpus_contains_a_smaller_one(tmp_path):
    """A clip does not depend on how many others there are."""
    write_synthetic_corpus(tmp_path / "a", **SMALL)
    write_synthetic_corpus(tmp_path / "b", **{**SMALL, "speakers": 3, "repetitions": 2})
    small, large = digests(tmp_path / "a"), digests(tmp_path / "b")
    assert {key: large[key] for key in small if key.endswith(".wav")} == {
        key: value for key, value in small.items() if key.endswith(".wav")
    }


def test_interrupted_writing_is_seen_and_completed(tmp_path):
    """Half a corpus is refused by the reader and finished by the writer, to the byte."""
    write_synthetic_corpus(tmp_path / "whole", **SMALL)
    broken = tmp_path / "broken"
    with pytest.raises(KilledError):
        write_synthetic_corpus(broken, **SMALL, progress=stop_at(5))
    assert not (broken / "synthetic.json").exists()
    with pytest.raises(CorpusError, match="was interrupted; run `write_synthetic_corpus` again"):
        Synthetic().scan(broken)
    write_synthetic_corpus(broken, **SMALL)
    assert digests(broken) == digests(tmp_path / "whole")


def test_finished_corpus_is_kept(tmp_path):
    """A second call touches no file."""
    write_synthetic_corpus(tmp_path, **SMALL)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert write_synthetic_corpus(tmp_path, **SMALL) == 12
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("clips", [None, 5], ids=["finished", "interrupted"])
def test_other_parameters_in_the_same_folder_are_refused(tmp_path, clips):
    """Two corpora never mix, finished or not."""
    if clips is None:
        write_synthetic_corpus(tmp_path, **SMALL)
    else:
        with pytest.raises(KilledError):
            write_synthetic_corpus(tmp_path, **SMALL, progress=stop_at(clips))
    with pytest.raises(CorpusError, match=r"with parameters .*'seed': 3.*asked for .*'seed': 9"):
        write_synthetic_corpus(tmp_path, **{**SMALL, "seed": 9})


def test_folder_of_something_else_is_refused(tmp_path):
    """Other people's audio is not mixed in."""
    (tmp_path / "mine.wav").touch()
    with pytest.raises(CorpusError, match=r"new or empty folder, found 'mine\.wav'"):
        write_synthetic_corpus(tmp_path, **SMALL)


def test_damaged_parameters_are_refused(tmp_path):
    """A parameter file that is no JSON is named."""
    (tmp_path / "synthetic.json").write_text("{")
    with pytest.raises(CorpusError, match=r"synthetic\.json` is damaged"):
        write_synthetic_corpus(tmp_path, **SMALL)


def test_deleted_clip_is_written_again(tmp_path):
    """A finished corpus is completed when a clip went missing."""
    write_synthetic_corpus(tmp_path, **SMALL)
    before = digests(tmp_path)
    (tmp_path / "SYNM01" / "SYNM01_fear_s01_t1.wav").unlink()
    write_synthetic_corpus(tmp_path, **SMALL)
    assert digests(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("speakers", 0, "`speakers` must be 1 to 99, got 0"),
        ("sentences", 11, "`sentences` must be 1 to 10, got 11"),
        ("repetitions", 0, "`repetitions` must be 1 to 99, got 0"),
        ("seed", -1, "`seed` must be 0 to .* got -1"),
    ],
)
def test_parameter_out_of_range_is_refused(tmp_path, name, value, message):
    """The message names the parameter and its range, and nothing is written."""
    with pytest.raises(ConfigurationError, match=message):
        write_synthetic_corpus(tmp_path / "new", **{**SMALL, name: value})
    assert not (tmp_path / "new").exists()


def test_parameters_are_recorded(corpus):
    """The folder says how it was made."""
    assert json.loads((corpus / "synthetic.json").read_text()) == {
        "generator_version": 1,
        "speakers": 16,
        "sentences": 5,
        "repetitions": 1,
        "seed": 1,
    }


def test_foreign_name_is_reported():
    """A file that is not ours is reported."""
    assert isinstance(parse_name(PurePosixPath("SYNF02_joy_s01_t1.wav")), Unrecognised)


def test_emotions_are_learnable_and_overlap(corpus):
    """Band statistics tell unseen speakers' emotions far above chance (1/6), and not all."""
    rows = []
    found = Synthetic().scan(corpus).utterances
    for utterance in found:
        frames = np.lib.stride_tricks.sliding_window_view(read(corpus / utterance.path), 512)
        power = np.abs(np.fft.rfft(frames[::320] * np.hanning(512))) ** 2
        bands = np.log(np.add.reduceat(power, np.arange(0, 256, 8), axis=1) + 1e-6)
        loud = bands[bands.mean(1) > bands.mean(1).min() + 2.0]
        rows.append(np.r_[loud.mean(0), loud.std(0), len(loud)])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=1000))
    truth, groups = ([getattr(u, field) for u in found] for field in ("intended", "speaker"))
    predicted = cross_val_predict(model, np.array(rows), truth, groups=groups, cv=GroupKFold(4))
    assert 0.5 < recall_score(truth, predicted, average="macro") < 0.9
