"""Which rounds are due, and why."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from annotation.label_studio.answers import SKIPPED
from pipelines.campaign import ANSWER_SOURCES, clips_of, read_asks
from pipelines.deployment.plan import Campaign
from pipelines.round_lock import is_running, was_killed
from pipelines.settings import Settings
from pipelines.workspace import has_warehouse, open_store
from warehouse import Warehouse, queries


@dataclass(frozen=True)
class DueRound:
    """A campaign whose answers are worth a round.

    Args:
        campaign: The campaign.
        corpus: Its corpus.
        number: The open round, from whose answers it is time to learn.
        new_votes: Votes that no model of the campaign has learned from.
        reason: Why it is due, in words.
    """

    campaign: str
    corpus: str
    number: int
    new_votes: int
    reason: str


@dataclass(frozen=True)
class OpenRound:
    """Where the latest round of a campaign stands.

    Args:
        campaign: The campaign.
        corpus: Its corpus.
        number: The round.
        new_votes: Votes that no model of the campaign has learned from.
        asked_at: When it was asked.
        due_at: When it is due if no more votes come; None as long as there is no new one.
        reason: Why it is due now, in words; None if it is not.
    """

    campaign: str
    corpus: str
    number: int
    new_votes: int
    asked_at: datetime
    due_at: datetime | None
    reason: str | None


def read_campaigns(settings: Settings) -> tuple[Campaign, ...]:
    """Return every campaign that has asked, by name; nothing is made by asking."""
    if not has_warehouse(settings):
        return ()
    with open_store(settings) as store:
        rows = queries.select_rounds(store).to_pylist()
    return tuple(sorted({Campaign(row["campaign"], row["corpus"]) for row in rows}))


def read_due(settings: Settings, now: datetime | None = None) -> tuple[DueRound, ...]:
    """Return the rounds that are due, by campaign.

    A round is due when `schedule.round_votes` new votes are in, or when any is in and the round was
    asked `schedule.round_days` ago, or when a process that made it was killed. One that is being
    made on this machine is not, and neither is a campaign that nobody ever asked for.

    New are votes of people, or of simulated annotators, on clips the campaign asked about that
    stand now and were not in the ledger when the votes were read that its latest models learned
    from: of two arms, when the earlier one read. A corrected vote counts as new.

    Args:
        settings: Where the warehouse is, and when rounds are due.
        now: The time; default: now.
    """
    return tuple(
        DueRound(item.campaign, item.corpus, item.number, item.new_votes, item.reason)
        for item in read_open(settings, now)
        if item.reason is not None and not is_running(settings, item.campaign)
    )


def read_open(settings: Settings, now: datetime | None = None) -> tuple[OpenRound, ...]:
    """Return where the latest round of each campaign stands, by campaign.

    Args:
        settings: Where the warehouse is, and when rounds are due.
        now: The time; default: now.
    """
    at = now or datetime.now(UTC)
    if not has_warehouse(settings):
        return ()
    with open_store(settings) as store:
        latest: dict[str, dict[str, Any]] = {}
        for row in queries.select_rounds(store).to_pylist():
            latest[row["campaign"]] = row
        return tuple(_describe(settings, store, latest[name], at) for name in sorted(latest))


def _describe(
    settings: Settings, store: Warehouse, latest: dict[str, Any], now: datetime
) -> OpenRound:
    given = settings.schedule
    campaign = latest["campaign"]
    votes = count_new_votes(store, campaign, latest["corpus"])
    asked_at = _read_time(store, latest["snapshot"])
    due_at = asked_at + timedelta(days=given.round_days) if votes else None
    reason = None
    if was_killed(settings, campaign):
        reason = "the process that made it was killed"
    elif votes >= given.round_votes:
        reason = f"{votes} new votes; {given.round_votes} are enough"
    elif due_at is not None and due_at <= now:
        reason = f"{votes} new votes, and it was asked {(now - asked_at).days} days ago"
    return OpenRound(
        campaign=campaign,
        corpus=latest["corpus"],
        number=latest["number"],
        new_votes=votes,
        asked_at=asked_at,
        due_at=due_at,
        reason=reason,
    )


def count_new_votes(store: Warehouse, campaign: str, corpus: str) -> int:
    """Return how many votes no model of a campaign has learned from.

    Args:
        store: The warehouse.
        campaign: The campaign.
        corpus: Its corpus.
    """
    came = queries.select_vote_changes(store, after=_last_read(store, campaign), corpus=corpus)
    asked = pa.array(clips_of(read_asks(store, campaign)), pa.string())
    remarks = queries.select_remarks(store)
    skips = remarks.filter(pc.equal(remarks["abstention"], SKIPPED))["remark_id"]
    is_new = pc.and_(
        pc.and_(came["stands"], pc.is_in(came["clip_id"], asked)),
        pc.is_in(came["source"], pa.array(ANSWER_SOURCES)),
    )
    is_new = pc.and_not(is_new, pc.is_in(came["vote_id"], skips.combine_chunks()))
    return int(pc.sum(came.filter(is_new)["count"]).as_py() or 0)


def _last_read(store: Warehouse, campaign: str) -> int:
    """Return the snapshot of the votes that the latest models learned from; 0 without a model."""
    numbers = {
        row["round_id"]: row["number"]
        for row in queries.select_rounds(store, campaign=campaign).to_pylist()
    }
    read = {
        row["run_id"]: row["snapshot"] for row in queries.select_consensus_runs(store).to_pylist()
    }
    models = [row for row in queries.select_models(store).to_pylist() if row["round_id"] in numbers]
    last = max((numbers[row["round_id"]] for row in models), default=None)
    # They come oldest first, so that of one arm the newest stays.
    by_arm = {
        row["arm"]: read.get(row["labels"], row["snapshot"])
        for row in models
        if numbers[row["round_id"]] == last
    }
    return min(by_arm.values(), default=0)


def _read_time(store: Warehouse, snapshot: int) -> datetime:
    """Return when a snapshot was committed, or the first after it that is still known."""
    moment: datetime = queries.select_snapshots(store, since=snapshot)["committed_at"][0].as_py()
    return moment
