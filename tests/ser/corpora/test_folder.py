"""Any folder of recordings is a corpus, whatever its names."""

import os

import pytest

from ser.corpora.folder import FolderCorpus
from ser.errors import CorpusError


def touch(root, *names):
    """Create empty files."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_native_id_is_the_path(tmp_path):
    """Names that differ in their suffix alone are two recordings, sorted."""
    touch(tmp_path, "b/x.WAV", "a.wav", "a.flac", "notes.txt")
    found = FolderCorpus("calls").scan(tmp_path).utterances
    assert [utterance.native_id for utterance in found] == ["a.flac", "a.wav", "b/x.WAV"]


def test_name_that_is_no_utf8_is_escaped(tmp_path):
    """The id can be stored, and the path still opens the file."""
    name = os.fsdecode(b"caf\xe9.wav")
    touch(tmp_path, name)
    (found,) = FolderCorpus("calls").scan(tmp_path).utterances
    assert found.native_id == "caf\\xe9.wav"
    assert (tmp_path / found.path).is_file()


def test_name_that_spells_the_escapes_out_is_reported(tmp_path):
    """Two names with one id: the first in order keeps it."""
    touch(tmp_path, os.fsdecode(b"caf\xe9.wav"), "caf\\xe9.wav")
    scan = FolderCorpus("calls").scan(tmp_path)
    (report,) = scan.unrecognised
    assert (len(scan.utterances), report.reason) == (1, "duplicate_native_id")


def test_folder_without_audio_is_refused(tmp_path):
    """A folder of other files says what it holds."""
    touch(tmp_path, "notes.txt")
    with pytest.raises(CorpusError, match=r"Found: notes\.txt"):
        FolderCorpus("calls").scan(tmp_path)
