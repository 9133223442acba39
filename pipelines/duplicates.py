"""Link duplicates: which clips hold the same audio, under whatever name, format or corpus."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ser.audio.duplicates import Fingerprints, Matches, find_near_duplicates
from warehouse import Warehouse, queries

# Clips compared between two commits, and clips read at once to compare them with: 33 MB of RAVDESS.
PROBES = 20_000
PAGE = 50_000
PAIR = ("clip_id", "revision", "other_id", "other_revision")
CONTENT = ("audio_sha256", "speech_start_s", "speech_end_s")


@dataclass(frozen=True)
class Linked:
    """What was compared, and what was found that was not known before.

    Args:
        compared: Clips that had not been compared with all others.
        exact: New pairs of clips with the same bytes and speech span.
        near: New pairs of clips with other bytes and the same sound.
    """

    compared: int
    exact: int
    near: int


def link_duplicates(store: Warehouse) -> Linked:
    """Record the duplicates of every clip that was not compared with all others yet.

    A clip counts as compared once it has a row in `comparisons`, which is committed together
    with its pairs; whoever compares later of two clips meets the other one, so that no pair is
    missed when several ingests run at once or one is killed. Whether two clips are a pair
    depends on these two alone: the rows are the same in whatever order the clips came in.

    Args:
        store: The warehouse, clips of all its corpora.

    Returns:
        Counts; all 0 when nothing is new.
    """
    copies = queries.select_copies(store)
    if copies.num_rows:
        copies = copies.append_column("kind", pa.array(["exact"] * copies.num_rows))
        copies = copies.append_column("similarity", pa.array(np.ones(copies.num_rows)))
        store.commit({"duplicates": copies}, message="link copies")
    compared = near = 0
    # The new clips are listed before those they are compared with: a clip that another ingest
    # adds in between is met now or is still to be compared, never neither.
    for clips in _pages(store, PROBES, only_new=True):
        commit = store.commit(
            {
                "duplicates": _find_pairs(store, clips),
                "comparisons": clips.select(["clip_id", "revision"]),
            },
            message="link duplicates",
        )
        compared += clips.num_rows
        near += commit.inserted.get("duplicates", 0)
    return Linked(compared, copies.num_rows, near)


def read_audio_groups(store: Warehouse, clip_ids: Sequence[str]) -> list[str]:
    """Return a name of the audio of each clip, equal for clips that hold the same.

    Clips that are linked through others are one group; see `warehouse.queries.select_duplicates`.

    Args:
        store: The warehouse, links of all its corpora.
        clip_ids: Clips asked about.

    Returns:
        The first clip id of the group; a clip without a duplicate is alone in its own.
    """
    # Ingest, which needs no graph, is spared their import.
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    pairs = queries.select_duplicates(store)
    ends = [np.array(pairs[name].to_pylist(), dtype=str) for name in ("clip_id", "other_id")]
    linked, codes = np.unique(np.concatenate(ends), return_inverse=True)
    graph = coo_array(
        (np.ones(pairs.num_rows, np.int8), tuple(codes.reshape(2, -1))), (len(linked),) * 2
    )
    _, component = connected_components(graph, directed=False) if len(linked) else (0, codes)
    _, first, group = np.unique(component, return_index=True, return_inverse=True)
    name_of = dict(zip(linked.tolist(), linked[first][group].tolist(), strict=True))
    return [name_of.get(clip_id, clip_id) for clip_id in clip_ids]


def _pages(store: Warehouse, size: int, *, only_new: bool = False) -> Iterator[pa.Table]:
    """Yield the current clips with their fingerprints, by id, or those not compared yet."""
    after = ""
    while True:
        page = queries.select_fingerprints(store, after=after, limit=size, only_new=only_new)
        if page.num_rows:
            yield page
        if page.num_rows < size:
            return
        after = page["clip_id"][-1].as_py()


def _find_pairs(store: Warehouse, clips: pa.Table) -> pa.Table:
    """Return rows of `duplicates` between clips and all current ones."""
    probes = _fingerprints(clips)
    return pa.concat_tables(
        _pair_rows(clips, page, find_near_duplicates(probes, _fingerprints(page)))
        for page in _pages(store, PAGE)
    )


def _fingerprints(clips: pa.Table) -> Fingerprints:
    return Fingerprints.from_bytes(clips["fingerprint"].to_pylist())


def _pair_rows(clips: pa.Table, page: pa.Table, matches: Matches) -> pa.Table:
    """Return the matches as rows, smaller id first; exact copies are told by their bytes."""
    one, other = clips.take(pa.array(matches.probes)), page.take(pa.array(matches.known))
    is_first = pc.less(one["clip_id"], other["clip_id"])
    keys = [
        pc.if_else(is_first, *sides)
        for name in ("clip_id", "revision")
        for sides in ((one[name], other[name]), (other[name], one[name]))
    ]
    first_id, second_id, first_revision, second_revision = keys
    rows = pa.table(
        [
            *(first_id, first_revision, second_id, second_revision),
            pa.array(["near"] * len(matches.similarity), pa.string()),
            pa.array(matches.similarity),
        ],
        names=[*PAIR, "kind", "similarity"],
    )
    same = [pc.equal(one[name], other[name]) for name in CONTENT]
    is_copy = pc.and_(pc.and_(same[0], same[1]), same[2])
    return rows.filter(pc.invert(pc.or_(is_copy, pc.equal(one["clip_id"], other["clip_id"]))))
