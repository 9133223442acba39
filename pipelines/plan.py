"""Plan: how many clips, and how many votes on each, a budget should buy."""

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.confusion import CREMA_D_CLASSES, confusion_for
from annotation.planning import (
    Budget,
    Plan,
    WorthCurve,
    fit_worth,
    make_budget,
    plan_budget,
    standard_errors,
)
from pipelines.campaign import find_round
from pipelines.curve import read_curve
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.models import require_model
from pipelines.outlook import (
    MOST_SHARED,
    SHARED,
    count_open,
    curve_points,
    errors_of,
    pace_of,
    shared_error,
)
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

COLUMNS = ("votes", "clips", "votes_per_clip", "uar", "low", "high")
# As simulated annotators take for a clip of 3 s (`annotation.simulate`).
ASSUMED_SECONDS = 7.5
SOFT = "soft"


@dataclass(frozen=True)
class Spending:
    """What may be spent; one of the first three.

    Args:
        votes: Votes.
        hours: Annotator-hours.
        money: Money, with `hourly_rate`.
        hourly_rate: What an annotator's hour costs.
        seconds_per_vote: Time of a vote; None for what was measured.
    """

    votes: int | None = None
    hours: float | None = None
    money: float | None = None
    hourly_rate: float | None = None
    seconds_per_vote: float | None = None


@dataclass(frozen=True)
class Known:
    """What is known before a plan is made.

    Args:
        source: Campaign or file the curve is of.
        clips: Labelled clips of each point, (P,).
        votes_per_clip: Mean votes on them, (P,).
        uar: UAR of each, (P,).
        errors: Standard errors of it, (P,).
        shared: Correlation of the errors.
        classes: Class names.
        confusion: P(vote | class) of the average annotator, (C, C).
        seconds: Measured seconds per vote; NaN for none.
        pool: Clips that may still be asked about; None for as many as one likes.
        is_decided: Whether models learn decided labels instead of posteriors.
        notes: What had to be assumed, in words.
    """

    source: str
    clips: Sequence[float]
    votes_per_clip: Sequence[float]
    uar: Sequence[float]
    errors: Sequence[float]
    shared: float
    classes: tuple[str, ...]
    confusion: npt.NDArray[np.float64]
    seconds: float
    pool: int | None
    is_decided: bool
    notes: tuple[str, ...]


@dataclass(frozen=True)
class PlanResult:
    """A plan, and what it rests on.

    Args:
        source: Campaign or file the curve is of.
        plan: The plan.
        budget: What could be spent.
        target: UAR to reach, if one was given.
        explained: Share of the classes' variance that features can explain.
        outlook: That the target is out of reach, in words; empty where it is not.
        pool: Clips that may still be asked about; None for no limit.
        classes: Class names.
        notes: What had to be assumed, in words.
    """

    source: str
    plan: Plan
    budget: Budget
    target: float | None
    explained: float
    outlook: str
    pool: int | None
    classes: tuple[str, ...]
    notes: tuple[str, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per number of votes on a clip; what was not asked for is left out."""
        return [
            {
                "votes_per_clip": row.votes_per_clip,
                "clips": row.clips,
                "votes": row.votes,
                "hours": row.hours,
                **({} if math.isnan(row.cost) else {"cost": row.cost}),
                "uar": row.uar.value,
                "low": row.uar.low,
                "high": row.uar.high,
                **({} if self.target is None else _aim_cells(row.chance, row.votes_to_target)),
                "note": "; ".join(self._remarks(at)) or None,
            }
            for at, row in enumerate(self.plan.rows)
        ]

    def sentence(self) -> str:
        """Say what to buy, why, and what was assumed."""
        row = self.plan.rows[self.plan.recommended]
        whole = f"UAR {row.uar.value:.3f} [{row.uar.low:.3f}, {row.uar.high:.3f}]"
        if self.target is not None and row.votes_to_target <= row.votes:
            votes = int(row.votes_to_target)
            what = f"ask about {self._bought(votes, row.votes_per_clip)}: {self.plan.reason}"
            if not votes:
                what = f"UAR {self.target:g} is reached already, as far as the curve tells"
            advice = f"{what}; the whole budget buys {row.clips:,} clips and {whole}"
        else:
            bought = self._bought(row.votes, row.votes_per_clip)
            advice = f"ask about {bought}: expected {whole}, {self.plan.reason}"
        return ". ".join([advice, *([self.outlook] if self.outlook else []), *self.notes])

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        return {
            "source": self.source,
            "rows": [dict(row) for row in self.rows()],
            "recommended": self.plan.recommended,
            "reason": self.plan.reason,
            "budget": asdict(self.budget),
            "target": self.target,
            "explained": self.explained,
            "outlook": self.outlook,
            "pool": self.pool,
            "classes": list(self.classes),
            "notes": list(self.notes),
        }

    def _bought(self, votes: int, votes_per_clip: int) -> str:
        cost = self.budget.cost(votes)
        price = "" if math.isnan(cost) else f", {cost:,.2f} in money"
        return (
            f"{votes // votes_per_clip:,} clips × {votes_per_clip} votes "
            f"({self.budget.hours(votes):,.1f} annotator-hours{price})"
        )

    def _remarks(self, at: int) -> list[str]:
        row = self.plan.rows[at]
        told = ["recommended"] if at == self.plan.recommended else []
        if row.misheard:
            names = ", ".join(self.classes[index] for index in row.misheard)
            told.append(f"{names} would mostly be labelled as another class")
        if row.is_far:
            told.append("far beyond the curve")
        return told


def plan(
    settings: Settings,
    progress: Progress,  # noqa: ARG001 - a stage's signature
    *,
    spending: Spending,
    annotators: int,
    campaign: str | None = None,
    simulated: Path | None = None,
    target: float | None = None,
    pool: int | None = None,
    classes: Sequence[str] = (),
) -> PlanResult:
    """Plan a budget by the learning curve of a campaign, or of a simulation.

    Args:
        settings: Where the warehouse is.
        progress: Where progress is shown.
        spending: What may be spent.
        annotators: People there are; a clip has at most one vote of each.
        campaign: The campaign whose active arm goes on; labels it has count.
        simulated: CSV with the columns of `COLUMNS`, as `serloop simulate` writes it, to plan
            before anybody was asked.
        target: UAR to reach.
        pool: Clips that may be asked about; default: the campaign's, else no limit.
        classes: Class names of a simulation; default: those of CREMA-D.

    Returns:
        The plan.

    Raises:
        PipelineError: If not one of campaign and file is given, or the file is none.
        NothingToDoError: If the campaign has no curve yet.
        PlanningError: If the points or the budget allow no plan.
    """
    if (campaign is None) == (simulated is None):
        raise PipelineError("name a campaign, or a simulation's curve with --from, and not both")
    if simulated is not None:
        known = read_simulation(simulated, classes)
    else:
        with open_store(settings) as store:
            known = read_campaign(store, campaign or "")
    seconds, assumed = _seconds(spending, known)
    budget = make_budget(
        votes=spending.votes,
        hours=spending.hours,
        money=spending.money,
        hourly_rate=spending.hourly_rate,
        seconds_per_vote=seconds,
    )
    worth = fit_worth(
        known.clips,
        known.votes_per_clip,
        known.uar,
        known.errors,
        confusion=known.confusion,
        shared=known.shared,
    )
    found = plan_budget(
        worth,
        budget,
        confusion=known.confusion,
        annotators=annotators,
        pool=known.pool if pool is None else pool,
        target=target,
        # A simulation bought nothing yet.
        spent=0.0 if simulated is not None else None,
        is_decided=known.is_decided,
    )
    return PlanResult(
        source=known.source,
        plan=found,
        budget=budget,
        target=target,
        explained=worth.explained,
        outlook=_outlook(worth, target),
        pool=known.pool if pool is None else pool,
        classes=known.classes,
        notes=(*known.notes, *assumed),
    )


def read_campaign(store: Warehouse, campaign: str) -> Known:
    """Read what a campaign knows about curve, annotators and pool.

    Raises:
        NothingToDoError: If nothing was learned in it yet.
    """
    points = curve_points(read_curve(store, campaign))
    if not points or find_round(store, campaign, 0) is None:
        raise NothingToDoError(
            f"campaign `{campaign}` has no learning curve yet; run `serloop round` a few times, "
            "or plan by a simulation with --from"
        )
    model = require_model(store, points[-1].model_id)
    confusion, notes = _average_confusion(store, model["labels"], model["classes"])
    config = model["config"]
    loss = (config.get("training") or {}).get("loss")
    return Known(
        source=campaign,
        clips=[point.clips for point in points],
        votes_per_clip=[point.votes / point.clips for point in points],
        uar=[point.uar for point in points],
        errors=errors_of(points),
        shared=shared_error(store, points),
        classes=tuple(model["classes"]),
        confusion=confusion,
        seconds=pace_of(store, campaign),
        pool=count_open(store, campaign),
        is_decided=config.get("targets") != SOFT and loss != "soft_label",
        notes=notes,
    )


def read_simulation(path: Path, classes: Sequence[str] = ()) -> Known:
    """Read the curve of a simulation.

    A column `shared`, the correlation of the points' errors, may be there as well; without it
    they are taken to be correlated as the models of one campaign mostly are.

    Raises:
        PipelineError: If the file cannot be read, lacks a column, or a cell is no number.
    """
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            rows = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise PipelineError(f"`{path}` cannot be read as CSV: {error}") from error
    if missing:
        raise PipelineError(
            f"`{path}` lacks the columns {missing}; a curve has {list(COLUMNS)}, one row per point"
        )
    try:
        values = {name: [float(row[name]) for row in rows] for name in COLUMNS}
        shared = [float(row.get("shared") or SHARED) for row in rows]
    except (TypeError, ValueError) as error:
        raise PipelineError(f"`{path}` has a cell that is no number: {error}") from error
    names = tuple(classes) or CREMA_D_CLASSES
    note = f"annotators are taken to confuse {', '.join(names)} as CREMA-D's listeners do"
    return Known(
        source=str(path),
        clips=values["clips"],
        votes_per_clip=values["votes_per_clip"],
        uar=values["uar"],
        errors=[float(one) for one in standard_errors(values["low"], values["high"])],
        shared=min(shared[0], MOST_SHARED) if shared else SHARED,
        classes=names,
        confusion=confusion_for(names),
        seconds=math.nan,
        pool=None,
        is_decided=True,
        notes=(note,),
    )


def _average_confusion(
    store: Warehouse, run_id: str, classes: Sequence[str]
) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    """Return the mean confusion of the annotators of a run, by votes, and what was assumed."""
    rows = [row for row in queries.select_annotators(store, run_id).to_pylist() if row["confusion"]]
    size = len(classes)
    if rows and all(len(row["confusion"]) == size * size for row in rows):
        matrices = np.array([row["confusion"] for row in rows]).reshape(-1, size, size)
        return np.average(matrices, axis=0, weights=[row["votes"] for row in rows]), ()
    note = (
        "the consensus does not know how its annotators err, so they are taken to err as "
        "CREMA-D's listeners do"
    )
    return confusion_for(classes), (note,)


def _seconds(spending: Spending, known: Known) -> tuple[float, tuple[str, ...]]:
    if spending.seconds_per_vote is not None:
        return spending.seconds_per_vote, ()
    if not math.isnan(known.seconds):
        return known.seconds, ()
    note = f"no vote says how long it took: {ASSUMED_SECONDS:g} s are assumed (--seconds-per-vote)"
    return ASSUMED_SECONDS, (note,)


def _outlook(worth: WorthCurve, target: float | None) -> str:
    if target is None or math.isfinite(worth.curve.votes_for(target).value):
        return ""
    return worth.curve.describe(target)


def _aim_cells(chance: float, votes: float) -> dict[str, str | int | float | None]:
    return {"chance": chance, "votes_to_target": None if math.isinf(votes) else int(votes)}
