"""Epochs reach the log that was asked for, and can be read back from it."""

from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.settings import Settings
from pipelines.tracking import track_training
from ser.models.trained import EpochSummary

CONFIG = {"corpus": "synthetic", "training": {"loss": "focal"}, "clips": ["a", "b"]}
EPOCHS = [
    EpochSummary(
        epoch=number,
        epochs=2,
        loss=1.0 / number,
        dev_uar=0.25 * number,
        learning_rate=1e-3,
        clips_per_s=100.0,
        dev_ccc=0.125 * number,
    )
    for number in (1, 2)
]


def tell(settings: Settings) -> None:
    """Log two epochs."""
    with track_training(settings, "synthetic-1", CONFIG) as log:
        for epoch in EPOCHS:
            log(epoch)


def test_tensorboard_shows_the_curves(tmp_path: Path) -> None:
    """Every figure of every epoch is in the event file of the model."""
    pytest.importorskip("tensorboard", reason="needs the extra `tensorboard`")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    tell(Settings(home=tmp_path, training={"log_to": "tensorboard"}))
    read = EventAccumulator(str(tmp_path / "logs" / "tensorboard" / "synthetic-1")).Reload()
    curves = {
        name: [
            (event.step, make_ndarray(event.tensor_proto).item()) for event in read.Tensors(name)
        ]
        for name in read.Tags()["tensors"]
    }
    assert curves["loss"] == [(1, 1.0), (2, 0.5)]
    assert curves["dev_uar"] == [(1, 0.25), (2, 0.5)]
    assert curves.keys() == {"loss", "dev_uar", "dev_ccc", "learning_rate", "clips_per_s"}


def test_mlflow_holds_curves_and_configuration(tmp_path: Path) -> None:
    """A run of the model's name has the figures by epoch, and what it was made from."""
    pytest.importorskip("mlflow", reason="needs the extra `mlflow`")
    from mlflow.tracking import MlflowClient

    place = f"sqlite:///{tmp_path / 'own.db'}"
    tell(Settings(home=tmp_path, training={"log_to": "mlflow", "log_place": place}))
    client = MlflowClient(tracking_uri=place)
    experiment = client.get_experiment_by_name("serloop").experiment_id
    (run,) = client.search_runs([experiment])
    loss = client.get_metric_history(run.info.run_id, "loss")
    assert [(point.step, point.value) for point in loss] == [(1, 1.0), (2, 0.5)]
    assert (run.info.run_name, run.info.status) == ("synthetic-1", "FINISHED")
    assert run.data.params == {"corpus": "synthetic", "training.loss": "focal"}


def test_nothing_is_written_unless_asked(tmp_path: Path) -> None:
    """The default leaves no trace and needs no library."""
    tell(Settings(home=tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["tensorboard", "mlflow"])
def test_a_library_that_is_missing_is_named(monkeypatch, name: str) -> None:
    """With the command that installs it."""
    import sys

    for module in (name, "tensorboard.summary", "mlflow.tracking"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(PipelineError, match=rf"pip install 'serloop\[{name}\]'"):
        tell(Settings(training={"log_to": name}))
