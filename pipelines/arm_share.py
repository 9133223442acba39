"""Whose votes are whose: what one arm asked for on a clip that another arm asked about as well."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.campaign import ANSWER_SOURCES, AUDIT_ARM, SEED_ARM, read_asks
from warehouse import Warehouse, queries


def count_shared(asks: pa.Table, arm: str) -> dict[str, int]:
    """Return how many answers belong to an arm, of each clip for which another arm wants more.

    Those it has asked for itself, or the seed has, and one for each audit. Nobody else asked about
    the other clips, so all their answers are the arm's.

    Args:
        asks: Asks of a campaign.
        arm: The arm.
    """
    own: dict[str, int] = {}
    others: dict[str, int] = {}
    audits: dict[str, int] = {}
    columns = (asks[name].to_pylist() for name in ("clip_id", "arm", "votes_wanted"))
    for clip_id, asked_by, wanted in zip(*columns, strict=True):
        if asked_by == AUDIT_ARM:
            audits[clip_id] = audits.get(clip_id, 0) + 1
        else:
            side = own if asked_by in {arm, SEED_ARM} else others
            side[clip_id] = max(side.get(clip_id, 0), wanted)
    return {
        clip_id: wanted + audits.get(clip_id, 0)
        for clip_id, wanted in own.items()
        if others.get(clip_id, 0) > wanted
    }


def keep_own_votes(
    store: Warehouse, votes: pa.Table, campaign: str, arm: str, *, up_to: int | None = None
) -> pa.Table:
    """Leave out answers to another arm's asks, of clips that both arms ask about.

    An arm that spends single votes would otherwise be given, and charged for, all that the other
    arm asks about its clips. Of answers to a clip, those that came first are anyone's who asked.

    Args:
        store: The warehouse.
        votes: Votes that stand, on the arm's clips.
        campaign: The campaign.
        arm: The arm.
        up_to: Only asks of rounds up to this one count.
    """
    shared = count_shared(read_asks(store, campaign, up_to=up_to), arm)
    if not shared:
        return votes
    is_shared = pc.and_(
        pc.is_in(votes["clip_id"], pa.array(sorted(shared), pa.string())),
        pc.is_in(votes["source"], pa.array(ANSWER_SOURCES)),
    )
    rows = np.flatnonzero(np.asarray(is_shared))
    answers = votes.take(rows)
    order = queries.select_vote_order(store, sorted(shared))["vote_id"].combine_chunks()
    rank = np.asarray(pc.index_in(answers["vote_id"], order), np.int64)
    is_kept = np.ones(votes.num_rows, dtype=bool)
    is_kept[rows] = _among_first(answers["clip_id"].to_pylist(), rank, shared)
    return votes.filter(pa.array(is_kept))


def _among_first(
    clips: list[str], rank: npt.NDArray[np.int64], most: Mapping[str, int]
) -> list[bool]:
    """Return which rows are among the first of their clip."""
    seen: dict[str, int] = {}
    kept = [False] * len(clips)
    for at in np.argsort(rank, kind="stable").tolist():
        clip_id = clips[at]
        seen[clip_id] = seen.get(clip_id, 0) + 1
        kept[at] = seen[clip_id] <= most[clip_id]
    return kept
