"""A plan rests on a campaign's curve or a simulation's, and says what it had to assume."""

from pathlib import Path

import pytest

from annotation.planning import PlanningError
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.plan import COLUMNS, Spending, plan, read_simulation
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from tests.pipelines.test_outlook import LATER, prolong

SILENT = SilentProgress()
CURVE = """votes,clips,votes_per_clip,uar,low,high,strategy
120,40,3,.41,.37,.45,margin
240,80,3,.49,.45,.53,margin
480,160,3,.56,.53,.59,margin
960,320,3,.62,.59,.65,margin
"""


@pytest.fixture
def curve(tmp_path: Path) -> Path:
    """Return a simulation's curve."""
    path = tmp_path / "curve.csv"
    path.write_text(CURVE, encoding="utf-8")
    return path


def test_a_simulation_can_be_planned_by(settings: Settings, curve: Path) -> None:
    """Money becomes hours, votes and clips; what was assumed is said."""
    found = plan(
        settings,
        SILENT,
        simulated=curve,
        spending=Spending(money=180, hourly_rate=18, seconds_per_vote=9),
        annotators=4,
        target=0.55,
        pool=900,
    )
    rows = found.rows()
    assert [row["votes_per_clip"] for row in rows] == [1, 2, 3, 4]
    assert [row["clips"] for row in rows] == [900, 900, 900, 900]
    assert rows[3]["cost"] == pytest.approx(162)
    assert all(row["low"] < row["uar"] < row["high"] for row in rows)
    assert rows[0]["note"] == "sadness would mostly be labelled as another class"
    assert "recommended" in rows[found.plan.recommended]["note"]
    sentence = found.sentence()
    assert "reach UAR 0.55 with a chance of 80%" in sentence
    assert "CREMA-D's listeners" in sentence


def test_a_target_out_of_reach_is_said(settings: Settings, curve: Path) -> None:
    """No number of votes is invented; the assumed pace is named."""
    options = {"simulated": curve, "spending": Spending(votes=900), "annotators": 3}
    found = plan(settings, SILENT, **options, target=0.99)
    assert {row["votes_to_target"] for row in found.rows()} == {None}
    assert "never reached within the curve" in found.sentence()
    assert "7.5 s are assumed" in found.sentence()
    assert "cost" not in found.rows()[0]
    assert "chance" not in plan(settings, SILENT, **options).rows()[0]


def test_a_campaign_goes_on(campaign_once, tmp_path: Path) -> None:
    """Its points, pace and pool are used, and its labels count; a majority knows no confusion."""
    settings = borrow(campaign_once.settings, tmp_path / "home")
    with open_store(settings) as store:
        prolong(store, LATER)
    asked = {"campaign": "synthetic", "spending": Spending(hours=1), "annotators": 3}
    # Vote by vote, one round has asked about every clip.
    with pytest.raises(PlanningError, match="the pool has 0 clips"):
        plan(settings, SILENT, **asked)
    easy = plan(settings, SILENT, **asked, pool=9, target=0.01).sentence()
    assert easy.startswith("UAR 0.01 is reached already")
    found = plan(settings, SILENT, **asked, pool=9)
    assert found.pool == 9
    assert [row["clips"] for row in found.rows()] == [9, 9, 9]
    assert 3 < found.budget.seconds_per_vote < 15
    assert "does not know how its annotators err" in found.sentence()
    assert found.document()["rows"] == [dict(row) for row in found.rows()]


def test_too_few_rounds_allow_no_plan(campaign_once) -> None:
    """Two points are no curve."""
    with pytest.raises(PlanningError, match="needs 3 points"):
        plan(
            campaign_once.settings,
            SILENT,
            campaign="synthetic",
            spending=Spending(votes=10),
            annotators=3,
        )


def test_a_campaign_without_a_curve_is_said(settings: Settings) -> None:
    """The message says what makes one."""
    with pytest.raises(NothingToDoError, match=r"`other` has no learning curve yet.*--from"):
        plan(settings, SILENT, campaign="other", spending=Spending(votes=10), annotators=3)


@pytest.mark.parametrize("both", [True, False])
def test_one_curve_is_needed(settings: Settings, curve: Path, both: bool) -> None:
    """A campaign or a file, not both and not neither."""
    named = {"campaign": "c", "simulated": curve} if both else {}
    with pytest.raises(PipelineError, match="and not both"):
        plan(settings, SILENT, **named, spending=Spending(votes=10), annotators=3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("votes,uar\n1,2\n", r"lacks the columns \['clips'"),
        (",".join(COLUMNS) + "\n1,2,3,much,0,1\n", "no number.*much"),
        (",".join(COLUMNS) + "\n1,2\n", "no number"),
    ],
    ids=["columns", "cell", "short"],
)
def test_what_is_no_curve_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """The message names the file and the offender."""
    path = tmp_path / "curve.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PipelineError, match=f"curve.csv.*{message}"):
        read_simulation(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """It cannot be read, and that is all."""
    with pytest.raises(PipelineError, match="cannot be read"):
        read_simulation(tmp_path / "none.csv")


def test_classes_of_a_simulation_can_be_named(curve: Path) -> None:
    """Without them CREMA-D's are taken."""
    assert read_simulation(curve, ["calm", "joy"]).confusion.shape == (2, 2)
    assert read_simulation(curve).confusion.shape == (6, 6)
