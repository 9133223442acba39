"""Maintain: remove what killed runs left behind, and merge small files."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.fitting import TRAINING_SUFFIX
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.files import UNFINISHED
from warehouse.maintenance import merge_files, sweep_files, sweep_spills

GRACE_S = 86400.0


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
        snapshot: Snapshot afterwards.
    """

    is_dry_run: bool
    files: int
    file_bytes: int
    young: int
    young_bytes: int
    leftovers: int
    merged: int
    snapshot: int

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
                "snapshot": self.snapshot,
            }
        ]


def maintain(
    settings: Settings,
    progress: Progress,
    *,
    dry_run: bool = False,
    grace_s: float = GRACE_S,
    merge: bool = False,
) -> MaintainResult:
    """Remove what killed runs left behind; what any snapshot names stays.

    Args:
        settings: Where the warehouse is.
        progress: Where progress is shown.
        dry_run: Whether to remove and merge nothing.
        grace_s: Age in seconds under which files are kept; 0 only while nothing else runs.
        merge: Whether to merge small files, too.

    Returns:
        What was found.

    Raises:
        WarehouseError: If the warehouse cannot be opened, or other writers keep it busy.
    """
    with open_store(settings) as store, progress.track("maintain", 3, "steps") as advance:
        merged = merge_files(store, grace_s=grace_s) if merge and not dry_run else 0
        advance()
        sweep = sweep_files(store, grace_s=grace_s, dry_run=dry_run)
        advance()
        leftovers = [
            *sweep_spills(grace_s=grace_s, dry_run=dry_run),
            *sweep_weights(settings.artifacts, grace_s=grace_s, dry_run=dry_run),
        ]
        advance()
        return MaintainResult(
            is_dry_run=dry_run,
            files=len(sweep.removed),
            file_bytes=sum(file.size for file in sweep.removed),
            young=len(sweep.young),
            young_bytes=sum(file.size for file in sweep.young),
            leftovers=len(leftovers),
            merged=merged,
            snapshot=store.snapshot,
        )


def sweep_weights(folder: Path, *, grace_s: float, dry_run: bool) -> list[Path]:
    """Remove what killed trainings left: half-written weights, and states nobody resumed.

    Args:
        folder: Folder of trained models.
        grace_s: Age in seconds under which files are kept.
        dry_run: Whether to remove nothing.

    Returns:
        The files removed or, in a dry run, to be removed.
    """
    newest = time.time() - grace_s
    endings = (UNFINISHED, TRAINING_SUFFIX)
    old = sorted(
        path
        for path in folder.glob("*")
        if path.name.endswith(endings) and path.stat().st_mtime <= newest
    )
    if not dry_run:
        for path in old:
            path.unlink(missing_ok=True)
    return old
