"""Walking a corpus folder loses no audio file and reads none twice."""

import os

import pytest

from ser.corpora.ravdess import INFO, parse_name
from ser.corpora.tree import collect, list_audio
from ser.errors import CorpusError

NAME = "03-01-05-01-01-01-01"


def touch(root, *names):
    """Create empty files."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_list_audio_leaves_hidden_and_other_files_out(tmp_path):
    """Doubles of macOS archives and text files are no audio."""
    touch(tmp_path, "b/x.WAV", "a.flac", "._a.flac", ".git/y.wav", "notes.txt")
    assert list_audio(tmp_path) == ["a.flac", "b/x.WAV"]


def test_a_link_that_leads_back_is_walked_once(tmp_path):
    """A loop of links ends."""
    touch(tmp_path, "a/x.wav")
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    assert list_audio(tmp_path) == ["a/x.wav"]


def test_a_linked_folder_is_read(tmp_path):
    """Corpora are often linked in from another disk."""
    touch(tmp_path / "disk", "x.wav")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "linked").symlink_to(tmp_path / "disk", target_is_directory=True)
    assert list_audio(tmp_path / "root") == ["linked/x.wav"]


def test_links_to_files_are_listed(tmp_path):
    """A link to a file anywhere is that file, and one to nothing is left to be reported."""
    touch(tmp_path, "disk/x.wav")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link.wav").symlink_to(tmp_path / "disk" / "x.wav")
    (tmp_path / "root" / "dangling.wav").symlink_to("nowhere.wav")
    (tmp_path / "root" / "loop.wav").symlink_to("loop.wav")
    found = list_audio(tmp_path / "root")
    assert found == ["dangling.wav", "link.wav", "loop.wav"]


def test_a_folder_named_like_a_file_is_walked(tmp_path):
    """A suffix makes no file of a folder."""
    touch(tmp_path, "x.wav/y.wav")
    assert list_audio(tmp_path) == ["x.wav/y.wav"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_folder_that_cannot_be_listed_is_refused(tmp_path):
    """Its files must not seem to have vanished."""
    touch(tmp_path, "x.wav", "closed/y.wav")
    (tmp_path / "closed").chmod(0)
    with pytest.raises(CorpusError, match="cannot be listed: Permission denied; make it"):
        list_audio(tmp_path)


def test_reports_of_odd_names_can_be_stored(tmp_path):
    """A name that is no UTF-8 is escaped wherever it is shown."""
    touch(tmp_path, f"{NAME}.wav", os.fsdecode(b"caf\xe9.wav"))
    (report,) = collect(tmp_path, INFO, parse_name).unrecognised
    assert report.path == "caf\\xe9.wav"
    assert "got 'caf\\xe9.wav'" in report.detail


def test_second_copy_of_a_clip_is_reported(tmp_path):
    """The first path keeps the native id and the second says who has it."""
    touch(tmp_path, f"a/{NAME}.wav", f"b/{NAME}.flac")
    scan = collect(tmp_path, INFO, parse_name)
    assert [str(found.path) for found in scan.utterances] == [f"a/{NAME}.wav"]
    (report,) = scan.unrecognised
    assert (report.path, report.reason) == (f"b/{NAME}.flac", "duplicate_native_id")
    assert f"already taken by `a/{NAME}.wav`" in report.detail


def test_lossy_copy_is_reported(tmp_path):
    """An MP3 under a right name is not the published recording."""
    touch(tmp_path, f"{NAME}.wav", f"{NAME[:-1]}2.mp3")
    (report,) = collect(tmp_path, INFO, parse_name).unrecognised
    assert (report.reason, report.path) == ("unrecognised_name", f"{NAME[:-1]}2.mp3")


def test_every_audio_file_is_accounted_for(tmp_path):
    """Utterances, reports and files left out on purpose add up to the files."""
    touch(tmp_path, f"{NAME}.wav", "03-02-05-01-01-01-01.wav", "odd.wav", f"x/{NAME}.wav")
    scan = collect(tmp_path, INFO, parse_name)
    assert (len(scan.utterances), len(scan.unrecognised), scan.out_of_scope) == (1, 2, 1)


def test_folder_of_files_left_out_on_purpose_says_so(tmp_path):
    """Pointing at the songs of RAVDESS explains the empty result."""
    touch(tmp_path, "03-02-05-01-01-01-01.wav")
    with pytest.raises(CorpusError, match="1 audio files left out on purpose"):
        collect(tmp_path, INFO, parse_name)


def test_empty_folder_is_called_empty(tmp_path):
    """Nothing found is said in words."""
    with pytest.raises(CorpusError, match="Found: an empty folder"):
        collect(tmp_path, INFO, parse_name)


def test_a_file_is_no_root(tmp_path):
    """A root that is a file is refused as such."""
    touch(tmp_path, "x.wav")
    with pytest.raises(CorpusError, match="must be a folder, found a file"):
        collect(tmp_path / "x.wav", INFO, parse_name)
