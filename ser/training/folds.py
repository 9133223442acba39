"""Splits that keep every speaker, session and sound on one side, and the check that they do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ser.errors import ConfigurationError, LeakageError

UNKNOWN = "(unknown)"
LISTED_OFFENDERS = 20  # enough to see the pattern without flooding a log


@dataclass(frozen=True, eq=False)
class Split:
    """Positions of the clips of each part.

    Args:
        train: Positions to learn from, int64.
        dev: Positions to choose the epoch on, int64, may be empty.
        test: Positions to report on, int64.
    """

    train: npt.NDArray[np.int64]
    dev: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]

    @property
    def parts(self) -> dict[str, npt.NDArray[np.int64]]:
        """The three parts by name."""
        return {"train": self.train, "dev": self.dev, "test": self.test}


def check_speaker_disjoint(groups: Mapping[str, Sequence[str | None]], split: Split) -> None:
    """Refuse a split in which a clip, a speaker or a session lies in more than one part.

    A clip whose group is unknown might belong to anyone: in a grouping that is known for some
    clips, the unknown ones count as one group. A grouping that is unknown for every clip says
    nothing and is passed over.

    Args:
        groups: Group of each clip for each grouping, such as
            ``{"speaker": [...], "session": [...]}``; ``None`` where unknown.
        split: Positions of the parts.

    Raises:
        LeakageError: If parts share clips or groups; the message lists the offenders.
        ConfigurationError: If a position lies outside a grouping.

    Example:
        >>> split = hold_out(["a", "a", "b"], test=["b"])
        >>> check_speaker_disjoint({"speaker": ["a", "a", "b"]}, split)
        >>> check_speaker_disjoint({"session": ["s1", "s2", "s2"]}, split)
        ... # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ser.errors.LeakageError: `split` shares between its parts session `s2` (train, test); ...
    """
    positions = {part: list(map(str, indices)) for part, indices in split.parts.items()}
    offenders = _find_shared("clip at position", positions)
    for grouping, names in groups.items():
        _check_positions(grouping, len(names), split)
        if any(name is not None for name in names):
            offenders += _find_shared(grouping, _groups_of_parts(names, split))
    if offenders:
        raise LeakageError(
            f"`split` shares between its parts {_list(', ', offenders)}; move all clips of a "
            "group to one part"
        )


def check_audio_together(
    clip_ids: Sequence[str], speakers: Sequence[str | None], audio: Sequence[str], split: Split
) -> None:
    """Refuse a split in which clips that hold the same audio lie in different parts.

    Args:
        clip_ids: Id of each clip.
        speakers: Speaker of each clip; ``None`` where unknown.
        audio: Name of the audio of each clip, equal for clips that hold the same; a clip without
            a duplicate has a name of its own.
        split: Positions of the parts.

    Raises:
        LeakageError: If parts share audio; the message lists a clip of each part.

    Example:
        >>> split = hold_out(["ann", "ben", "cem"], test=["ben"])
        >>> check_audio_together(["x/1", "x/2", "x/3"], ["ann", "ben", "cem"], "aab", split)
        ... # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ser.errors.LeakageError: the same audio is in clip `x/1` of speaker `ann` (train) and ...
    """
    holders: dict[str, dict[str, int]] = {}
    for part, indices in split.parts.items():
        for index in indices.tolist():
            holders.setdefault(audio[index], {}).setdefault(part, index)
    parted = [
        " and ".join(
            f"clip `{clip_ids[index]}` of speaker `{speakers[index] or UNKNOWN}` ({part})"
            for part, index in parts.items()
        )
        for _, parts in sorted(holders.items())
        if len(parts) > 1
    ]
    if parted:
        raise LeakageError(
            f"the same audio is in {_list('; in ', parted)}; hold the speakers who share audio "
            "out together, or none of them, or take all but one copy out of the corpus"
        )


def join_groups(*groupings: Sequence[str | None]) -> npt.NDArray[np.int64]:
    """Number the smallest groups of clips that no grouping parts.

    Clips that share a name in any grouping come together, and so do those they come together
    with: connected components. An unknown name joins nothing.

    Args:
        groupings: Name of each clip, such as its speaker, its session or its audio.

    Returns:
        Group of each clip, ``(N,)``, numbered from 0 in the order of their first clips.

    Example:
        >>> join_groups(["ann", "ben", "ben", "cem"], ["x", "x", "y", None]).tolist()
        [0, 0, 0, 1]
    """
    names: dict[tuple[int, str], int] = {}
    edges = [
        (position, names.setdefault((grouping, name), len(names)))
        for grouping, of_clips in enumerate(groupings)
        for position, name in enumerate(of_clips)
        if name is not None
    ]
    clips = len(groupings[0])
    nodes = clips + len(names)
    rows, columns = np.array(edges, np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(rows), np.int8), (rows, clips + columns)), (nodes, nodes))
    _, component = connected_components(graph, directed=False)
    _, first, group = np.unique(component[:clips], return_index=True, return_inverse=True)
    order: npt.NDArray[np.int64] = np.argsort(np.argsort(first))
    return order[group]


def hold_out(
    speakers: Sequence[str | None], *, test: Collection[str], dev: Collection[str] = ()
) -> Split:
    """Put named speakers into the test and dev parts and everyone else into train.

    Args:
        speakers: Speaker of each clip; clips without one go to train.
        test: Speakers of the test part.
        dev: Speakers of the dev part.

    Returns:
        The split, positions ascending.

    Raises:
        ConfigurationError: If a named speaker has no clip.
        LeakageError: If a speaker is named in both parts.

    Example:
        >>> hold_out(["a", "b", "c", "a"], test=["b"], dev=["c"]).train.tolist()
        [0, 3]
    """
    shared = sorted(set(test) & set(dev))
    if shared:
        raise LeakageError(f"`test` and `dev` share the speakers {shared}; name each only once")
    missing = sorted((set(test) | set(dev)) - set(speakers))
    if missing:
        raise ConfigurationError(f"`test` and `dev` name speakers without a clip: {missing}")
    in_test = np.array([speaker in test for speaker in speakers], dtype=bool)
    in_dev = np.array([speaker in dev for speaker in speakers], dtype=bool)
    return Split(
        train=np.flatnonzero(~(in_test | in_dev)),
        dev=np.flatnonzero(in_dev),
        test=np.flatnonzero(in_test),
    )


def speaker_folds(
    speakers: Sequence[str],
    n_folds: int,
    *,
    seed: int,
    together: Sequence[Sequence[str | None]] = (),
    balance: Sequence[str | None] = (),
) -> tuple[Split, ...]:
    """Deal speakers into folds with about the same number of clips; each fold tests once.

    Speakers with many clips are dealt first, each to the fold with the fewest clips so far;
    the seed decides among speakers with equally many. Speakers whom another grouping joins, such
    as those of one session or those who share audio, are dealt as one. Given something to
    balance, such as the gender, the fold with the fewest clips of the speaker's own kind comes
    first, and the total decides among equals.

    Args:
        speakers: Speaker of each clip.
        n_folds: Number of folds, from 2 to the number of speakers.
        seed: Seed of the order of speakers.
        together: Further groupings that no fold may part, each one name per clip, ``None``
            where unknown; see `join_groups`.
        balance: Kind of each clip's speaker, such as the gender, to spread evenly over the
            folds; the kind of a speaker is that of the first clip.

    Returns:
        One split per fold, without a dev part.

    Raises:
        ConfigurationError: If there are too few speakers or folds, or not one kind per clip.

    Example:
        >>> [fold.test.tolist() for fold in speaker_folds(["a", "b", "a", "c"], 2, seed=0)]
        [[0, 2], [1, 3]]
    """
    names, first, rows, clips = np.unique(
        _name_joined(speakers, together),
        return_index=True,
        return_inverse=True,
        return_counts=True,
    )
    if not 2 <= n_folds <= len(names):
        apart = " that `together` leaves apart" if together else ""
        raise ConfigurationError(
            f"`n_folds` must lie between 2 and the {len(names)} speakers{apart}, but got {n_folds}"
        )
    shuffled = np.random.default_rng(seed).permutation(len(names))
    dealt = shuffled[np.argsort(-clips[shuffled], kind="stable")]
    kind_of = _number_kinds(balance, len(rows))[first]
    fold_of = np.empty(len(names), dtype=np.int64)
    load = np.zeros((kind_of.max() + 1, n_folds), dtype=np.int64)
    for speaker in dealt:
        kind = kind_of[speaker]
        fold_of[speaker] = np.lexsort((load.sum(axis=0), load[kind]))[0]
        load[kind, fold_of[speaker]] += clips[speaker]
    nobody = np.empty(0, dtype=np.int64)
    tested = fold_of[rows]
    return tuple(
        Split(train=np.flatnonzero(tested != fold), dev=nobody, test=np.flatnonzero(tested == fold))
        for fold in range(n_folds)
    )


def _name_joined(
    speakers: Sequence[str], together: Sequence[Sequence[str | None]]
) -> npt.NDArray[np.str_]:
    """Return the speaker of each clip, or the first in the alphabet of those dealt as one."""
    names = np.asarray(speakers, dtype=str)
    groups = join_groups(speakers, *together)
    order = np.lexsort((names, groups))
    _, first = np.unique(groups[order], return_index=True)
    joined: npt.NDArray[np.str_] = names[order][first][groups]
    return joined


def _number_kinds(kinds: Sequence[str | None], clips: int) -> npt.NDArray[np.int64]:
    if not kinds:
        return np.zeros(clips, dtype=np.int64)
    if len(kinds) != clips:
        raise ConfigurationError(
            f"`balance` must have one entry for each of the {clips} clips, but has {len(kinds)}"
        )
    numbered = np.unique([kind or UNKNOWN for kind in kinds], return_inverse=True)[1]
    return numbered.astype(np.int64)


def _list(separator: str, offenders: Sequence[str]) -> str:
    rest = len(offenders) - LISTED_OFFENDERS
    more = f" and {rest} more" if rest > 0 else ""
    return f"{separator.join(offenders[:LISTED_OFFENDERS])}{more}"


def _groups_of_parts(names: Sequence[str | None], split: Split) -> dict[str, list[str]]:
    known = [UNKNOWN if name is None else name for name in names]
    return {part: [known[index] for index in indices] for part, indices in split.parts.items()}


def _find_shared(grouping: str, members: Mapping[str, Sequence[str]]) -> list[str]:
    parts_of: dict[str, list[str]] = {}
    for part, names in members.items():
        for name in dict.fromkeys(names):
            parts_of.setdefault(name, []).append(part)
    return [
        f"{grouping} `{name}` ({', '.join(parts)})"
        for name, parts in sorted(parts_of.items())
        if len(parts) > 1
    ]


def _check_positions(grouping: str, clips: int, split: Split) -> None:
    for part, indices in split.parts.items():
        if indices.size and not 0 <= indices.min() <= indices.max() < clips:
            raise ConfigurationError(
                f"`{part}` must hold positions in 0 … {clips - 1} of `{grouping}`, but spans "
                f"{indices.min()} … {indices.max()}"
            )
