"""Copies are found wherever they lie, strangers are not, and the order never matters."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ser.audio import duplicates
from ser.audio.duplicates import Fingerprints, Matches, find_near_duplicates
from ser.audio.fingerprint import fingerprint
from ser.corpora.synthetic import write_synthetic_corpus
from ser.errors import ConfigurationError
from ser.prepare import Rejected, prepare
from tests.ser.audio.distortions import DISTORTIONS

# What a release of a corpus may go through; 7 kbit/s and 20 dB of noise are there to show limits.
ORDINARY = sorted(set(DISTORTIONS) - {"Opus 7 kbit/s", "noise at 20 dB"})


def join(clips: Sequence[np.ndarray]) -> Fingerprints:
    """Return clips of words as one record."""
    return Fingerprints.from_bytes(clip.astype("<u4").tobytes() for clip in clips)


def draw(seed: int, *lengths: int) -> list[np.ndarray]:
    """Return unrelated clips of random words, none of them unknown."""
    generator = np.random.default_rng(seed)
    return [generator.integers(1, 2**32, length, dtype=np.uint32) for length in lengths]


def flip(words: np.ndarray, share: float, seed: int = 0) -> np.ndarray:
    """Return words with a share of their bits turned."""
    bits = np.random.default_rng(seed).random((len(words), 32)) < share
    return words ^ np.packbits(bits, axis=1, bitorder="little").view("<u4")[:, 0]


def pairs_of(matches: Matches) -> list[tuple[int, int]]:
    """Return the pairs as tuples."""
    return list(zip(matches.probes.tolist(), matches.known.tolist(), strict=True))


def test_a_clip_finds_itself_and_nobody_else() -> None:
    """Unrelated words never match."""
    clips = join(draw(0, 90, 40, 60, 12, 0, 8))
    found = find_near_duplicates(clips, clips)
    assert pairs_of(found) == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert found.similarity.tolist() == [1.0] * 4


def test_an_excerpt_is_found_from_either_side() -> None:
    """Shifts in both directions count, and the similarity is that of the overlap."""
    whole, other = draw(1, 100, 80)
    excerpt = flip(whole[30:70], 0.05)
    known, probe = join([other, whole]), join([excerpt])
    there, back = find_near_duplicates(probe, known), find_near_duplicates(known, probe)
    assert (pairs_of(there), pairs_of(back)) == ([(0, 1)], [(1, 0)])
    assert there.similarity.tolist() == back.similarity.tolist()
    assert there.similarity[0] == pytest.approx(0.95, abs=0.02)


def test_two_excerpts_that_overlap_are_found() -> None:
    """Half a clip in common is audio in common."""
    (whole,) = draw(2, 120)
    found = find_near_duplicates(join([whole[:80]]), join([whole[40:]]))
    assert found.similarity.tolist() == [1.0]


@pytest.mark.parametrize(("words", "count"), [(8, 0), (9, 1)])
def test_a_very_short_overlap_never_matches(words: int, count: int) -> None:
    """A few words agree by chance somewhere in a million clips."""
    (clip,) = draw(3, words)
    assert len(find_near_duplicates(join([clip]), join([clip])).probes) == count


def test_short_overlaps_need_more_agreement() -> None:
    """What is enough for a long clip is not for a short one: 0.5 + 1.5 / sqrt(12) is 0.93."""
    long, short = draw(4, 200, 12)
    copies = [np.concatenate([clip[:2], flip(clip[2:], 0.14)]) for clip in (long, short)]
    found = find_near_duplicates(join(copies), join([long, short]))
    assert pairs_of(found) == [(0, 0)]


def test_unknown_words_are_not_compared() -> None:
    """Silence agrees with silence, which proves nothing; nor does it speak against a copy."""
    (clip,) = draw(5, 40)
    silent = np.where(np.arange(40) < 20, 0, clip)
    found = find_near_duplicates(join([silent]), join([clip]))
    assert found.similarity.tolist() == [1.0]
    nothing = join([np.zeros(50, np.uint32)])
    assert not len(find_near_duplicates(nothing, nothing).probes)


@pytest.mark.parametrize("block", [1, 7, 64, 1 << 18])
def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """However little is held at once, the pairs are the same."""
    clips = draw(6, *[50] * 20)
    clips += [flip(clip[5:], 0.08, seed) for seed, clip in enumerate(clips[:10])]
    expected = find_near_duplicates(join(clips), join(clips))
    assert len(expected.probes) == 30 + 20
    monkeypatch.setattr(duplicates, "BLOCK", block)
    found = find_near_duplicates(join(clips), join(clips))
    assert pairs_of(found) == pairs_of(expected)
    assert found.similarity.tolist() == expected.similarity.tolist()


def test_neither_order_nor_company_changes_a_pair() -> None:
    """Whether two clips match depends on these two alone."""
    clips = draw(7, *[60] * 12)
    clips += [flip(clip, 0.1, seed) for seed, clip in enumerate(clips)]
    order = np.random.default_rng(8).permutation(len(clips))
    plain = find_near_duplicates(join(clips), join(clips))
    mixed = find_near_duplicates(join([clips[i] for i in order]), join([clips[i] for i in order]))
    expected = {(a, b): s for (a, b), s in zip(pairs_of(plain), plain.similarity, strict=True)}
    again = {
        (order[a], order[b]): s for (a, b), s in zip(pairs_of(mixed), mixed.similarity, strict=True)
    }
    assert again == expected
    for (one, other), similarity in expected.items():
        alone = find_near_duplicates(join([clips[one]]), join([clips[other]]))
        assert alone.similarity.tolist() == [similarity]


def test_nothing_meets_nothing() -> None:
    """Empty sides give no pairs."""
    empty, one = join([]), join(draw(9, 50))
    for probes, known in ((empty, one), (one, empty), (empty, empty)):
        assert not len(find_near_duplicates(probes, known).similarity)


def test_clips_without_a_fingerprint_have_no_words() -> None:
    """Clips of an older version were stored without one."""
    assert Fingerprints.from_bytes([None, b"\1\0\0\0", b""]).lengths.tolist() == [0, 1, 0]


@pytest.mark.parametrize("offsets", [[], [0, 2], [1, 3], [0, 3, 2, 3]])
def test_offsets_that_do_not_fit_are_refused(offsets: list[int]) -> None:
    """A cut array is noticed before it is searched."""
    with pytest.raises(ConfigurationError, match="`offsets` must rise from 0 to the 3 words"):
        Fingerprints(np.ones(3, np.uint32), np.array(offsets, np.int64))


def read(source: Path | bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return the waveform of a file as it is prepared, and its words."""
    clips = prepare(source)
    assert not isinstance(clips, Rejected)
    waveform = next(clips).waveform
    return waveform, fingerprint(waveform, 16000)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return speech-like clips: two takes of one sentence by two speakers in six emotions."""
    root: Path = tmp_path_factory.mktemp("corpus") / "synthetic"
    write_synthetic_corpus(root, speakers=2, sentences=1, repetitions=2)
    return [read(path) for path in sorted(root.rglob("*.wav"))]


def test_two_takes_are_no_duplicates(corpus: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """One speaker repeating a sentence in the same emotion is not the same audio."""
    clips = join([words for _, words in corpus])
    assert pairs_of(find_near_duplicates(clips, clips)) == [(i, i) for i in range(len(corpus))]


@pytest.mark.parametrize("distortion", ORDINARY)
def test_a_distorted_copy_is_found_among_all(
    corpus: list[tuple[np.ndarray, np.ndarray]], distortion: str
) -> None:
    """Encoded, resampled, louder or noisier and trimmed anew, a clip is linked to its origin."""
    distort = DISTORTIONS[distortion]
    copies = [read(distort(waveform.astype(np.float32) / 32768))[1] for waveform, _ in corpus[::6]]
    found = find_near_duplicates(join(copies), join([words for _, words in corpus]))
    assert pairs_of(found) == [(i, 6 * i) for i in range(len(copies))]


def test_48_khz_originals_find_their_16_khz_release(serloop_data: Path) -> None:
    """The native and the resampled RAVDESS are the same clips under other bytes."""
    folders = [serloop_data / "ravdess" / name for name in ("native_flac", "flac16k")]
    actor = [[read(p)[1] for p in sorted((f / "Actor_05").iterdir())] for f in folders]
    found = find_near_duplicates(*map(join, actor))
    assert pairs_of(found) == [(i, i) for i in range(60)]


def test_urdu_excerpts_that_overlap_are_found(serloop_data: Path) -> None:
    """Two speakers of URDU have excerpts of one broadcast in common; their samples prove it."""
    names = ("Happy/SF1_F4_H04", "Happy/SF4_F4_H020", "Happy/SF1_F5_H05")
    clips = join([read(serloop_data / "urdu" / f"{name}.flac")[1] for name in names])
    found = find_near_duplicates(clips, clips)
    assert [pair for pair in pairs_of(found) if pair[0] < pair[1]] == [(0, 1)]
