"""Maintain: sweep what killed runs left, merge small files, let old snapshots go, back up."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.backup.make import BackupResult
from pipelines.backup.make import backup as make_backup
from pipelines.models import PRETRAINED_SUFFIX, TRAINING_SUFFIX
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.files import UNFINISHED
from warehouse import Warehouse
from warehouse.maintenance import merge_files, sweep_files, sweep_spills
from warehouse.snapshots import Expiry, expire_snapshots

GRACE_S = 86400.0
DAY_S = 86400.0
NONE_EXPIRED = Expiry((), (), ())


@dataclass(frozen=True)
class MaintainResult:
    """What one call found.

    Args:
        is_dry_run: Whether everything was left as it was.
        files: Data files that no snapshot names, removed.
        file_bytes: Their bytes.
        young: Data files that no snapshot names and that are kept: they may belong to a run that
            is going on.
        young_bytes: Their bytes.
        leftovers: Half-written weights, trainings that were killed and not resumed, and folders
            that queries spilled to, removed.
        merged: Small files merged into larger ones.
        expired: Snapshots that nobody needed any more, expired.
        needed: Snapshots that are kept for ever: a model, an evaluation, a consensus or another row
            was made from them.
        snapshot: Snapshot afterwards.
        backup: What was backed up, if anything.
    """

    is_dry_run: bool
    files: int
    file_bytes: int
    young: int
    young_bytes: int
    leftovers: int
    merged: int
    expired: int
    needed: int
    snapshot: int
    backup: BackupResult | None = None

    def rows(self) -> Sequence[Row]:
        """Return one row."""
        return [
            {
                "done": "nothing, this was a dry run" if self.is_dry_run else "removed",
                "stray_files": self.files,
                "stray_bytes": self.file_bytes,
                "kept_files": self.young,
                "kept_bytes": self.young_bytes,
                "leftovers": self.leftovers,
                "merged_files": self.merged,
                "expired_snapshots": self.expired,
                "needed_snapshots": self.needed,
                "snapshot": self.snapshot,
                "backup": self.backup.name if self.backup else None,
            }
        ]


def maintain(
    settings: Settings,
    progress: Progress,
    *,
    dry_run: bool = False,
    grace_s: float = GRACE_S,
    merge: bool = True,
    expire: bool = True,
    backup: bool = True,
) -> MaintainResult:
    """Remove what killed runs left behind and nobody needs; every model can still be reproduced.

    Args:
        settings: Where the warehouse is, how long snapshots are kept, where backups go.
        progress: Where progress is shown.
        dry_run: Whether to remove, merge and back up nothing, and only say what would go.
        grace_s: Age in seconds under which files and snapshots are kept; 0 only while nothing else
            runs.
        merge: Whether to merge small files, too.
        expire: Whether to let snapshots go that are older than `maintenance.keep_snapshots_d` and
            that no row names.
        backup: Whether to back up afterwards, if `maintenance.backup` names a folder.

    Returns:
        What was found.

    Raises:
        WarehouseError: If the warehouse cannot be opened, or other writers keep it busy.
        PipelineError: If it cannot be backed up.
    """
    wants_backup = backup and not dry_run and settings.maintenance.backup is not None
    with open_store(settings) as store, progress.track("maintain", 4, "steps") as advance:
        expiry = _expire(settings, store, grace_s, dry_run=dry_run) if expire else NONE_EXPIRED
        advance()
        merged = merge_files(store, grace_s=grace_s) if merge and not dry_run else 0
        advance()
        sweep = sweep_files(store, grace_s=grace_s, dry_run=dry_run)
        advance()
        leftovers = [
            *sweep_spills(grace_s=grace_s, dry_run=dry_run),
            *sweep_weights(settings.artifacts, grace_s=grace_s, dry_run=dry_run),
        ]
        advance()
        snapshot = store.snapshot
    return MaintainResult(
        is_dry_run=dry_run,
        files=len(sweep.removed),
        file_bytes=sum(file.size for file in sweep.removed),
        young=len(sweep.young),
        young_bytes=sum(file.size for file in sweep.young),
        leftovers=len(leftovers),
        merged=merged,
        expired=len(expiry.expired),
        needed=len(expiry.needed),
        snapshot=snapshot,
        # Last, so that a full disk of backups never keeps this one from being swept.
        backup=make_backup(settings, progress) if wants_backup else None,
    )


def _expire(settings: Settings, store: Warehouse, grace_s: float, *, dry_run: bool) -> Expiry:
    # A run that is going on will name the snapshot it began with.
    keep_s = max(settings.maintenance.keep_snapshots_d * DAY_S, grace_s)
    return expire_snapshots(store, keep_s=keep_s, dry_run=dry_run)


def sweep_weights(folder: Path, *, grace_s: float, dry_run: bool) -> list[Path]:
    """Remove what trainings left: half-written weights, states nobody resumed, pretrained weights.

    Args:
        folder: Folder of trained models.
        grace_s: Age in seconds under which files are kept.
        dry_run: Whether to remove nothing.

    Returns:
        The files removed or, in a dry run, to be removed.
    """
    newest = time.time() - grace_s
    endings = (UNFINISHED, TRAINING_SUFFIX, PRETRAINED_SUFFIX)
    old = sorted(
        path
        for path in folder.glob("*")
        if path.name.endswith(endings) and path.stat().st_mtime <= newest
    )
    if not dry_run:
        for path in old:
            path.unlink(missing_ok=True)
    return old
