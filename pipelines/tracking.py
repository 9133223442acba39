"""Tracking: each epoch is told to TensorBoard or MLflow as well, where a team watches its runs.

The only module that knows these libraries. Both are optional extras, loaded when a setting asks.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from pipelines.errors import PipelineError
from pipelines.settings import Settings

if TYPE_CHECKING:
    from ser.models.trained import EpochSummary

OnEpoch = Callable[["EpochSummary"], None]
EXPERIMENT = "serloop"


def track_training(
    settings: Settings, model_id: str, config: Mapping[str, Any]
) -> AbstractContextManager[OnEpoch]:
    """Open a log of one training.

    Args:
        settings: Where to log, see `training.log_to` and `training.log_place`.
        model_id: Names the run.
        config: What the run was made from; numbers and names of its sections are logged.

    Returns:
        A context manager that gives the function to call with every epoch.

    Raises:
        PipelineError: If the library is not installed.
    """
    kind = settings.training.log_to
    if kind == "tensorboard":
        return _tensorboard(settings, model_id)
    if kind == "mlflow":
        return _mlflow(settings, model_id, config)
    return nullcontext(_ignore)


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return the values of nested sections under dotted names, as text.

    Args:
        config: Sections within sections; lists are written as one value.
        prefix: What names begin with.

    Example:
        >>> flatten({"seed": 0, "training": {"loss": "focal", "speeds": [0.9, 1.1]}})
        {'seed': '0', 'training.loss': 'focal', 'training.speeds': '[0.9, 1.1]'}
    """
    flat: dict[str, str] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = str(value)
    return flat


@contextmanager
def _tensorboard(settings: Settings, model_id: str) -> Iterator[OnEpoch]:
    try:
        from tensorboard.summary import Writer  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise _not_installed("tensorboard") from error
    place = settings.training.log_place or settings.home / "logs" / "tensorboard"
    writer = Writer(f"{place}/{model_id}")

    def log(epoch: "EpochSummary") -> None:
        for name, value in _figures(epoch).items():
            writer.add_scalar(name, value, epoch.epoch)
        writer.flush()

    try:
        yield log
    finally:
        writer.close()


@contextmanager
def _mlflow(settings: Settings, model_id: str, config: Mapping[str, Any]) -> Iterator[OnEpoch]:
    try:
        from mlflow.tracking import MlflowClient  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise _not_installed("mlflow") from error
    place = settings.training.log_place
    if place is None:
        folder = settings.home.resolve() / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        place = f"sqlite:///{folder / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=place)
    known = client.get_experiment_by_name(EXPERIMENT)
    experiment = known.experiment_id if known else client.create_experiment(EXPERIMENT)
    run = client.create_run(experiment, run_name=model_id).info.run_id
    # The clips would fill a page, and the model's row has them.
    described = {name: value for name, value in config.items() if name != "clips"}
    for name, value in flatten(described).items():
        client.log_param(run, name, value)

    def log(epoch: "EpochSummary") -> None:
        for name, value in _figures(epoch).items():
            client.log_metric(run, name, value, step=epoch.epoch)

    status = "FAILED"
    try:
        yield log
        status = "FINISHED"
    finally:
        client.set_terminated(run, status)


def _figures(epoch: "EpochSummary") -> dict[str, float]:
    figures = {
        "loss": epoch.loss,
        "dev_uar": epoch.dev_uar,
        "dev_ccc": epoch.dev_ccc,
        "learning_rate": epoch.learning_rate,
        "clips_per_s": epoch.clips_per_s,
    }
    return {name: value for name, value in figures.items() if value is not None}


def _not_installed(name: str) -> PipelineError:
    return PipelineError(
        f"`training.log_to` is `{name}`, which is not installed: run `pip install "
        f"'serloop[{name}]'`, or set it to `none`"
    )


def _ignore(epoch: "EpochSummary") -> None:
    """Tell nobody about an epoch."""
