"""What the warehouse says about how the loop stands, in a handful of small reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow.compute as pc

from pipelines.campaign import ANSWER_SOURCES
from pipelines.curve import is_of_curve
from pipelines.settings import Settings
from pipelines.workspace import has_warehouse, open_store
from warehouse import Warehouse, queries

CHECKS_FRESH = timedelta(minutes=5)


@dataclass(frozen=True)
class CampaignFacts:
    """How far a campaign is.

    Args:
        campaign: Its name.
        corpus: Its corpus.
        rounds: How many rounds it has asked.
        asked: Clips asked about.
        open: Those that still lack a vote.
    """

    campaign: str
    corpus: str
    rounds: int
    asked: int
    open: int


@dataclass(frozen=True)
class LineFacts:
    """Who is champion of a line, and what was last decided in it.

    Args:
        line: The line.
        champion: The champion's model_id; None for none.
        uar: What it is worth on the test speakers; None if nobody knows.
        low: Lower end of the interval.
        high: Upper end.
        kind: What the last transition did: `promoted`, `refused`, `waiting` or `rolled_back`.
        model_id: The model that was about.
        reason: Why, in words.
        changed_at: When.
    """

    line: str
    champion: str | None
    uar: float | None
    low: float | None
    high: float | None
    kind: str
    model_id: str
    reason: str
    changed_at: datetime


@dataclass(frozen=True)
class DriftFacts:
    """One measure of the newest look at whether clips of a corpus drifted.

    Args:
        corpus: The corpus.
        model_id: The model whose training clips they were held against.
        measure: What was measured.
        is_alarm: Whether somebody should look.
        detail: What was found, in words.
        measured_at: When.
    """

    corpus: str
    model_id: str
    measure: str
    is_alarm: bool
    detail: str
    measured_at: datetime


@dataclass(frozen=True)
class FailedCheck:
    """A data check that found rows it should not.

    Args:
        name: The check.
        rows: How many rows it found.
        purpose: What it is for.
    """

    name: str
    rows: int
    purpose: str


@dataclass(frozen=True)
class Facts:
    """How the loop stands.

    Args:
        snapshot: The snapshot all this was read from; None where there is no warehouse.
        corpora: Per corpus: clips, rejects, speakers, hours, votes.
        votes: Standing votes per corpus and source.
        models: How many models there are.
        campaigns: In order of their names.
        lines: In order of their names.
        drifts: The newest look at each corpus.
        failed_checks: Data checks that found something.
        checked: The snapshot they were run on, which may be an earlier one.
        checked_at: When.
    """

    snapshot: int | None = None
    corpora: tuple[Mapping[str, Any], ...] = ()
    votes: Mapping[tuple[str, str], int] | None = None
    models: int = 0
    campaigns: tuple[CampaignFacts, ...] = ()
    lines: tuple[LineFacts, ...] = ()
    drifts: tuple[DriftFacts, ...] = ()
    failed_checks: tuple[FailedCheck, ...] = ()
    checked: int | None = None
    checked_at: datetime | None = None


def read_facts(settings: Settings, now: datetime, known: Facts | None = None) -> Facts:
    """Read how the loop stands.

    Args:
        settings: Where the warehouse is; none is made where there is none.
        now: The time.
        known: What was read before; returned as it is if nothing was committed since. Data checks
            read every row, so that they are not run again within five minutes.

    Raises:
        WarehouseError: The warehouse cannot be read.
    """
    if not has_warehouse(settings):
        return Facts()
    with open_store(settings) as store:
        if known is not None and known.snapshot == store.snapshot and not _must_check(known, now):
            return known
        read = Facts(
            snapshot=store.snapshot,
            corpora=tuple(queries.summarise_corpora(store).to_pylist()),
            votes=_count_votes(queries.summarise_votes(store).to_pylist()),
            models=queries.select_models(store).num_rows,
            campaigns=_read_campaigns(store),
            lines=_read_lines(store),
            drifts=find_newest_drifts(queries.select_drifts(store).to_pylist()),
        )
        if known is not None and not _must_check(replace(known, snapshot=store.snapshot), now):
            return replace(
                read,
                failed_checks=known.failed_checks,
                checked=known.checked,
                checked_at=known.checked_at,
            )
        failed = tuple(
            FailedCheck(item.name, item.rows.num_rows, item.purpose) for item in store.check()
        )
        return replace(read, failed_checks=failed, checked=store.snapshot, checked_at=now)


def _must_check(known: Facts, now: datetime) -> bool:
    if known.checked_at is None:
        return True
    # Also in the future: the clock was set back.
    is_fresh = timedelta() <= now - known.checked_at < CHECKS_FRESH
    return known.checked != known.snapshot and not is_fresh


def find_newest_drifts(rows: Sequence[Mapping[str, Any]]) -> tuple[DriftFacts, ...]:
    """Return the measures of the newest look at each corpus.

    Args:
        rows: Rows of `drifts`.
    """
    newest = {row["corpus"]: row for row in sorted(rows, key=lambda row: row["measured_at"])}
    return tuple(
        DriftFacts(
            row["corpus"],
            row["model_id"],
            row["measure"],
            row["is_alarm"],
            row["detail"],
            row["measured_at"],
        )
        for row in sorted(rows, key=lambda row: (row["corpus"], row["measure"]))
        if row["drift_id"] == newest[row["corpus"]]["drift_id"]
    )


def _count_votes(rows: Sequence[Mapping[str, Any]]) -> Mapping[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["corpus"], row["source"])
        counts[key] = counts.get(key, 0) + row["votes"]
    return counts


def _read_campaigns(store: Warehouse) -> tuple[CampaignFacts, ...]:
    rounds = queries.select_rounds(store).to_pylist()
    if not rounds:
        return ()
    asks = queries.select_asks(store, sources=ANSWER_SOURCES)
    is_open = pc.less(asks["votes_received"], asks["votes_wanted"])
    asked = _count_clips(asks)
    lacking = _count_clips(asks.filter(is_open))
    corpora = {row["campaign"]: row["corpus"] for row in rounds}
    return tuple(
        CampaignFacts(
            campaign,
            corpora[campaign],
            sum(row["campaign"] == campaign for row in rounds),
            asked.get(campaign, 0),
            lacking.get(campaign, 0),
        )
        for campaign in sorted(corpora)
    )


def _count_clips(asks: Any) -> Mapping[str, int]:  # noqa: ANN401 - an Arrow table
    counted = asks.group_by("campaign").aggregate([("clip_id", "count_distinct")])
    return dict(
        zip(
            counted["campaign"].to_pylist(),
            counted["clip_id_count_distinct"].to_pylist(),
            strict=True,
        )
    )


def _read_lines(store: Warehouse) -> tuple[LineFacts, ...]:
    last = {row["line"]: row for row in queries.select_transitions(store).to_pylist()}
    judged = {
        row["model_id"]: row
        for row in queries.select_evaluations(store).to_pylist()
        if is_of_curve(row)
    }
    found = []
    for line, row in sorted(last.items()):
        worth = judged.get(row["champion_id"], {})
        found.append(
            LineFacts(
                line,
                row["champion_id"],
                worth.get("uar"),
                worth.get("uar_low"),
                worth.get("uar_high"),
                row["kind"],
                row["model_id"],
                row["reason"],
                row["changed_at"],
            )
        )
    return tuple(found)
