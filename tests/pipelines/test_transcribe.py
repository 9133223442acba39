"""Words of clips come from a file or a recogniser; what is not understood is named."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import NothingToDoError, PipelineError
from pipelines.ingest import ingest
from pipelines.models import require_model
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.transcribe import transcribe
from pipelines.words import read_words
from pipelines.workspace import open_store
from ser.errors import ConfigurationError
from ser.text import recognition
from tests.pipelines.places import borrow
from tests.pipelines.spoken import CORPUS, LETTERS, SPEAKERS, ingest_spoken, reading
from warehouse import queries
from warehouse.testing import make_rows

SILENT = SilentProgress()
FIRST, SECOND, THIRD = (f"SYNF02_{name}_s01_t1" for name in ("anger", "disgust", "fear"))


@pytest.fixture(scope="module")
def spoken_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Path]:
    """Ingest a corpus with words; for borrowing only."""
    root = tmp_path_factory.mktemp("spoken")
    return ingest_spoken(root, silent=9), root / "encoders"


@pytest.fixture
def settings(spoken_once: tuple[Settings, Path], tmp_path: Path) -> Settings:
    """Return settings of a place to write to."""
    return borrow(spoken_once[0], tmp_path / "home")


def write(path: Path, *rows: str) -> Path:
    """Write a table of spans."""
    path.write_text("\n".join(["recording,start_s,end_s,text,emotion", *rows]) + "\n")
    return path


def words_of(settings: Settings, *native_ids: str, sources: str = "file"):
    """Return what is known of the words of clips."""
    with open_store(settings) as store:
        ids = [f"{CORPUS}/{name}" for name in native_ids]
        return read_words(store, ids, sources.split(","), tuple(sorted(LETTERS)))


def test_a_file_gives_words_and_emotions_and_every_bad_row_is_named(
    settings: Settings, tmp_path: Path
) -> None:
    """What is understood is kept, what is not is filed with its reason, and once is enough."""
    path = write(
        tmp_path / "spans.csv",
        f"{FIRST},0,0.1,go,anger",
        f"{FIRST},0.1,0.4,away,sadness",
        f"{SECOND},,,stay,",
        f"{THIRD},,,,fear",
        "nobody,0,1,hello,",
        ",0,1,hello,",
        f"{THIRD},0,1,,",
        f"{THIRD},0,1,hello,joy",
        f"{THIRD},1,0,hello,",
        f"{THIRD},soon,1,hello,",
        f"{THIRD},0",
    )
    found = transcribe(settings, SILENT, corpus=CORPUS, file=path)
    assert (found.added, found.silent, found.told) == (3, 1, 2)
    assert dict(found.refused) == {
        "unknown_clip_id": 1,
        "missing_clip_id": 1,
        "no_words": 1,
        "unknown_label": 1,
        "bad_times": 2,
        "broken_row": 1,
    }
    assert "row 5: unknown_clip_id: no recording `nobody` in the corpus" in found.examples
    with open_store(settings) as store:
        assert queries.select_quarantine(store, source="file:spans.csv").num_rows == 7
    words = words_of(settings, FIRST, SECOND, THIRD)
    assert words.texts == ("go away", "stay", None)
    classes = sorted(LETTERS)
    np.testing.assert_allclose(words.told[0][classes.index("anger")], 0.25)
    np.testing.assert_allclose(words.told[0][classes.index("sadness")], 0.75)
    assert np.isnan(words.told[1]).all()
    assert words.told[2].argmax() == classes.index("fear")
    assert transcribe(settings, SILENT, corpus=CORPUS, file=path).added == 0


def test_what_a_file_says_anew_counts_from_then_on(settings: Settings, tmp_path: Path) -> None:
    """Nothing is edited: the past still says what it said."""
    path = write(tmp_path / "spans.csv", f"{FIRST},,,go,")
    before = transcribe(settings, SILENT, corpus=CORPUS, file=path).snapshot
    path = write(tmp_path / "spans.csv", f"{FIRST},,,stay,")
    assert transcribe(settings, SILENT, corpus=CORPUS, file=path).added == 1
    assert words_of(settings, FIRST).texts == ("stay",)
    with open_store(settings, snapshot=before) as past:
        assert read_words(past, [f"{CORPUS}/{FIRST}"], ["file"]).texts == ("go",)
        assert queries.select_transcripts(past, corpus=CORPUS)["edition"].to_pylist() == [1]


def test_the_first_source_that_has_words_is_read(settings: Settings, tmp_path: Path) -> None:
    """A list of sources is an order; annotators say what they heard."""
    clip_id = f"{CORPUS}/{FIRST}"
    transcribe(settings, SILENT, corpus=CORPUS, file=write(tmp_path / "a.csv", f"{FIRST},,,go,"))
    remark = make_rows("remarks", clip_id=[clip_id], transcript=["away"])
    with open_store(settings) as store:
        store.commit({"remarks": remark}, message="heard")
    assert words_of(settings, FIRST, sources="annotators,file").texts == ("away",)
    assert words_of(settings, FIRST, sources="file,annotators").texts == ("go",)
    assert words_of(settings, SECOND, sources="file,annotators").texts == (None,)
    assert words_of(settings, SECOND, sources="file,corpus").texts[0].startswith("m m")
    assert words_of(settings, FIRST, sources="recogniser").texts == (None,)


def test_new_words_make_a_new_model_that_learns_what_they_were_judged_as(
    settings: Settings, spoken_once: tuple[Settings, Path], tmp_path: Path
) -> None:
    """The row tells how many words were known, and how many were judged by themselves."""
    chosen = reading(settings, spoken_once[1], words="file,corpus", epochs=2)
    first = train(chosen, SILENT, corpus=CORPUS, **SPEAKERS)
    named = f"SYNF04_anger_s01_t1,,,{LETTERS['anger']},anger"
    transcribe(settings, SILENT, corpus=CORPUS, file=write(tmp_path / "a.csv", named))
    second = train(chosen, SILENT, corpus=CORPUS, **SPEAKERS)
    assert second.model_id != first.model_id
    with open_store(settings) as store:
        words = require_model(store, second.model_id)["config"]["words"]
    assert words["told"] == 1
    assert words["known"] >= 20
    lost = reading(settings, spoken_once[1], words="recogniser")
    with pytest.raises(NothingToDoError, match="no clip to learn from has such words"):
        train(lost, SILENT, corpus=CORPUS, **SPEAKERS)


def test_a_recogniser_hears_what_it_has_not_heard(
    settings: Settings, spoken_once: tuple[Settings, Path]
) -> None:
    """In batches, each committed at once; a second run has nothing left to do."""
    for package in (recognition.PACKAGE, "faster_whisper"):
        if find_spec(package) is None:
            pytest.skip(f"`{package}` of the extra [transcripts] is not installed")
    corpus = spoken_once[1].parent / "corpus"
    rows = [json.loads(row) for row in (corpus / "manifest.jsonl").read_text().splitlines()[:3]]
    few = "\n".join(json.dumps(row) for row in rows)
    (corpus / "few.jsonl").write_text(f"{few}\n")
    ingest(settings, SILENT, corpus="manifest", root=corpus / "few.jsonl", name="few")
    batched = settings.compute.model_copy(update={"batch_clips": 2})
    settings = settings.model_copy(update={"compute": batched})
    with open_store(settings) as store:
        before = store.snapshot
    found = transcribe(settings, SILENT, corpus="few")
    assert found.source.startswith("recogniser:tiny.en-")
    assert (found.added, found.clips, found.snapshot - before) == (3, 3, 2)
    with open_store(settings) as store:
        said = queries.select_transcripts(store, corpus="few")
        assert store.check() == []
    assert set(said["source"].to_pylist()) == {found.source}
    assert said.num_rows == 3
    assert transcribe(settings, SILENT, corpus="few").added == 0


def test_a_recogniser_that_is_not_there_is_named(settings: Settings, tmp_path: Path) -> None:
    """Before any work, and nothing is written."""
    with pytest.raises(ConfigurationError, match=r"a folder that holds model\.bin, but"):
        transcribe(settings, SILENT, corpus=CORPUS, model=str(tmp_path))
    with pytest.raises(PipelineError, match="name one"):
        transcribe(settings, SILENT, corpus=CORPUS, model="a", file=tmp_path / "a.csv")
    (tmp_path / "odd.json").write_text(json.dumps([]))
    with pytest.raises(PipelineError, match=r"must end in \.csv"):
        transcribe(settings, SILENT, corpus=CORPUS, file=tmp_path / "odd.json")
