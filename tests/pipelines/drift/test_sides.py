"""What is compared: training clips as they were, clips kept from the model, and what came in."""

from pathlib import Path

import pytest

from pipelines.drift.sides import Compared, name_speakers, read_sides
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries
from warehouse.testing import make_rows

LEARNED = ["calls/0", "calls/1"]
CONFIG = {"corpus": "calls", "clips": LEARNED, "dev_speakers": ["dev"]}


def add(store: Warehouse, *clips: tuple[str, str | None], revision: int = 1) -> int:
    """Record clips by id and speaker; return the snapshot."""
    ids = [clip_id for clip_id, _ in clips]
    rows = make_rows(
        "clips",
        clip_id=ids,
        corpus=["calls"] * len(ids),
        speaker=[speaker for _, speaker in clips],
        audio_sha256=[f"{clip_id} {revision}" for clip_id in ids],
        revision=[revision] * len(ids),
    )
    store.commit({"clips": rows}, message="clips")
    return store.snapshot


def names(clips) -> list[str]:
    """Return the ids of clips."""
    return clips["clip_id"].to_pylist()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return a place of its own."""
    return Settings(home=tmp_path / "home")


def compare(settings: Settings, *came: tuple[str, str | None], revision: int = 1) -> Compared:
    """Let clips come in after a model, and find both sides."""
    with open_store(settings) as store:
        there = [("calls/0", "ann"), ("calls/1", "ben"), ("calls/2", "ann")]
        snapshot = add(store, *there, ("calls/3", "kept"), ("calls/4", "dev"))
        add(store, *came, revision=revision)
        with open_store(settings, snapshot=snapshot) as past:
            return read_sides(past, store, {"config": CONFIG}, None)


def test_sound_is_compared_with_what_the_model_learned(settings: Settings) -> None:
    """Other clips that were there are neither known nor new."""
    found = compare(settings, ("calls/5", "cem")).sound
    assert names(found.clips) == [*LEARNED, "calls/5"]
    assert found.is_incoming.tolist() == [False, False, True]


def test_its_word_is_compared_with_that_on_speakers_it_never_met(settings: Settings) -> None:
    """Neither speakers it learned from nor those its epoch was chosen on are on a side."""
    found = compare(settings, ("calls/5", "cem"), ("calls/6", "ann"), ("calls/7", "dev")).said
    assert names(found.clips) == ["calls/3", "calls/5"]
    assert (found.known, found.incoming) == (1, 1)


def test_a_new_revision_came_in_and_the_old_one_is_known(settings: Settings) -> None:
    """The model learned from what the file was then."""
    found = compare(settings, ("calls/0", "ann"), revision=2).sound
    assert names(found.clips) == [*LEARNED, "calls/0"]
    assert found.clips["revision"].to_pylist() == [1, 1, 2]
    assert found.bundle().partner.tolist() == [1, 0, -1]


def test_the_fingerprint_follows_from_contents(tmp_path: Path) -> None:
    """Other contents of one clip are another comparison; equal ones are not."""
    places = [Settings(home=tmp_path / name) for name in "abc"]
    came = [(places[0], 1), (places[1], 1), (places[2], 3)]
    found = [compare(place, ("calls/5", "cem"), revision=at).fingerprint for place, at in came]
    assert found[0] == found[1] != found[2]


def test_who_speaks_falls_back_to_what_is_known(settings: Settings) -> None:
    """Session, then recording; a clip of which nothing is known stands alone, and is counted."""
    rows = make_rows(
        "clips",
        clip_id=["a/1", "a/2", "a/3", "a/4"],
        corpus=["a"] * 4,
        speaker=["x", None, None, None],
        session=["y", "x", None, None],
        recording=[None, "z", "x", None],
    )
    assert name_speakers(rows)["who"].to_pylist() == [
        "a speaker x",
        "a session x",
        "a recording x",
        "a/4",
    ]
    assert compare(settings, ("calls/5", None), ("calls/6", "cem")).strangers == 1


def test_speakers_lose_clips_until_sides_match(settings: Settings) -> None:
    """One side alone is left as it is."""
    found = compare(settings, *((f"calls/{number}", "cem") for number in range(5, 9))).sound
    matched = found.match()
    assert (matched.known, matched.incoming) == (2, 1)
    alone = compare(settings).said
    assert alone.match() is alone


def test_clips_of_the_past_need_no_present(settings: Settings) -> None:
    """Nothing came in."""
    found = compare(settings)
    assert (found.sound.incoming, found.said.incoming, found.strangers) == (0, 0, 0)
    with open_store(settings) as store:
        assert queries.select_clips(store).num_rows == 5
