"""Every corpus keeps the promises of the registry."""

import subprocess
import sys

import pytest

from ser.corpora import CORPORA, find_corpus
from ser.errors import CorpusError

NAMES = ["ravdess", "crema-d", "emodb", "iemocap", "urdu", "manifest", "folder", "synthetic"]
PUBLISHED = [name for name in NAMES if name not in {"manifest", "folder"}]


def test_the_registry_lists_every_corpus():
    """The names are those users type."""
    assert list(CORPORA) == NAMES


def test_find_corpus_returns_the_reader_of_that_name():
    """A reader knows its own name."""
    assert all(find_corpus(name).info.name == name for name in NAMES)


def test_unknown_corpus_is_refused_with_the_known_names():
    """The message lists what can be asked for."""
    with pytest.raises(CorpusError, match=r"one of ravdess, crema-d, .* got 'emo-db'"):
        find_corpus("emo-db")


@pytest.mark.parametrize("name", PUBLISHED)
def test_description_is_complete(name):
    """Every published corpus says who owns it, where it is and how it looks."""
    info = find_corpus(name).info
    for value in (info.title, info.licence, info.url, info.citation, info.layout, info.version):
        assert value
    assert info.languages
    assert info.taxonomy.name == f"{name}-{len(info.taxonomy)}"


@pytest.mark.parametrize("name", NAMES)
def test_missing_root_is_an_error_that_shows_the_layout(name, tmp_path):
    """A wrong path never looks like an empty corpus."""
    with pytest.raises(CorpusError) as caught:
        find_corpus(name).scan(tmp_path / "absent")
    assert find_corpus(name).info.layout in str(caught.value)
    assert "nothing" in str(caught.value)


@pytest.mark.parametrize("name", PUBLISHED)
def test_wrong_folder_shows_what_was_expected_and_found(name, tmp_path):
    """A folder of something else is refused with its first entries."""
    (tmp_path / "holiday.wav").touch()
    (tmp_path / "photos").mkdir()
    with pytest.raises(CorpusError, match=r"Found: holiday.wav, photos/") as caught:
        find_corpus(name).scan(tmp_path)
    assert find_corpus(name).info.layout in str(caught.value)
    assert "1 audio files with other names, such as 'holiday.wav'" in str(caught.value)


def test_importing_the_corpora_loads_no_torch():
    """Listing a corpus must not cost seconds of imports."""
    code = "import sys, ser, ser.corpora; sys.exit(bool({'torch', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
