"""Every clip is compared with every other once, and the rows never depend on how it came about."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipelines import duplicates
from pipelines.duplicates import Linked, link_duplicates, read_audio_groups
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, open_warehouse, queries
from warehouse.testing import make_rows

WORDS = np.random.default_rng(0).integers(1, 2**32, (8, 80), dtype=np.uint32)
# Clip id: hash of the file, begin of the speech, words. `a/1` is an excerpt of `a/0`.
CLIPS = {
    "a/0": ("h0", 0.0, WORDS[0]),
    "a/1": ("h1", 0.0, WORDS[0][20:]),
    "a/2": ("h2", 0.0, WORDS[1]),
    "b/0": ("h2", 0.0, WORDS[1]),
    "b/1": ("h3", 0.0, WORDS[2]),
    "b/2": ("h3", 5.0, WORDS[3]),
    "b/3": ("h4", 0.0, WORDS[0][:60]),
    "c/0": ("h5", 0.0, WORDS[4][:5]),
    "c/1": ("h6", 0.0, WORDS[4][:5]),
}
PAIRS = [
    ("a/0", "a/1", "near", 1.0),
    ("a/0", "b/3", "near", 1.0),
    ("a/1", "b/3", "near", 1.0),
    ("a/2", "b/0", "exact", 1.0),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Warehouse]:
    """Open an empty warehouse."""
    with open_warehouse(str(tmp_path / "catalog.sqlite"), str(tmp_path / "data")) as store:
        yield store


def add(
    store: Warehouse, clips: Mapping[str, tuple[str, float, np.ndarray]], revision: int = 1
) -> None:
    """Commit clips without any sound but their fingerprints."""
    hashes, starts, words = zip(*clips.values(), strict=True)
    keys = {"clip_id": list(clips), "revision": [revision] * len(clips)}
    rows = {
        "clips": make_rows(
            "clips",
            **keys,
            corpus=[clip_id.split("/")[0] for clip_id in clips],
            audio_sha256=hashes,
            speech_start_s=starts,
            speech_end_s=[start + 1.0 for start in starts],
        ),
        "waveforms": make_rows(
            "waveforms", **keys, fingerprint=[w.astype("<u4").tobytes() for w in words]
        ),
    }
    store.commit(rows, message="clips")


def stored_pairs(store: Warehouse) -> list[tuple[str, str, str, float]]:
    """Return the duplicates of current clips."""
    rows = queries.select_duplicates(store)
    columns = (rows[name].to_pylist() for name in ("clip_id", "other_id", "kind", "similarity"))
    return list(zip(*columns, strict=True))


def test_copies_and_near_copies_are_linked_once(store: Warehouse) -> None:
    """Across corpora, the smaller id first; another part of the same file is no copy."""
    add(store, CLIPS)
    assert link_duplicates(store) == Linked(compared=9, exact=1, near=3)
    assert stored_pairs(store) == PAIRS
    snapshot = store.snapshot
    assert link_duplicates(store) == Linked(compared=0, exact=0, near=0)
    assert store.snapshot == snapshot


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_arrival_does_not_matter(store: Warehouse, seed: int) -> None:
    """Linked one by one in any order, the rows are those of linking all at once."""
    for position in np.random.default_rng(seed).permutation(len(CLIPS)):
        clip_id = list(CLIPS)[position]
        add(store, {clip_id: CLIPS[clip_id]})
        assert link_duplicates(store).compared == 1
    assert stored_pairs(store) == PAIRS


@pytest.mark.parametrize(("probes", "page"), [(1, 1), (2, 3), (4, 100)])
def test_pages_do_not_matter(
    store: Warehouse, monkeypatch: pytest.MonkeyPatch, probes: int, page: int
) -> None:
    """However few clips are held at once, every two of them meet."""
    monkeypatch.setattr(duplicates, "PROBES", probes)
    monkeypatch.setattr(duplicates, "PAGE", page)
    add(store, CLIPS)
    assert link_duplicates(store) == Linked(compared=9, exact=1, near=3)
    assert stored_pairs(store) == PAIRS


@pytest.mark.parametrize("commits", range(4))
def test_a_run_that_was_killed_is_completed(
    store: Warehouse, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    """Whatever was committed before, the next run does the rest."""
    monkeypatch.setattr(duplicates, "PROBES", 4)
    add(store, CLIPS)
    commit = Warehouse.commit
    done = []

    def until_killed(self: Warehouse, rows: Mapping[str, pa.Table], **options: str) -> object:
        if len(done) == commits:
            raise KeyboardInterrupt
        done.append(rows)
        return commit(self, rows, **options)

    monkeypatch.setattr(Warehouse, "commit", until_killed)
    with pytest.raises(KeyboardInterrupt):
        link_duplicates(store)
    monkeypatch.setattr(Warehouse, "commit", commit)
    link_duplicates(store)
    assert stored_pairs(store) == PAIRS


def test_clips_that_arrive_meanwhile_are_not_forgotten(
    store: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clip that another ingest commits during the comparison is met now or next time."""
    find = duplicates.find_near_duplicates
    late = {"a/9": ("h9", 0.0, WORDS[1][10:])}

    def find_late(*sides: object) -> object:
        if late:
            add(store, late)
            late.clear()
        return find(*sides)

    monkeypatch.setattr(duplicates, "find_near_duplicates", find_late)
    add(store, CLIPS)
    link_duplicates(store)
    link_duplicates(store)
    assert stored_pairs(store) == sorted(
        [*PAIRS, ("a/2", "a/9", "near", 1.0), ("a/9", "b/0", "near", 1.0)]
    )


def test_a_changed_clip_is_compared_again(store: Warehouse) -> None:
    """Links of the old content go, those of the new content come."""
    add(store, CLIPS)
    link_duplicates(store)
    add(store, {"a/0": ("h7", 0.0, WORDS[2])}, revision=2)
    assert link_duplicates(store) == Linked(compared=1, exact=0, near=1)
    assert stored_pairs(store) == [("a/0", "b/1", "near", 1.0), *PAIRS[2:]]


def test_many_copies_are_one_group(store: Warehouse) -> None:
    """A file that is there 150 times is one sound, told by its bytes and not by its words."""
    copies = {f"d/{number:03d}": ("h", 0.0, WORDS[0]) for number in range(150)}
    add(store, copies)
    assert link_duplicates(store).near == 0
    assert set(read_audio_groups(store, list(copies))) == {"d/000"}


def test_groups_are_named_after_their_first_clip(store: Warehouse) -> None:
    """Linked clips have one name, also when only a third clip links them; others their own."""
    rows = make_rows(
        "duplicates", clip_id=["a/1", "a/0"], other_id=["b/3", "b/3"], kind=["near"] * 2
    )
    add(store, CLIPS)
    store.commit({"duplicates": rows}, message="links")
    asked = ["b/3", "a/2", "a/1", "a/0", "unknown"]
    assert read_audio_groups(store, asked) == ["a/0", "a/2", "a/0", "a/0", "unknown"]


def test_without_links_every_clip_is_alone(store: Warehouse) -> None:
    """A warehouse without duplicates has as many groups as clips."""
    assert read_audio_groups(store, ["a", "b"]) == ["a", "b"]


def test_clips_of_an_older_version_are_told_by_their_bytes(store: Warehouse) -> None:
    """Without a fingerprint, equal files are linked and nothing else is claimed."""
    old = {f"a/{number}": (digest, 0.0, WORDS[0]) for number, digest in enumerate("xxy")}
    add(store, old)
    rows = make_rows("waveforms", clip_id=["b/0"])
    clips = make_rows("clips", clip_id=["b/0", "b/1"], corpus=["b", "b"], audio_sha256=["q", "q"])
    store.commit({"clips": clips, "waveforms": rows}, message="without fingerprints")
    link_duplicates(store)
    assert ("b/0", "b/1", "exact", 1.0) in stored_pairs(store)


def test_an_ingested_corpus_has_fingerprints_and_no_false_pair(ingested: Settings) -> None:
    """Takes of one sentence by several speakers in several emotions are all different audio."""
    with open_store(ingested) as store:
        link_duplicates(store)
        page = queries.select_fingerprints(store, limit=100)
        assert page.num_rows == 36
        assert min(len(words) for words in page["fingerprint"].to_pylist()) > 4 * 9
        assert stored_pairs(store) == []
        assert not queries.select_fingerprints(store, limit=100, only_new=True).num_rows
