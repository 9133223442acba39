"""The warehouse, the weights it names, and the backups of both."""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.backup.vault import Vault
from pipelines.doctor.finding import Finding
from pipelines.doctor.gate import check_gate
from pipelines.errors import PipelineError
from pipelines.settings import Settings
from pipelines.workspace import has_warehouse, open_store
from warehouse import queries
from warehouse.errors import WarehouseError

# Nightly, so that two in a row failed.
OLD_D = 2.5


def check_warehouse(settings: Settings) -> Iterator[Finding]:
    """Open the warehouse, run its data checks, and look for weights and what the gate needs."""
    if not has_warehouse(settings):
        yield Finding("warehouse", "note", "there is none yet", "`serloop ingest` makes it")
        return
    try:
        with open_store(settings) as store:
            failed, snapshot = store.check(), store.snapshot
            models = queries.select_models(store).to_pylist()
            gate = list(check_gate(store, settings, models))
    except (WarehouseError, PipelineError) as error:
        yield Finding("warehouse", "broken", str(error), "check SERLOOP_WAREHOUSE__CATALOG")
        return
    yield Finding("warehouse", "ok", f"opens, snapshot {snapshot}")
    yield from _check_weights(settings, models)
    yield from gate
    for check in failed:
        yield Finding(
            f"check {check.name}",
            "broken",
            f"{check.rows.num_rows} rows: {check.purpose}",
            "see the rows with `serloop status --json`",
        )


def _check_weights(settings: Settings, models: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    gone = [
        row["model_id"] for row in models if not (settings.artifacts / row["artifact"]).exists()
    ]
    if gone:
        yield Finding(
            "weights",
            "note",
            f"{len(gone)} of {len(models)} models have none in `{settings.artifacts}`, such as "
            f"`{gone[0]}`",
            "bring them back with `serloop restore`, or train them again",
        )


def check_backup(settings: Settings) -> Iterator[Finding]:
    """See whether backups are made, where, and when the last one was."""
    folder = settings.maintenance.backup
    if not has_warehouse(settings):
        return
    if folder is None:
        yield Finding(
            "backup",
            "note",
            "`maintenance.backup` is not set: nightly upkeep makes none",
            "set SERLOOP_MAINTENANCE__BACKUP to a folder on another disk",
        )
        return
    near = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not near.is_dir() or not os.access(near, os.W_OK):
        yield Finding(
            "backup",
            "broken",
            f"`{near}` is no writable folder",
            "set SERLOOP_MAINTENANCE__BACKUP to one",
        )
        return
    yield _find_last(folder)
    home = settings.home
    if home.exists() and near.stat().st_dev == home.stat().st_dev:
        yield Finding(
            "backup disk",
            "note",
            f"`{folder}` lies on the same disk as the home, and dies with it",
            "set SERLOOP_MAINTENANCE__BACKUP to a folder on another disk",
        )


def _find_last(folder: Path) -> Finding:
    names = Vault(folder).names()
    if not names:
        return Finding("backup", "note", f"there is none in `{folder}` yet", "run `serloop backup`")
    try:
        made_at = Vault(folder).read(names[-1]).made_at
    except PipelineError as error:
        return Finding("backup", "broken", str(error), "back up again with `serloop backup`")
    age_d = (datetime.now(UTC) - datetime.fromisoformat(made_at)).total_seconds() / 86400
    detail = f"the last of {len(names)} in `{folder}` was made {made_at}"
    if age_d <= OLD_D:
        return Finding("backup", "ok", detail)
    # Nothing is written anew where nothing has changed.
    remedy = "if the warehouse has changed since, see why nightly upkeep does not run"
    return Finding("backup", "note", f"{detail}, {age_d:.0f} days ago", remedy)
