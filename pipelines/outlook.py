"""Outlook: where a campaign's learning curve leads, and whether more rounds are worth asking."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.planning import (
    Advice,
    LearningCurve,
    PlanningError,
    advise,
    agreement_of,
    fit_curve,
    gain_per_hour,
    predicted_change,
    seconds_per_vote,
    stabilising_predictions,
    standard_errors,
)
from pipelines.campaign import ANSWER_SOURCES, AUDIT_ARM, clips_of, find_round, read_asks
from pipelines.clipset import INTENDED, corpus_clips
from pipelines.convert import read_posterior
from pipelines.errors import PipelineError
from pipelines.model_pairs import read_pair
from pipelines.models import require_model
from pipelines.report.content import CurvePoint
from pipelines.report.outlook import ForecastPoint, Outlook
from warehouse import Warehouse, queries

ARM = "active"
# Twice the votes there are: further out the posterior is mostly its prior.
HORIZON = 2.0
STEPS = 24
# Assumed where no two models can be paired.
SHARED = 0.5
MOST_SHARED = 0.95
# The settings that `read_outlook` takes as thresholds.
THRESHOLDS = ("stop_change", "stop_agreement", "stop_gain_per_hour")


def read_outlook(
    store: Warehouse,
    campaign: str,
    number: int,
    curve: Sequence[CurvePoint],
    thresholds: Mapping[str, float] | None = None,
) -> Outlook:
    """Forecast a campaign's curve and ask each stopping criterion.

    Args:
        store: The warehouse.
        campaign: The campaign.
        number: The round after which it is asked.
        curve: The curve of both arms up to that round.
        thresholds: Those of `THRESHOLDS` that are set.
    """
    points = curve_points(curve)
    fitted = fit_points(store, points)
    left = count_open(store, campaign, up_to=number)
    votes, following = _next_round(points, _votes_left(store, campaign, number, points, left))
    agreements, compared = _agreements(store, points)
    given = dict(thresholds or {})
    advice = advise(
        [
            predicted_change(
                fitted, votes=votes, next_votes=following, **_given(given, "stop_change")
            ),
            stabilising_predictions(agreements, clips=compared, **_given(given, "stop_agreement")),
            gain_per_hour(
                fitted,
                votes=votes,
                next_votes=following,
                seconds_per_vote=pace_of(store, campaign, up_to=number),
                **_given(given, "stop_gain_per_hour"),
            ),
        ]
    )
    return Outlook(
        advice=_unless_chance(store, points, advice),
        forecast=_forecast(fitted, votes),
        rounds=len(points),
        clips_left=left,
        scatter=1.0 if fitted is None else fitted.scatter,
    )


def curve_points(curve: Sequence[CurvePoint], arm: str = ARM) -> list[CurvePoint]:
    """Return the points of one arm that a curve can be fitted to, by votes."""
    known = [
        point
        for point in curve
        if point.arm == arm
        and point.votes > 0
        and np.isfinite([point.uar, point.uar_low, point.uar_high]).all()
    ]
    return sorted(known, key=lambda point: (point.votes, point.round))


def fit_points(store: Warehouse, points: Sequence[CurvePoint]) -> LearningCurve | None:
    """Fit UAR over votes; None while there are too few points."""
    try:
        return fit_curve(
            [point.votes for point in points],
            [point.uar for point in points],
            errors_of(points),
            shared=shared_error(store, points),
        )
    except PlanningError:
        return None


def errors_of(points: Sequence[CurvePoint]) -> list[float]:
    """Return the standard error of each point, from its interval."""
    lows, highs = [point.uar_low for point in points], [point.uar_high for point in points]
    return [float(error) for error in standard_errors(lows, highs)]


def shared_error(store: Warehouse, points: Sequence[CurvePoint]) -> float:
    """Return the correlation of the errors of the last two points, taken for that of all.

    All are judged on the same test speakers: whoever is hard for one model is hard for the next.
    How far the difference of two models is surer than its parts says how much they share.
    """
    from ser.metrics.bootstrap import bootstrap_uar_difference  # noqa: PLC0415 - loads torch

    if len(points) < 2:
        return SHARED
    try:
        pair = read_pair(store, points[-1].model_id, points[-2].model_id, truth=INTENDED)
    except PipelineError:
        return SHARED
    clips = pair.clips.take(np.flatnonzero(pair.clips.is_decided))
    if not len(clips.clip_ids):
        return SHARED
    later, earlier = (
        said[pair.clips.is_decided].argmax(axis=1) for said in (pair.first, pair.second)
    )
    apart = bootstrap_uar_difference(
        clips.labels, later, earlier, clips.speakers, n_classes=len(clips.classes)
    )
    (difference,) = standard_errors([apart.low], [apart.high])
    one, other = (errors_of(points)[place] for place in (-2, -1))
    shared = (one**2 + other**2 - difference**2) / (2 * one * other)
    return float(np.clip(shared, 0.0, MOST_SHARED)) if np.isfinite(shared) else SHARED


def count_open(store: Warehouse, campaign: str, *, up_to: int | None = None) -> int:
    """Return how many clips the active arm may still ask about."""
    header = find_round(store, campaign, 0) or {}
    clips = corpus_clips(store, header["corpus"])
    held_out = pc.is_in(clips["speaker"], pa.array(header["test_speakers"], pa.string()))
    asked = clips_of(read_asks(store, campaign, up_to=up_to, arm=ARM))
    taken = pc.or_(held_out, pc.is_in(clips["clip_id"], pa.array(asked, pa.string())))
    return int(clips.num_rows - (pc.sum(taken).as_py() or 0))


def pace_of(store: Warehouse, campaign: str, *, up_to: int | None = None) -> float:
    """Return the seconds that a vote of this campaign takes; NaN where none says so."""
    asks = read_asks(store, campaign, up_to=up_to)
    votes = queries.select_effective_votes(store, clip_ids=clips_of(asks))
    votes = votes.filter(pc.is_in(votes["source"], pa.array(ANSWER_SOURCES)))
    # A null becomes NaN, which `seconds_per_vote` leaves out.
    return seconds_per_vote(votes["lead_time_s"].to_numpy())


def _votes_left(
    store: Warehouse, campaign: str, number: int, points: Sequence[CurvePoint], clips_left: int
) -> int:
    """Return how many votes the active arm may still ask for."""
    header = find_round(store, campaign, number) or {}
    if not points or not header.get("strategy", "").startswith("worth"):
        return round(clips_left * points[-1].votes / max(points[-1].clips, 1)) if points else 0
    # It may also ask again about clips that have fewer votes than any clip was to have.
    asks = read_asks(store, campaign, up_to=number)
    most = pc.max(asks.filter(pc.not_equal(asks["arm"], AUDIT_ARM))["votes_wanted"]).as_py()
    own = read_asks(store, campaign, up_to=number, arm=ARM).group_by("clip_id")
    received = own.aggregate([("votes_received", "max")])["votes_received_max"].to_numpy()
    return int(most * clips_left + np.maximum(most - received, 0).sum())


def _next_round(points: Sequence[CurvePoint], votes_left: int) -> tuple[int, int]:
    """Return the votes so far, and those that another round like the last would add."""
    if not points:
        return 0, 0
    before = points[-2].votes if len(points) > 1 else 0
    return points[-1].votes, min(points[-1].votes - before, votes_left)


def _agreements(store: Warehouse, points: Sequence[CurvePoint]) -> tuple[list[float], int]:
    """Return kappa from one of the last models to the next, and the clips they share.

    A model's own page is written before it scores the pool, so the clips that all of the last
    models judged are mostly those of the test speakers: nobody is ever asked about these.
    """
    last = points[-3:]
    if len(last) < 3:
        return [], 0
    tables = [queries.select_predictions(store, point.model_id) for point in last]
    shared = set.intersection(*(set(table["clip_id"].to_pylist()) for table in tables))
    untaught = shared - set(_learned(store, last))
    said = [_classes_said(table, sorted(untaught)) for table in tables]
    return [agreement_of(one, other) for one, other in pairwise(said)], len(untaught)


def _learned(store: Warehouse, points: Sequence[CurvePoint]) -> list[str]:
    models = {row["model_id"]: row for row in queries.select_models(store).to_pylist()}
    runs = {models[point.model_id]["labels"] for point in points}
    return [
        clip_id
        for run in sorted(runs)
        for clip_id in queries.select_consensus(store, run)["clip_id"].to_pylist()
    ]


def _classes_said(table: pa.Table, clip_ids: Sequence[str]) -> npt.NDArray[np.int64]:
    chosen = table.filter(pc.is_in(table["clip_id"], pa.array(clip_ids, pa.string())))
    chosen = chosen.sort_by("clip_id")
    if not chosen.num_rows:
        return np.zeros(0, np.int64)
    said: npt.NDArray[np.int64] = read_posterior(chosen["posterior"]).argmax(axis=1)
    return said


def _unless_chance(store: Warehouse, points: Sequence[CurvePoint], advice: Advice) -> Advice:
    """Withhold the advice where nothing was learned: a model at chance does not change either."""
    if not points or not advice.known:
        return advice
    chance = 1 / len(require_model(store, points[-1].model_id)["classes"])
    if points[-1].uar_low > chance:
        return advice
    words = (
        "Not yet: the active arm is not clearly above chance, so that it changes little says "
        "nothing of what more votes would bring."
    )
    return replace(advice, words=words)


def _forecast(fitted: LearningCurve | None, votes: int) -> tuple[ForecastPoint, ...]:
    if fitted is None:
        return ()
    told = []
    for at in np.unique(np.linspace(votes, HORIZON * votes, STEPS).round()):
        estimate = fitted.forecast(float(at))
        told.append(
            ForecastPoint(
                votes=int(at), uar=estimate.value, uar_low=estimate.low, uar_high=estimate.high
            )
        )
    return tuple(told)


def _given(thresholds: Mapping[str, float], name: str) -> dict[str, float]:
    return {"threshold": thresholds[name]} if name in thresholds else {}
