"""An edited annotation is a new vote: link it to the one it replaces."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def supersede(votes: pa.Table, ledger: pa.Table) -> pa.Table:
    """Drop the votes the ledger has, and point the others to the vote they replace.

    Two votes are revisions of one annotation when source and source reference are equal. A vote
    supersedes the latest revision the ledger holds; one older than that arrives too late to
    count and is dropped as well.

    Args:
        votes: New rows, at most one per annotation, with at least the columns below.
        ledger: Known rows with `vote_id`, `source`, `source_ref`, `cast_at`.

    Returns:
        The rows of `votes` to append, in their order, with `supersedes` filled in.

    Example:
        >>> from annotation.testing import fill_votes
        >>> old = {"clip_id": ["a"], "source_ref": ["1/7"], "cast_at": [1], "vote_id": ["v1"]}
        >>> new = old | {"cast_at": [2], "vote_id": ["v2"]}
        >>> supersede(fill_votes(new), fill_votes(old))["supersedes"].to_pylist()
        ['v1']
    """
    names = ["source", "source_ref", "cast_at", "vote_id"]
    known = ledger.select(names).filter(pc.is_valid(ledger["cast_at"])).to_pylist()
    latest = {
        (row["source"], row["source_ref"]): (row["cast_at"], row["vote_id"])
        for row in sorted(known, key=lambda row: (row["cast_at"], row["vote_id"]))
    }
    keep, replaced = [], []
    for row in votes.select(names).to_pylist():
        found = latest.get((row["source"], row["source_ref"]))
        keep.append(found is None or row["cast_at"] > found[0])
        replaced.append(None if found is None else found[1])
    column = votes.schema.get_field_index("supersedes")
    linked = votes.set_column(column, votes.schema.field(column), pa.array(replaced, pa.string()))
    return linked.filter(pa.array(keep, pa.bool_()))
