"""Folds test every speaker once, keep together who belongs together, and are always the same."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.errors import PipelineError
from pipelines.fold_plan import Dealing, plan_folds
from ser.errors import ConfigurationError, LeakageError

PEOPLE = ("ann", "ben", "cem", "dia", "eva", "fay", "gus", "hal")


def make_corpus(**columns: list[str | None]) -> pa.Table:
    """Return three clips of each of eight people, as `corpus_clips` does."""
    speakers = [name for name in PEOPLE for _ in range(3)]
    ids = [f"x/{number:02d}" for number in range(len(speakers))]
    clips = {
        "clip_id": ids,
        "corpus": ["x"] * len(ids),
        "speaker": speakers,
        "session": [None] * len(ids),
        "audio": ids,
        "gender": ["female" if name in "ann dia eva fay" else "male" for name in speakers],
    }
    return pa.table({name: pa.array(of, pa.string()) for name, of in (clips | columns).items()})


def test_everybody_is_tested_once_and_dev_is_taken_from_training() -> None:
    """Five folds by default; nobody is on two sides of one."""
    folds = plan_folds(make_corpus(), Dealing())
    assert sorted(name for fold in folds for name in fold.test_speakers) == sorted(PEOPLE)
    assert [fold.name for fold in folds] == ["1", "2", "3", "4", "5"]
    assert all(fold.dev_speakers for fold in folds)
    assert not [fold for fold in folds if set(fold.test_speakers) & set(fold.dev_speakers)]


def test_genders_are_spread() -> None:
    """With as many women as men, every fold tests as many of either."""
    folds = plan_folds(make_corpus(), Dealing(count=4, dev_share=0.0))
    women = [sum(name in "ann dia eva fay" for name in fold.test_speakers) for fold in folds]
    assert women == [1, 1, 1, 1]
    assert {fold.dev_speakers for fold in folds} == {()}


def test_a_session_is_left_out_with_all_its_speakers() -> None:
    """Leave-one-session-out names folds by session."""
    clips = make_corpus(session=[f"s{number // 6}" for number in range(24)])
    folds = plan_folds(clips, Dealing(leave_out="session"))
    assert {fold.name: fold.test_speakers for fold in folds} == {
        "s0": ("ann", "ben"),
        "s1": ("cem", "dia"),
        "s2": ("eva", "fay"),
        "s3": ("gus", "hal"),
    }


def test_a_file_fixes_the_folds(tmp_path: Path) -> None:
    """Its entries become speakers by a format."""
    path = tmp_path / "folds.json"
    path.write_text(json.dumps([[1, 2], [3]]), encoding="utf-8")
    clips = make_corpus().slice(0, 9).drop_columns(["speaker"])
    clips = clips.append_column("speaker", pa.array([f"actor-{n // 3 + 1:02d}" for n in range(9)]))
    dealing = Dealing(file=path, speaker_format="actor-{:02d}", dev_share=0.0)
    folds = plan_folds(clips, dealing)
    assert [fold.test_speakers for fold in folds] == [("actor-01", "actor-02"), ("actor-03",)]


def test_a_file_that_parts_audio_is_refused(tmp_path: Path) -> None:
    """What is fixed in a file is checked like everything else, before anything is trained."""
    path = tmp_path / "folds.json"
    path.write_text(json.dumps([list(PEOPLE[:4]), list(PEOPLE[4:])]), encoding="utf-8")
    audio = [f"a{number}" for number in range(23)] + ["a0"]
    with pytest.raises(LeakageError, match="the same audio"):
        plan_folds(make_corpus(audio=audio), Dealing(file=path))


def test_two_ways_of_dealing_are_refused() -> None:
    """A number of folds contradicts a file."""
    with pytest.raises(PipelineError, match="name one of them"):
        Dealing(count=3, leave_out="speaker")


@pytest.mark.parametrize("column", ["speaker", "session"])
def test_what_is_unknown_cannot_be_kept_apart(column: str) -> None:
    """Clips of nobody could be anybody's."""
    clips = make_corpus(**{column: [None] * 24})
    with pytest.raises(PipelineError, match=f"24 of 24 clips of corpus `x` have no {column}"):
        plan_folds(clips, Dealing(leave_out=column))


def test_more_folds_than_speakers_are_refused() -> None:
    """The message says how many there are."""
    with pytest.raises(ConfigurationError, match="the 8 speakers"):
        plan_folds(make_corpus(), Dealing(count=9))
