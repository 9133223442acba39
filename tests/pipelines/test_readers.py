"""A corpus is found by name, and one of your own gets a name that can be part of an id."""

from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.readers import find_reader
from ser.corpora.ravdess import Ravdess
from ser.errors import CorpusError


def test_a_published_corpus_is_found_by_name(tmp_path: Path) -> None:
    """A listed name gives its reader, whatever the folder."""
    assert isinstance(find_reader("ravdess", tmp_path), Ravdess)


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    """A typo is answered with what there is."""
    with pytest.raises(CorpusError, match=r"one of ravdess, crema-d.*got 'ravdes'"):
        find_reader("ravdes", tmp_path)


def test_a_folder_is_named_as_itself(tmp_path: Path) -> None:
    """A folder of recordings needs no name of its own."""
    assert find_reader("folder", tmp_path / "Calls-2024").info.name == "calls-2024"


def test_a_given_name_wins(tmp_path: Path) -> None:
    """The name you give is the name it gets."""
    assert find_reader("folder", tmp_path / "x", "hotline").info.name == "hotline"


@pytest.mark.parametrize("as_file", [False, True], ids=["folder", "file"])
def test_a_manifest_is_named_as_its_folder_and_knows_its_classes(
    tmp_path: Path, as_file: bool
) -> None:
    """A manifest is found by file or by folder, and its labels are its classes."""
    root = tmp_path / "calls"
    root.mkdir()
    manifest = root / "manifest.csv"
    manifest.write_text("path,label\na.wav,joy\nb.wav,anger\n", encoding="utf-8")
    info = find_reader("manifest", manifest if as_file else root).info
    assert (info.name, info.taxonomy.classes) == ("calls", ("anger", "joy"))


@pytest.mark.parametrize(
    "name", ["Calls", "my calls", "a/b", "", "-x", "ravdess", "manifest", "ärger"]
)
def test_a_name_that_cannot_be_part_of_an_id_is_refused(tmp_path: Path, name: str) -> None:
    """A name with a slash or of a published corpus would make clip ids ambiguous."""
    # An empty name falls back to the folder's, which is no better here.
    with pytest.raises(PipelineError, match=r"must be lower-case letters.*give one with --name"):
        find_reader("folder", tmp_path / "My Calls", name)
