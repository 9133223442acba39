"""A recorded model comes back to the last digit, or it is said what does not and why."""

import json
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.evaluate import evaluate
from pipelines.progress import SilentProgress
from pipelines.reproduce import Check, ReproduceResult, reproduce
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse import queries
from warehouse.testing import make_rows

SILENT = SilentProgress()
SPEAKERS = {"test_speakers": ("SYNM05", "SYNF06"), "dev_speakers": ("SYNM01", "SYNF02")}


@pytest.fixture(scope="module")
def settled(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory):
    """Train a model with a seed of its own, and judge it on test and dev speakers."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("settled"))
    training = settings.training.model_copy(update={"seed": 3})
    seeded = settings.model_copy(update={"training": training})
    model_id = train(seeded, SILENT, corpus="synthetic", **SPEAKERS).model_id
    for part in ("test", "dev"):
        evaluate(settings, SILENT, model_id=model_id, part=part)
    return settings, model_id


@pytest.fixture
def changeable(settled, tmp_path: Path):
    """Return a copy to change."""
    settings, model_id = settled
    return borrow(settings, tmp_path / "home"), model_id


def rewrite(settings: Settings, model_id: str, **changes: object) -> None:
    """Put other values into the row of a model, as no commit would."""
    with open_store(settings) as store:
        for column, value in changes.items():
            store._connection.execute(
                f"UPDATE lake.main.models SET {column} = ? WHERE model_id = ?",  # noqa: S608
                [value, model_id],
            )


def test_a_model_comes_back_to_the_last_digit(settled) -> None:
    """Weights and all figures of both evaluations are equal, and nothing is written."""
    settings, model_id = settled
    with open_store(settings) as store:
        before, metrics = store.snapshot, queries.select_metrics(store).num_rows
    artifacts = sorted(path.name for path in settings.artifacts.iterdir())
    result = reproduce(settings, SILENT, model_id=model_id)
    assert result.is_equal
    assert result.evaluations == (f"{model_id}/dev/intended", f"{model_id}/test/intended")
    assert len(result.checks) > 3 * metrics
    assert result.rows()[0]["differ"] == 0
    assert "came back" in result.sentence()
    with open_store(settings) as store:
        assert store.snapshot == before
    assert sorted(path.name for path in settings.artifacts.iterdir()) == artifacts


def test_later_data_changes_nothing(changeable) -> None:
    """What was ingested since is not in the snapshot the model was trained on."""
    settings, model_id = changeable
    late = {"clip_id": ["synthetic/late"], "corpus": ["synthetic"], "speaker": ["SYNM03"]}
    with open_store(settings) as store:
        rows = make_rows("clips", **late, native_id=["late"], intended=["anger"])
        store.commit({"clips": rows}, message="late")
    assert reproduce(settings, SILENT, model_id=model_id).is_equal


def test_other_weights_are_told_with_what_changed(changeable) -> None:
    """A hash that differs and a code version that differs stand side by side."""
    settings, model_id = changeable
    rewrite(settings, model_id, artifact_sha256="0" * 64, code_version="0.0.1+old")
    result = reproduce(settings, SILENT, model_id=model_id)
    assert not result.is_equal
    assert [row["what"] for row in result.rows()] == ["weights (SHA-256)", "code"]
    assert "1 of " in result.sentence()
    assert "code (0.0.1+old → " in result.sentence()
    document = json.loads(json.dumps(result.document(), allow_nan=False))
    assert not document["is_equal"]
    assert [of["what"] for of in document["circumstances"]] == ["code"]


def test_another_figure_is_told(changeable) -> None:
    """A metric that does not come back is named with both values."""
    settings, model_id = changeable
    with open_store(settings) as store:
        store._connection.execute("UPDATE lake.main.metrics SET value = 2 WHERE metric = 'war'")
    result = reproduce(settings, SILENT, model_id=model_id)
    differing = [check for check in result.checks if not check.is_equal]
    assert {check.recorded for check in differing} == {2.0}
    assert f"{model_id}/test/intended: war of all all, value" in [of.what for of in differing]


def test_what_differs_in_circumstances_is_listed(changeable) -> None:
    """Threads and library versions that were recorded are compared with those of now."""
    settings, model_id = changeable
    with open_store(settings) as store:
        row = next(
            row for row in queries.select_models(store).to_pylist() if row["model_id"] == model_id
        )
    metrics = {**json.loads(row["metrics"]), "environment": {"threads": 7, "torch": "1.0"}}
    rewrite(settings, model_id, metrics=json.dumps(metrics))
    result = reproduce(settings, SILENT, model_id=model_id)
    assert [(of.what, of.recorded) for of in result.circumstances] == [
        ("threads", 7),
        ("torch", "1.0"),
    ]


@pytest.mark.parametrize("section", ["training", "network"])
def test_a_setting_that_came_later_is_listed_and_an_unknown_one_refused(
    changeable, section: str
) -> None:
    """Defaults stand in for what a record lacks; what this version lacks cannot be had."""
    settings, model_id = changeable
    with open_store(settings) as store:
        row = next(
            row for row in queries.select_models(store).to_pylist() if row["model_id"] == model_id
        )
    config = json.loads(row["config"])
    name = {"training": "clip_norm", "network": "dropout"}[section]
    lost = config[section].pop(name)
    rewrite(settings, model_id, config=json.dumps(config))
    result = reproduce(settings, SILENT, model_id=model_id)
    assert result.is_equal
    assert Check(f"setting {name}", None, str(lost)) in result.circumstances
    config[section]["magic"] = 1
    rewrite(settings, model_id, config=json.dumps(config))
    with pytest.raises(PipelineError, match=r"`magic`.*does not know"):
        reproduce(settings, SILENT, model_id=model_id)


def test_undefined_equals_undefined() -> None:
    """NaN comes back as NaN, and is no number."""
    nan = float("nan")
    assert Check("x", nan, nan).is_equal
    assert not Check("x", nan, 0.0).is_equal
    assert not Check("x", None, 0.0).is_equal


def test_a_model_without_evaluations_is_compared_by_its_weights() -> None:
    """The sentence counts them."""
    result = ReproduceResult("m", 4, (), (Check("weights", "a", "a"),), ())
    assert "1 values of its training and 0 evaluations" in result.sentence()
    assert result.rows() == [{"model_id": "m", "compared": 1, "differ": 0}]
