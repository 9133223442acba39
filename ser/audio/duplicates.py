"""Find clips that hold the same sound, by their acoustic fingerprints."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError

Words = npt.NDArray[np.uint32]
Positions = npt.NDArray[np.int64]

BITS = 32
# Chosen on half of RAVDESS: `python -m tests.benchmarks.fingerprint` prints what they give.
MIN_SIMILARITY = 0.82  # of odd actors, two takes of a sentence reach 0.77, the worst copy has 0.84
CHANCE = 1.5  # nine standard deviations of n words of unrelated speech, 0.17 / √n (measured)
# Each word has two keys of 24 bits, so that one wrong bit in eight at either end leaves one right.
KEY_SHIFTS = (0, 8)
KEY_MASK = (1 << 24) - 1
# Bounds what is held at once: so many known words, hits or words compared are some 15 MiB.
BLOCK = 1 << 18


@dataclass(frozen=True, eq=False)
class Fingerprints:
    r"""The fingerprints of N clips as one array of words and N + 1 offsets.

    Args:
        words: Words of all clips, uint32 ``(ΣW,)``; 0 is an unknown word.
        offsets: First word of each clip and the total at the end, int64 ``(N + 1,)``.

    Raises:
        ConfigurationError: If the offsets do not describe the words.

    Example:
        >>> both = Fingerprints.from_bytes([b"\x01\x00\x00\x00" * 2, b""])
        >>> len(both), both.words.tolist(), both.offsets.tolist()
        (2, [1, 1], [0, 2, 2])
    """

    words: Words
    offsets: Positions

    def __post_init__(self) -> None:
        """Refuse offsets that do not fit the words."""
        ends = self.offsets[[0, -1]].tolist() if len(self.offsets) else []
        if ends != [0, len(self.words)] or (np.diff(self.offsets) < 0).any():
            raise ConfigurationError(
                f"`offsets` must rise from 0 to the {len(self.words)} words, but span {ends}"
            )

    @classmethod
    def from_bytes(cls, stored: Iterable[bytes | None]) -> "Fingerprints":
        """Join fingerprints as they are stored.

        Args:
            stored: Little-endian uint32 words of each clip; None where there is no fingerprint.
        """
        clips = [words or b"" for words in stored]
        offsets = np.zeros(len(clips) + 1, np.int64)
        np.cumsum([len(words) // 4 for words in clips], out=offsets[1:])
        return cls(np.frombuffer(b"".join(clips), "<u4").astype(np.uint32, copy=False), offsets)

    def __len__(self) -> int:
        """Return N."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Positions:
        """Words of each clip, ``(N,)``."""
        return np.diff(self.offsets)


@dataclass(frozen=True, eq=False)
class Matches:
    """Pairs of clips that hold the same sound, ordered by probe and known clip.

    Args:
        probes: Positions of the first clip of each pair, ``(P,)``.
        known: Positions of the other clip, ``(P,)``.
        similarity: Share of equal bits where the two overlap, ``(P,)``, in [0, 1].
    """

    probes: Positions
    known: Positions
    similarity: npt.NDArray[np.float64]


def find_near_duplicates(
    probes: Fingerprints,
    known: Fingerprints,
    *,
    min_similarity: float = MIN_SIMILARITY,
    chance: float = CHANCE,
) -> Matches:
    """Return every pair of a probe and a known clip that hold the same sound.

    The lower and the upper 24 bits of a word are its keys. A pair is looked at where the two share
    a word or two keys: at each shift that brings these together all words of the overlap are
    compared. It is a match if at some shift the share of equal bits, over the n words that are
    known on both sides, reaches::

        max(min_similarity, 0.5 + chance / √n)

    so that fewer than nine words (0.6 s of audio) never match. Whether a pair is found depends on
    these two clips alone, and not on which of them is the probe. A clip meets itself if it is on
    both sides.

    Args:
        probes: Clips to look for; ΣW of some millions, they are held in an index.
        known: Clips to look among; what they take beyond their words does not grow with them.
        min_similarity: Least share of equal bits, 0.5 … 1; unrelated sound has about a half.
        chance: How much more short overlaps need, > 0.

    Returns:
        The pairs, each once, at their best shift.

    Example:
        >>> words = np.random.default_rng(0).integers(1, 2**32, 90, dtype=np.uint32)
        >>> late = Fingerprints(words[30:], np.array([0, 60]))
        >>> found = find_near_duplicates(late, Fingerprints(words, np.array([0, 35, 90])))
        >>> found.known.tolist(), found.similarity.tolist()
        ([1], [1.0])
    """
    indexes = [_Index.of(probes, shift) for shift in KEY_SHIFTS]
    parts = [
        _verify(probes, known, candidates, min_similarity, chance)
        for block in _blocks(known.offsets, BLOCK)
        for candidates in _find_candidates(indexes, known, block)
    ]
    rows = np.concatenate([np.empty(0, _MATCH), *parts])
    # The best shift of each pair first; np.unique then keeps the first of each pair.
    rows = rows[np.lexsort((-rows["similarity"], rows["known"], rows["probe"]))]
    _, first = np.unique(rows[["probe", "known"]], return_index=True)
    best = rows[first]
    return Matches(best["probe"], best["known"], best["similarity"])


_MATCH = np.dtype([("probe", np.int64), ("known", np.int64), ("similarity", np.float64)])


@dataclass(frozen=True, eq=False)
class _Index:
    """One key of the probes' known words in ascending order, with their clip and place in it."""

    shift: int
    keys: Words
    clips: Positions
    places: Positions
    is_there: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, probes: Fingerprints, shift: int) -> "_Index":
        at = np.flatnonzero(probes.words)
        keys: Words = probes.words[at] >> np.uint32(shift) & np.uint32(KEY_MASK)
        order = np.argsort(keys, kind="stable")
        clips, places = _locate(probes, at[order])
        is_there = np.zeros(KEY_MASK + 1, bool)
        is_there[keys] = True
        return cls(shift, keys[order], clips, places, is_there)

    def look_up(self, words: Words) -> tuple[Positions, Positions, Positions]:
        """Return the words that have a key in the index, its first entry and the number."""
        keys = words >> np.uint32(self.shift) & np.uint32(KEY_MASK)
        at = np.flatnonzero(self.is_there[keys] & (words != 0))
        # In ascending order the searches stay in the cache: a fifth of the time.
        order = np.argsort(keys[at], kind="stable")
        wanted = keys[at][order]
        first, count = np.empty((2, len(at)), np.int64)
        first[order] = np.searchsorted(self.keys, wanted, "left")
        count[order] = np.searchsorted(self.keys, wanted, "right")
        return at, first, count - first


def _find_candidates(
    indexes: Sequence[_Index], known: Fingerprints, block: slice
) -> Iterator[Positions]:
    """Yield rows (probe, known clip, shift) at which two clips share two keys, each once."""
    start, stop = known.offsets[block.start], known.offsets[block.stop]
    found = [index.look_up(known.words[start:stop]) for index in indexes]
    hits = np.zeros(stop - start + 1, np.int64)
    for at, _, count in found:
        hits[at + 1] += count
    # Cut between clips: what two clips share is counted in one piece.
    ends = np.cumsum(hits)[known.offsets[block.start : block.stop + 1] - start]
    for part in _blocks(ends, BLOCK):
        clips = slice(block.start + part.start, block.start + part.stop)
        span = known.offsets[[clips.start, clips.stop]] - start
        rows = []
        for index, (at, first, count) in zip(indexes, found, strict=True):
            cut = slice(*np.searchsorted(at, span))
            rows.append(_pair_up(index, _locate(known, start + at[cut]), first[cut], count[cut]))
        yield _shared_twice(np.concatenate(rows, axis=1))


def _pair_up(
    index: _Index, here: tuple[Positions, Positions], first: Positions, count: Positions
) -> Positions:
    """Return a row (probe, known clip, shift) for each entry that a known word has."""
    entry = _ranges(first, count)
    clips, places = (np.repeat(column, count) for column in here)
    return np.stack([index.clips[entry], clips, index.places[entry] - places])


def _verify(
    probes: Fingerprints,
    known: Fingerprints,
    candidates: Positions,
    min_similarity: float,
    chance: float,
) -> npt.NDArray[np.void]:
    """Return those candidates whose overlap is long and alike enough."""
    probe, other, shift = candidates
    late, early = np.maximum(shift, 0), np.maximum(-shift, 0)
    overlap = np.minimum(probes.lengths[probe] - late, known.lengths[other] - early)
    # All bits agree at the very least where 0.5 + chance / √n reaches 1.
    enough = overlap >= 4 * chance**2
    probe, other, overlap = probe[enough], other[enough], overlap[enough]
    ours, theirs = probes.offsets[probe] + late[enough], known.offsets[other] + early[enough]
    matches = np.zeros(len(probe), _MATCH)
    matches["probe"], matches["known"] = probe, other
    for part in _blocks(np.concatenate([[0], np.cumsum(overlap)]), BLOCK):
        one = probes.words[_ranges(ours[part], overlap[part])]
        two = known.words[_ranges(theirs[part], overlap[part])]
        is_known = (one != 0) & (two != 0)
        starts = np.concatenate([[0], np.cumsum(overlap[part])[:-1]])
        compared = np.maximum(np.add.reduceat(is_known, starts, dtype=np.int64), 1)
        unequal = np.add.reduceat(np.bitwise_count(one ^ two) * is_known, starts, dtype=np.int64)
        alike = 1 - unequal / (BITS * compared)
        needed = np.maximum(min_similarity, 0.5 + chance / np.sqrt(compared))
        matches["similarity"][part] = np.where(alike >= needed, alike, 0)
    return matches[matches["similarity"] > 0]


def _locate(clips: Fingerprints, at: Positions) -> tuple[Positions, Positions]:
    """Return the clip of each word, and its place in that clip."""
    owner = np.searchsorted(clips.offsets, at, "right") - 1
    return owner, at - clips.offsets[owner]


def _blocks(offsets: Positions, size: int) -> Iterator[slice]:
    """Cut consecutive items into blocks of at most ``size``, or of one item that is larger."""
    start, last = 0, len(offsets) - 1
    while start < last:
        stop = int(np.searchsorted(offsets, offsets[start] + size, "right")) - 1
        stop = max(stop, start + 1)
        yield slice(start, stop)
        start = stop


def _ranges(starts: Positions, counts: Positions) -> Positions:
    """Return ``start, start + 1, …`` for each start, ``count`` values each, joined."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + counts, counts)


def _shared_twice(rows: Positions) -> Positions:
    """Return the columns that are there more than once, each once."""
    rows = rows[:, np.lexsort(rows[::-1])]
    is_new = np.ones(rows.shape[1] + 1, bool)
    is_new[1:-1] = (rows[:, 1:] != rows[:, :-1]).any(axis=0)
    return rows[:, is_new[:-1] & ~is_new[1:]]
