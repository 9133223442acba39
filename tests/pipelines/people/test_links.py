"""Addresses of pages: one person's each, not to be guessed, and revocable."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.people.links import Links, read_links, renew_link
from pipelines.settings import Settings

ANN, BOB = "annotator-0000000001", "annotator-0000000002"


def test_a_token_names_its_owner_and_campaign(tmp_path: Path) -> None:
    """What is made is understood, also by another process of the same home."""
    settings = Settings(home=tmp_path)
    token = read_links(settings).token("a campaign/ü", ANN)
    assert read_links(settings).read(token) == ("a campaign/ü", ANN)
    assert token.replace("-", "").replace("_", "").replace(".", "").isalnum()


def test_a_token_of_another_home_is_void() -> None:
    """Without the secret nobody makes one."""
    token = Links(b"a" * 32, {}).token("demo", ANN)
    assert Links(b"b" * 32, {}).read(token) is None


def test_a_mac_is_no_good_for_another_person() -> None:
    """Neither is one for another campaign."""
    links = Links(b"a" * 32, {})
    named, _, _ = links.token("demo", BOB).partition(".")
    _, _, mac = links.token("demo", ANN).partition(".")
    assert links.read(f"{named}.{mac}") is None


@pytest.mark.parametrize("token", ["", ".", "x", "x.y", "ü.ü", "=.=", "a" * 5000, "AAAA.AAAA"])
def test_rubbish_is_no_token(token: str) -> None:
    """Whatever comes is None, not an error."""
    assert Links(b"a" * 32, {}).read(token) is None


def test_a_token_has_one_spelling() -> None:
    """Padding and stray bits, which Base64 ignores, make it another address."""
    links = Links(b"a" * 32, {})
    token = links.token("demo", ANN)
    named, _, mac = token.partition(".")
    assert links.read(token) is not None
    assert [links.read(odd) for odd in (f"{named}=.{mac}", f"{named}\n.{mac}", f"{token}=")] == [
        None
    ] * 3


def test_a_renewed_token_is_void_and_others_stay(tmp_path: Path) -> None:
    """Only its owner gets a new one."""
    settings = Settings(home=tmp_path)
    before = read_links(settings)
    old, other = before.token("demo", ANN), before.token("demo", BOB)
    after = renew_link(settings, ANN)
    assert after.read(old) is None
    assert after.read(other) == ("demo", BOB)
    assert read_links(settings).read(after.token("demo", ANN)) == ("demo", ANN)


def test_the_secret_is_its_owners_alone(tmp_path: Path) -> None:
    """It is written with mode 600, never shown, and refused once others may read it."""
    settings = Settings(home=tmp_path)
    links = read_links(settings)
    path = tmp_path / "people" / "links.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert links.secret.hex() not in repr(links)
    path.chmod(0o644)
    with pytest.raises(PipelineError, match=r"may be read by others \(mode 644\)"):
        read_links(settings)


def test_processes_that_come_at_once_share_one_secret(tmp_path: Path) -> None:
    """Whoever is slower takes the secret of the quicker one, and nothing is left lying about."""
    settings = Settings(home=tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: read_links(settings).secret, range(8)))
    assert len(set(found)) == 1
    assert [path.name for path in (tmp_path / "people").iterdir()] == ["links.json"]


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    """It is not replaced in silence: all addresses would become void."""
    path = tmp_path / "people" / "links.json"
    path.parent.mkdir()
    path.write_text("{}")
    path.chmod(0o600)
    with pytest.raises(PipelineError, match="holds no secret"):
        read_links(Settings(home=tmp_path))
