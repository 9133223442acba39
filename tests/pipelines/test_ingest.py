"""Ingest brings files in once, whatever happens to them, and says what it did."""

import os
import shutil
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.ingest import IngestResult, ingest
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.errors import CorpusError
from tests.pipelines.places import borrow
from warehouse import queries

SILENT = SilentProgress()
# Refused contents of one file; the later one comes first in the order of hashes.
BAD_CONTENTS = (b"first", b"second")


@pytest.fixture(scope="module")
def root_once(synthetic_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of three recordings."""
    folder = tmp_path_factory.mktemp("recordings")
    for number, path in enumerate(sorted(synthetic_root.glob("SYNF02/*.wav"))[:3]):
        shutil.copy2(path, folder / f"{number}.wav")
    return folder


@pytest.fixture(scope="module")
def first(root_once: Path, tmp_path_factory: pytest.TempPathFactory):
    """Ingest the three recordings, and return settings and result; for reading and lending."""
    settings = Settings(home=tmp_path_factory.mktemp("first"), compute={"processes": 1})
    return settings, bring(settings, root_once)


@pytest.fixture
def root(root_once: Path, tmp_path: Path) -> Path:
    """Return the three recordings, free to change."""
    return shutil.copytree(root_once, tmp_path / "recordings")


@pytest.fixture
def known(first, tmp_path: Path) -> Settings:
    """Return a warehouse that has the three recordings, free to change."""
    return borrow(first[0], tmp_path / "home")


def bring(settings: Settings, root: Path) -> IngestResult:
    """Ingest the folder under a name that does not depend on the test."""
    return ingest(settings, SILENT, corpus="folder", root=root, name="calls")


def files(settings: Settings) -> set[Path]:
    """Return every file below the data path."""
    return set(Path(settings.data_path).rglob("*"))


def test_every_clip_has_audio_and_features(ingested_once: Settings) -> None:
    """A corpus becomes one clip, one waveform and one feature matrix per file."""
    with open_store(ingested_once) as store:
        rows = queries.count_rows(store)
        assert store.check() == []
    assert (rows["clips"], rows["waveforms"], rows["features"]) == (36, 36, 36)
    assert (rows["corpora"], rows["feature_sets"], rows["rejects"]) == (1, 1, 0)


def test_the_result_says_what_was_done(first) -> None:
    """The summary has files, new clips, hours of speech and the snapshot to cite."""
    settings, result = first
    assert (result.found, result.added, result.unchanged, result.rejected) == (3, 3, 0, {})
    assert 0 < result.speech_hours < 3 * 10 / 3600
    with open_store(settings) as store:
        assert result.snapshot == store.snapshot


def test_a_second_run_writes_nothing(first, known: Settings, root: Path) -> None:
    """The same folder again: no snapshot, no file, every clip unchanged."""
    before = files(known)
    again = bring(known, root)
    assert (again.added, again.unchanged, again.snapshot) == (0, 3, first[1].snapshot)
    assert files(known) == before


def test_a_touched_file_is_not_a_new_one(known: Settings, root: Path) -> None:
    """Another time on the same bytes changes nothing."""
    before = files(known)
    os.utime(root / "0.wav", ns=(1, 1))
    result = bring(known, root)
    assert (result.added, result.unchanged) == (0, 3)
    assert files(known) == before


def test_a_changed_file_is_a_new_revision(known: Settings, root: Path) -> None:
    """New content supersedes, and the old revision stays for who trained on it."""
    shutil.copy2(root / "1.wav", root / "0.wav")
    assert bring(known, root).added == 1
    with open_store(known) as store:
        clips = queries.select_clips(store)
        assert queries.count_rows(store)["waveforms"] == 4
    assert clips["clip_id"].to_pylist() == ["calls/0.wav", "calls/1.wav", "calls/2.wav"]
    assert clips["revision"].to_pylist() == [2, 1, 1]


def test_a_new_file_is_added_alone(known: Settings, root: Path) -> None:
    """Only what is new is decoded."""
    shutil.copy2(root / "0.wav", root / "3.wav")
    result = bring(known, root)
    assert (result.found, result.added, result.unchanged) == (4, 1, 3)


def test_a_bad_file_is_filed_once(known: Settings, root: Path) -> None:
    """A refused file is a reject with a reason; the same content is not looked at again."""
    for content in BAD_CONTENTS:
        (root / "3.wav").write_bytes(content)
        assert bring(known, root).rejected == {"not_audio": 1}
    again = bring(known, root)
    assert (again.rejected, again.unchanged) == ({}, 4)


def test_a_repaired_file_becomes_a_clip(known: Settings, root: Path) -> None:
    """A file that was refused is taken when its content is good, and then left alone."""
    (root / "3.wav").write_bytes(b"this is text")
    bring(known, root)
    shutil.copy2(root / "0.wav", root / "3.wav")
    assert bring(known, root).added == 1
    assert bring(known, root).unchanged == 4


def test_a_file_that_turns_bad_keeps_its_last_good_clip(known: Settings, root: Path) -> None:
    """What was good once stays, the bad content is filed, and neither is looked at again."""
    (root / "0.wav").write_bytes(b"this is text")
    assert bring(known, root).rejected == {"not_audio": 1}
    again = bring(known, root)
    assert (again.rejected, again.unchanged) == ({}, 3)


def test_the_size_of_a_batch_is_no_part_of_the_result(
    known: Settings, root: Path, tmp_path: Path
) -> None:
    """One clip per commit or all at once, the rows are the same."""
    small = Settings(home=tmp_path / "small", compute={"processes": 1, "batch_clips": 1})
    bring(small, root)
    with open_store(known) as one, open_store(small) as other:
        assert queries.select_clips(one).equals(queries.select_clips(other))
        assert queries.select_waveforms(one).equals(queries.select_waveforms(other))


def test_a_wrong_folder_says_what_was_expected_and_found(settings: Settings, root: Path) -> None:
    """A folder of another corpus is refused before anything is written."""
    with pytest.raises(CorpusError, match=r"(?s)`ravdess`. Expected layout:.*Found: 0\.wav"):
        ingest(settings, SILENT, corpus="ravdess", root=root)
    assert not Path(settings.catalog).exists()


def test_a_label_outside_the_classes_of_the_first_ingest_is_rejected(
    settings: Settings, root: Path
) -> None:
    """Posteriors are in the order of the classes, so these are fixed; nothing is lost."""
    manifest = root / "manifest.csv"
    manifest.write_text("path,label\n0.wav,joy\n1.wav,anger\n", encoding="utf-8")
    ingest(settings, SILENT, corpus="manifest", root=root, name="own")
    manifest.write_text("path,label\n0.wav,joy\n2.wav,fear\n", encoding="utf-8")
    result = ingest(settings, SILENT, corpus="manifest", root=root, name="own")
    assert (result.added, result.unchanged, result.rejected) == (0, 1, {"invalid_row": 1})


def test_classes_can_be_named_before_any_label(settings: Settings, root: Path) -> None:
    """A folder of unlabelled recordings can be asked about, and its classes do not change."""
    classes = ("neutral", "anger")
    ingest(settings, SILENT, corpus="folder", root=root, name="own", classes=classes)
    with open_store(settings) as store:
        (row,) = queries.select_corpora(store).to_pylist()
    assert tuple(row["classes"]) == classes
    with pytest.raises(PipelineError, match="`own` has the classes neutral, anger since"):
        ingest(settings, SILENT, corpus="folder", root=root, name="own", classes=("joy",))


def test_a_row_that_cannot_be_used_is_reported_once(settings: Settings, root: Path) -> None:
    """A known defect of a corpus does not fail every scheduled run."""
    (root / "manifest.csv").write_text("path,label\n0.wav,joy\ngone.wav,anger\n", encoding="utf-8")
    runs = [
        ingest(settings, SILENT, corpus="manifest", root=root, name="own").rejected
        for _ in range(2)
    ]
    assert runs == [{"missing_file": 1}, {}]
