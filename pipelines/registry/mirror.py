"""Tell MLflow's registry what ours says, for a team that looks there.

The only module of the registry that knows MLflow, an optional extra, loaded when
`training.log_to` asks for it. What our own registry says stands, whether MLflow hears of it or not.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipelines.errors import PipelineError
from pipelines.registry.states import Line, read_line
from pipelines.settings import Settings
from warehouse import Warehouse, queries

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

CHAMPION = "champion"
LOG = logging.getLogger(__name__)


def mirror_line(settings: Settings, store: Warehouse, line: str) -> None:
    """Bring MLflow's registry up to date with a line, where trainings are logged to MLflow.

    The line is a registered model, each of its models that anything happened to a version with
    its state, reason, decision and the SHA-256 of its weights as tags, and the alias `champion`
    leads to the champion. Everything is told that MLflow does not know yet, so what it missed
    while it was away is made up for by the next change. A MLflow that cannot be reached is
    warned of in the log: the change has been made before, and nobody should have to wait for it.

    Args:
        settings: Whether and where to log, see `training.log_to` and `training.log_place`.
        store: The warehouse.
        line: The line.

    Raises:
        PipelineError: If MLflow is asked for and not installed.
    """
    if settings.training.log_to != "mlflow":
        return
    try:
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - an extra
        from mlflow.tracking import MlflowClient  # noqa: PLC0415
    except ImportError as error:
        raise PipelineError(
            f"line `{line}` is changed, but MLflow was not told, for it is not installed: run "
            "`pip install 'serloop[mlflow]'`, or set `training.log_to` to `none`"
        ) from error
    models = {row["model_id"]: row for row in queries.select_models(store).to_pylist()}
    try:
        _tell(MlflowClient(tracking_uri=_place(settings)), read_line(store, line), models, settings)
    except MlflowException as error:
        LOG.warning(
            "line `%s` is changed, but MLflow was not told: %s; the next change of the line tells "
            "it everything",
            line,
            error,
        )


def _tell(
    client: "MlflowClient", line: Line, models: Mapping[str, Mapping[str, Any]], settings: Settings
) -> None:
    """Make the registered model of a line say what the line says."""
    if not client.search_registered_models(f"name = '{line.name}'"):
        client.create_registered_model(line.name)
    versions = {
        of.tags.get("model_id"): of.version
        for of in client.search_model_versions(f"name = '{line.name}'")
    }
    last = {change.model_id: change for change in line.transitions}
    for model_id, state in line.states().items():
        model = models.get(model_id, {})
        if model_id not in versions:
            source = settings.artifacts / str(model.get("artifact", model_id))
            made = client.create_model_version(
                line.name, source=str(source.resolve()), tags={"model_id": model_id}
            )
            versions[model_id] = made.version
        change = last[model_id]
        tags = {
            "state": state,
            "reason": change.reason,
            "gate_id": change.gate_id or "",
            "actor": change.actor,
            "artifact_sha256": str(model.get("artifact_sha256", "")),
        }
        for name, value in tags.items():
            client.set_model_version_tag(line.name, versions[model_id], name, value)
    if line.champion is not None:
        client.set_registered_model_alias(line.name, CHAMPION, versions[line.champion])


def _place(settings: Settings) -> str:
    """Return where trainings are logged."""
    given = settings.training.log_place
    if given is not None:
        return str(given)
    folder = settings.home.resolve() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'mlflow.db'}"
