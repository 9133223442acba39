"""What the next round asks."""

import pyarrow as pa

from pipelines.campaign import count_missing, find_round, read_asks
from pipelines.gathering.asked import read_asked
from pipelines.outlook import pace_of
from pipelines.report.following import NextRound
from warehouse import Warehouse, queries


def read_following(
    store: Warehouse, campaign: str, number: int, clips: pa.Table, *, shown: int
) -> NextRound | None:
    """Return the round asked after another one; None before it is.

    Args:
        store: The warehouse.
        campaign: The campaign.
        number: The round before.
        clips: Clips of its corpus.
        shown: How many clips have sound.
    """
    header = find_round(store, campaign, number + 1)
    if header is None:
        return None
    asks = read_asks(store, campaign, number=number + 1)
    nothing = queries.select_effective_votes(store, clip_ids=[])
    missing = sum(count_missing(asks).values())
    return NextRound(
        number=number + 1,
        strategy=header["strategy"],
        open_votes=missing,
        open_hours=missing * pace_of(store, campaign, up_to=number) / 3600,
        asks=read_asked(store, asks, clips, nothing, {}, shown=shown),
    )
