"""The learning curve has one point per round and arm, and the newest model stands for it."""

import pytest

from pipelines.curve import curve_rows, read_curve
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows


@pytest.fixture
def models(settings: Settings) -> Settings:
    """Record a seed model, and two models of one later round and arm."""
    ids = ["seed", "late", "early"]
    rows = {
        "rounds": make_rows("rounds", round_id=["c-0", "c-1"], campaign=["c", "c"], number=[0, 1]),
        "models": make_rows(
            "models",
            model_id=ids,
            round_id=["c-0", "c-1", "c-1"],
            arm=["seed", "active", "active"],
            snapshot=[1, 9, 5],
            metrics=['{"votes": 3}'] * 3,
        ),
        "evaluations": make_rows(
            "evaluations", evaluation_id=ids, model_id=ids, part=["test"] * 3, uar=[0.1, 0.9, 0.5]
        ),
    }
    with open_store(settings) as store:
        store.commit(rows, message="models")
    return settings


def test_the_newest_model_of_a_round_stands(models: Settings) -> None:
    """Late answers make a second model of one round and arm; the curve shows the newer one."""
    with open_store(models) as store:
        curve = read_curve(store, "c")
    assert [(point.round, point.arm, point.model_id) for point in curve] == [
        (0, "active", "seed"),
        (0, "random", "seed"),
        (1, "active", "late"),
    ]


def test_other_judgements_are_no_points(models: Settings) -> None:
    """By other labels, on other clips or another corpus, a model has another worth."""
    others = make_rows(
        "evaluations",
        evaluation_id=["run", "dev", "calls"],
        model_id=["seed"] * 3,
        part=["test", "dev", "test"],
        truth=["run-1", "intended", "intended"],
        corpus=[None, None, "calls"],
        uar=[0.7, 0.8, 0.6],
    )
    with open_store(models) as store:
        store.commit({"evaluations": others}, message="others")
        assert read_curve(store, "c")[0].uar == 0.1
        # A row that names its truth is no worse than one from before truths were recorded.
        assert read_curve(store, "c", truth="run-1")[0].uar in {0.1, 0.7}


def test_an_arm_that_has_not_learned_is_a_gap(models: Settings) -> None:
    """The table leaves out what is not known."""
    with open_store(models) as store:
        first, second = curve_rows(read_curve(store, "c"))
    assert (first["active_uar"], first["random_uar"]) == (0.1, 0.1)
    assert (second["active_uar"], second["random_uar"], second["random_votes"]) == (0.9, None, None)


def test_another_campaign_has_another_curve(models: Settings) -> None:
    """A campaign without rounds has no points."""
    with open_store(models) as store:
        assert read_curve(store, "other") == []


def test_a_campaign_has_both_arms_in_every_round(campaign_once) -> None:
    """The arms share the seed's model and differ from then on."""
    curve = campaign_once.result.curve
    assert [(point.round, point.arm) for point in curve] == [
        (number, arm) for number in (0, 1) for arm in ("active", "random")
    ]
    assert curve[0].model_id == curve[1].model_id
    assert curve[2].model_id != curve[3].model_id
    assert all(point.uar_low <= point.uar <= point.uar_high for point in curve)
