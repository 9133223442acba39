"""Annotators' browsers find the audio, under names that tell nothing."""

from pathlib import Path

import pytest

from pipelines.errors import SettingsError
from pipelines.label_studio.places import find_places
from pipelines.publishing.audio import find_audio, opaque_names
from pipelines.settings import Settings

FILE = Path("audio/lufs-23/clips/a b.flac")


def adopt(home: Path, **section: object) -> Settings:
    """Return settings of a server that runs elsewhere."""
    return Settings(home=home, label_studio={"url": "https://labels.example.org", **section})


def test_our_own_server_serves_a_folder_of_its_own(tmp_path: Path) -> None:
    """The storage is strictly below the document root, and files are addressed from that."""
    settings = Settings(home=tmp_path)
    place = find_audio(settings)
    assert place.root == find_places(settings).files
    assert place.storage == str(find_places(settings).audio)
    assert place.find(FILE) == "/data/local-files/?d=audio/lufs-23/clips/a%20b.flac"


@pytest.mark.parametrize(
    ("url", "address", "is_served"),
    [
        ("https://media.example.org/x", "https://media.example.org/x/", False),
        ("https://media.example.org/x/", "https://media.example.org/x/", False),
        ("/data/local-files/?d=", "/data/local-files/?d=", True),
        ("/data/local-files/?d=team", "/data/local-files/?d=team/", True),
    ],
)
def test_another_server_finds_it_where_it_is_set(
    tmp_path: Path, url: str, address: str, is_served: bool
) -> None:
    """Only files that Label Studio itself serves need a storage there."""
    place = find_audio(adopt(tmp_path, audio_folder=tmp_path / "out", audio_url=url))
    assert place.find(FILE) == f"{address}audio/lufs-23/clips/a%20b.flac"
    assert (place.storage is not None) is is_served


@pytest.mark.parametrize("given", [{}, {"audio_url": "https://a.org"}, {"audio_folder": "out"}])
def test_another_server_needs_both(tmp_path: Path, given: dict[str, object]) -> None:
    """Half of it is as good as none."""
    with pytest.raises(SettingsError, match="AUDIO_FOLDER, where clips are written, and SERLOOP"):
        find_audio(adopt(tmp_path, **given))


def test_names_tell_nothing(settings: Settings) -> None:
    """Each clip has its own name, the same every time, without a word of its id."""
    ids = [f"crema-d/{number}_IEO_ANG_HI" for number in range(1000)]
    names = opaque_names(settings, ids)
    assert len(set(names.values())) == len(ids)
    assert names == opaque_names(settings, ids)
    assert not any("ANG" in str(name) or "crema" in str(name) for name in names.values())
