"""A campaign: the rounds asked so far, and which clips belong to which arm."""

from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from annotation.label_studio.parse import SOURCE as LABEL_STUDIO
from annotation.simulate import SOURCE as SIMULATED
from warehouse import Warehouse, queries

Arm = Literal["active", "random"]
ARMS: tuple[Arm, ...] = ("active", "random")
SEED_ARM = "seed"
# Asks one more person about clips of the other arms, and holds none of its own.
AUDIT_ARM = "audit"
ANSWER_SOURCES = (LABEL_STUDIO, SIMULATED)


def round_name(campaign: str, number: int) -> str:
    """Return the id of a round.

    Example:
        >>> round_name("ravdess", 3)
        'ravdess-003'
    """
    return f"{campaign}-{number:03d}"


def read_rounds(store: Warehouse, campaign: str) -> list[dict[str, Any]]:
    """Return the rounds of a campaign in order."""
    rows: list[dict[str, Any]] = queries.select_rounds(store, campaign=campaign).to_pylist()
    return sorted(rows, key=lambda row: row["number"])


def find_round(store: Warehouse, campaign: str, number: int) -> dict[str, Any] | None:
    """Return one round of a campaign, or None."""
    return next((row for row in read_rounds(store, campaign) if row["number"] == number), None)


def read_asks(
    store: Warehouse,
    campaign: str,
    *,
    number: int | None = None,
    up_to: int | None = None,
    arm: str | None = None,
) -> pa.Table:
    """Return the asks of a campaign with the answers each clip has received.

    Votes that came with the corpus are no answers: a campaign on a corpus full of them would
    otherwise never wait for people.

    Args:
        store: The warehouse.
        campaign: The campaign.
        number: Only this round.
        up_to: Only rounds up to this one.
        arm: Only this arm, and the seed, which belongs to every arm.
    """
    asks = queries.select_asks(store, campaign=campaign, sources=ANSWER_SOURCES)
    if number is not None:
        asks = asks.filter(pc.equal(asks["number"], number))
    if up_to is not None:
        asks = asks.filter(pc.less_equal(asks["number"], up_to))
    if arm is not None:
        asks = asks.filter(pc.is_in(asks["arm"], pa.array([arm, SEED_ARM])))
    return asks


def count_missing(asks: pa.Table) -> dict[str, int]:
    """Return how many votes each clip of some asks still lacks, 0 for none, by clip id.

    `votes_wanted` is the number of votes a clip is to have in all, so two asks about one clip are
    answered by the same votes.

    Args:
        asks: Asks as `read_asks` returns them.
    """
    missing: dict[str, int] = {}
    columns = (asks[name].to_pylist() for name in ("clip_id", "votes_wanted", "votes_received"))
    for clip_id, wanted, received in zip(*columns, strict=True):
        missing[clip_id] = max(missing.get(clip_id, 0), wanted - received)
    return missing


def clips_of(asks: pa.Table) -> list[str]:
    """Return the distinct clips of asks, ascending."""
    return sorted(set(asks["clip_id"].to_pylist()))
