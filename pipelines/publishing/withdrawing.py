"""Withdraw what earlier rounds asked and too few have answered: a new round asks anew."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.convert import to_table
from pipelines.settings import Settings
from warehouse import Warehouse, queries


def find_open(
    store: Warehouse, settings: Settings, campaign: str, asks: pa.Table
) -> tuple[str, ...]:
    """Return the asks that a new round withdraws.

    Campaigns that ask by file withdraw none: the answers may be on their way.

    Args:
        store: The warehouse.
        settings: Whether they are kept open.
        campaign: The campaign.
        asks: Its asks, as `read_asks` returns them.
    """
    if settings.rounds.keep_open or not queries.select_projects(store, campaign=campaign).num_rows:
        return ()
    is_open = pc.less(asks["votes_received"], asks["votes_wanted"])
    return tuple(asks.filter(is_open)["ask_id"].to_pylist())


def without(asks: pa.Table, withdrawn: Sequence[str]) -> pa.Table:
    """Return asks as they are read once some are withdrawn.

    A withdrawn ask wants no more votes than it has; one that has none is none, and its clip may be
    asked about again.

    Args:
        asks: Asks as `read_asks` returns them.
        withdrawn: Ids of those that are withdrawn.
    """
    is_gone = pc.is_in(asks["ask_id"], pa.array(withdrawn, pa.string()))
    fewer = pc.min_element_wise(asks["votes_wanted"], pc.cast(asks["votes_received"], pa.int32()))
    wanted = pc.if_else(is_gone, fewer, asks["votes_wanted"])
    column = asks.schema.get_field_index("votes_wanted")
    standing = asks.set_column(column, asks.schema.field(column), wanted)
    return standing.filter(pc.or_(pc.invert(is_gone), pc.greater(asks["votes_received"], 0)))


def withdrawal_rows(withdrawn: Sequence[str], reason: str) -> pa.Table:
    """Return rows of `withdrawals`.

    Args:
        withdrawn: Ids of asks.
        reason: Why, in words.
    """
    now = datetime.now(UTC)
    rows = [{"ask_id": ask_id, "reason": reason, "withdrawn_at": now} for ask_id in withdrawn]
    return to_table("withdrawals", rows)
