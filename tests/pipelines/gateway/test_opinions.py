"""What annotators may see of a model, and which model it is."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from annotation.label_studio.backend import Opinion
from pipelines.gateway.opinions import NO_MODEL, read_opinions, read_versions
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows

KEY = "campaign-00c0ffee"
CLIPS = ["demo/0", "demo/1", "demo/2"]
ARMS = {
    "m0": ("seed", 0),
    "m1-random": ("random", 1),
    "m1": ("active", 1),
    "m-other": ("active", 9),
}
SURE = {"m0": 0.6, "m1-random": 0.7, "m1": 0.9, "m-other": 1.0}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return a warehouse in which one clip's task shows `anger`, as of the model before."""
    found = Settings(home=tmp_path)
    rows = {
        "projects": make_rows("projects", project=[KEY], campaign=["demo"], corpus=["demo"]),
        "rounds": make_rows(
            "rounds",
            round_id=["demo-000", "demo-001", "other-009"],
            campaign=["demo", "demo", "other"],
            number=[0, 1, 9],
        ),
        "models": make_rows(
            "models",
            model_id=list(ARMS),
            arm=[arm for arm, _ in ARMS.values()],
            round_id=["demo-000", "demo-001", "demo-001", "other-009"],
            classes=[["anger", "sadness"]] * 4,
        ),
        "predictions": make_rows(
            "predictions",
            model_id=[model for model in ARMS for _ in CLIPS[:2]],
            clip_id=CLIPS[:2] * len(ARMS),
            posterior=[[1 - SURE[model], SURE[model]] for model in ARMS for _ in CLIPS[:2]],
        ),
        "tasks": make_rows(
            "tasks",
            project=[KEY] * 3,
            clip_id=CLIPS,
            is_shown=[True, False, True],
            predicted=["anger", "anger", "sadness"],
            model_id=["m0"] * 3,
        ),
        "deliveries": make_rows(
            "deliveries",
            project=[KEY] * 4,
            # A server on SQLite gives the number of a deleted task to the next one.
            clip_id=[CLIPS[2], CLIPS[0], CLIPS[1], CLIPS[2]],
            task_id=[10, 10, 11, 12],
            seen_at=[datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 2, 2)],
        ),
    }
    with open_store(found) as store:
        store.commit(rows, message="asked")
    return found


def test_the_newest_model_of_the_active_arm_speaks(settings: Settings) -> None:
    """Neither the control arm's nor another campaign's model is heard."""
    assert read_versions(settings, KEY) == ("m1", "m0")
    model, opinions = read_opinions(settings, KEY, [11])
    assert (model, opinions[11].score) == ("m1", pytest.approx(0.9))


def test_only_tasks_of_the_trial_show_anything(settings: Settings) -> None:
    """They show what was recorded, whatever the newest model says; others show nothing."""
    _, opinions = read_opinions(settings, KEY, [10, 11, 12, 99])
    assert opinions == {
        10: Opinion(pytest.approx(0.9), "anger"),
        11: Opinion(pytest.approx(0.9), None),
    }


@pytest.mark.parametrize("project", [None, "campaign-99999999"])
def test_a_strange_project_has_no_model(settings: Settings, project: str | None) -> None:
    """Nothing is known, which is no error."""
    assert read_versions(settings, project) == ()
    assert read_opinions(settings, project, [10]) == (NO_MODEL, {})


def test_nothing_is_made_by_asking(tmp_path: Path) -> None:
    """A home without warehouse stays one."""
    settings = Settings(home=tmp_path / "home")
    assert read_versions(settings, KEY) == ()
    assert read_opinions(settings, KEY, [1]) == (NO_MODEL, {})
    assert not settings.home.exists()
