"""The outlook of a campaign: not yet before three rounds, then a forecast and three criteria."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.campaign import read_asks
from pipelines.curve import read_curve
from pipelines.gather import gather_content
from pipelines.outlook import count_open, curve_points, pace_of, read_outlook, shared_error
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse import Warehouse, queries
from warehouse.schemas import TABLES

CAMPAIGN = "synthetic"
# What the models of rounds 2 to 4 are said to score; with the real first two they rise.
LATER = {2: 0.42, 3: 0.47, 4: 0.5}


def prolong(store: Warehouse, rounds: dict[int, float]) -> None:
    """Record further rounds whose models say what that of round 1 does, and score as told."""
    curve = {(p.round, p.arm): p for p in read_curve(store, CAMPAIGN)}
    last, seed = curve[1, "active"], curve[0, "active"]
    (round_,) = [r for r in queries.select_rounds(store).to_pylist() if r["number"] == 1]
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in NAMES}
    models = {row["model_id"]: row for row in queries.select_models(store).to_pylist()}
    (judged,) = [
        row
        for row in queries.select_evaluations(store).to_pylist()
        if row["model_id"] == last.model_id
    ]
    said = queries.select_predictions(store, last.model_id).to_pylist()
    for number, uar in rounds.items():
        name = f"later-{number}"
        votes = last.votes + (last.votes - seed.votes) * (number - 1)
        of = {"round_id": f"r{number}", "model_id": name}
        metrics = {**json.loads(models[last.model_id]["metrics"]), "votes": votes}
        rows["rounds"].append({**round_, **of, "number": number})
        rows["models"].append({**models[last.model_id], **of, "metrics": json.dumps(metrics)})
        ends = {"uar": uar, "uar_low": uar - 0.05, "uar_high": uar + 0.05}
        rows["evaluations"].append({**judged, **of, **ends, "evaluation_id": name})
        rows["predictions"] += [{**row, "model_id": name} for row in said]
    tables = {
        name: pa.Table.from_pylist(
            [{key: row[key] for key in TABLES[name].schema.names} for row in of],
            schema=TABLES[name].schema,
        )
        for name, of in rows.items()
    }
    store.commit(tables, message="later rounds")


NAMES = ("rounds", "models", "evaluations", "predictions")


@pytest.fixture
def later(campaign_once, tmp_path: Path) -> Settings:
    """Return a campaign of five rounds."""
    settings = borrow(campaign_once.settings, tmp_path / "home")
    with open_store(settings) as store:
        prolong(store, LATER)
    return settings


def test_two_rounds_are_too_few(campaign_once) -> None:
    """The page of an early round says what is missing."""
    with open_store(campaign_once.settings) as store:
        found = read_outlook(store, CAMPAIGN, 1, read_curve(store, CAMPAIGN))
    assert found.forecast == ()
    assert found.advice.known == 0
    assert {one.words for one in found.advice.criteria} >= {"Not yet: needs 3 rounds."}
    assert found.advice.words == "Not yet: a forecast needs 3 rounds."


def test_three_criteria_and_a_forecast(later: Settings) -> None:
    """From the last point to twice its votes, and every criterion has a figure."""
    with open_store(later) as store:
        curve = read_curve(store, CAMPAIGN)
        found = read_outlook(store, CAMPAIGN, 4, curve)
    last = curve_points(curve)[-1]
    assert (found.forecast[0].votes, found.forecast[-1].votes) == (last.votes, 2 * last.votes)
    assert all(point.uar_low <= point.uar <= point.uar_high for point in found.forecast)
    change, agreement, per_hour = found.advice.criteria
    # The later models say what the earlier one does.
    assert (agreement.value, agreement.says_stop) == (1.0, True)
    assert "12 clips that none" in agreement.words
    assert 0 <= change.value < 0.2
    assert per_hour.value > change.value
    assert found.rounds == 5


def test_thresholds_are_settings(later: Settings) -> None:
    """Whoever sets them decides what little means."""
    wanted = {"stop_change": 0.9, "stop_agreement": 1.0, "stop_gain_per_hour": 99.0}
    with open_store(later) as store:
        curve = read_curve(store, CAMPAIGN)
        content = gather_content(store, CAMPAIGN, 1, curve[:4], thresholds=wanted)
        found = read_outlook(store, CAMPAIGN, 4, curve, wanted)
    assert [one.threshold for one in content.outlook.advice.criteria] == list(wanted.values())
    assert found.advice.stops == 3


def test_chance_is_no_reason_to_stop(campaign_once, tmp_path: Path) -> None:
    """A model that learned nothing does not change either, and the advice is withheld."""
    settings = borrow(campaign_once.settings, tmp_path / "home")
    with open_store(settings) as store:
        prolong(store, dict.fromkeys(LATER, 0.17))
        found = read_outlook(store, CAMPAIGN, 4, read_curve(store, CAMPAIGN))
    assert "not clearly above chance" in found.advice.words


def test_only_clips_that_may_be_asked_are_open(campaign_once) -> None:
    """All but test speakers and what the active arm and the seed have asked."""
    with open_store(campaign_once.settings) as store:
        asked = set(read_asks(store, CAMPAIGN, arm="active")["clip_id"].to_pylist())
        assert count_open(store, CAMPAIGN) == 36 - 12 - len(asked)
        assert count_open(store, CAMPAIGN, up_to=0) == 36 - 12 - 10


def test_pace_is_that_of_the_answers(campaign_once) -> None:
    """Simulated annotators take 1.5 times the clip and three seconds."""
    with open_store(campaign_once.settings) as store:
        assert 3 < pace_of(store, CAMPAIGN) < 15


def test_models_on_the_same_speakers_share_errors(later: Settings) -> None:
    """Models that say the same err the same; where there is one model a guess is made."""
    with open_store(later) as store:
        points = curve_points(read_curve(store, CAMPAIGN))
        assert shared_error(store, points) == 0.95
        assert shared_error(store, points[:1]) == 0.5
