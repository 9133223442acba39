"""List the backups in a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.backup.manifest import Manifest
from pipelines.backup.vault import open_vault
from pipelines.runner import Row


@dataclass(frozen=True)
class Backups:
    """The backups in a folder, the newest last.

    Args:
        manifests: What each holds, by name.
    """

    manifests: dict[str, Manifest]

    def rows(self) -> Sequence[Row]:
        """Return one row per backup."""
        return [
            {
                "backup": name,
                "made_at": manifest.made_at,
                "catalog": manifest.kind,
                "snapshot": manifest.snapshot,
                "files": len(manifest.files),
                "bytes": manifest.size,
                "rows": sum(manifest.rows.values()),
                "missing_files": len(manifest.missing),
            }
            for name, manifest in self.manifests.items()
        ]


def list_backups(folder: Path) -> Backups:
    """Return the backups in a folder.

    Args:
        folder: Folder of backups.

    Raises:
        PipelineError: If it holds none, is being written to, or a manifest in it is damaged.
    """
    with open_vault(folder.expanduser().absolute(), writing=False) as vault:
        return Backups({name: vault.read(name) for name in vault.names()})
