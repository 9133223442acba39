"""What a backup holds: every file with its hash, and how many rows there were."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pipelines.errors import PipelineError
from warehouse.backup import Kind

FORMAT = 1
Part = Literal["catalog", "data", "home", "secret"]
LIVE = "live"
"""Folder of a home that holds people's voices."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a backup.

    Args:
        part: What it belongs to: the `catalog`; `data`, relative to the data path; `home`, relative
            to the home; `secret`, the same, and for its owner alone.
        path: Its name there, with `/`.
        sha256: SHA-256 of its bytes, in hex.
        size: Bytes.
        modified_ns: When it was last written, where files may change; else 0.
    """

    part: Part
    path: str
    sha256: str
    size: int
    modified_ns: int = 0

    @property
    def is_private(self) -> bool:
        """Return whether it is for its owner alone."""
        return self.part == "secret" or (self.part == "home" and self.path.startswith(f"{LIVE}/"))

    def __str__(self) -> str:
        """Return what people call it."""
        return f"{self.part} file `{self.path}`"


@dataclass(frozen=True)
class Manifest:
    """One backup.

    Args:
        made_at: When, in UTC, as ISO 8601.
        code_version: Version of serloop that made it.
        lake: Id of the lake.
        kind: What kind of database its catalog was copied from.
        snapshot: The newest snapshot.
        rows: Rows of each table then.
        files: Every file.
        missing: Files of models that the warehouse names and that were not there.
    """

    made_at: str
    code_version: str
    lake: str
    kind: Kind
    snapshot: int
    rows: Mapping[str, int]
    files: tuple[Entry, ...]
    missing: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files)

    def holds_the_same(self, other: "Manifest") -> bool:
        """Return whether both hold the same, whenever they were made."""
        return _contents(self) == _contents(other)

    def of(self, *parts: Part) -> Iterator[Entry]:
        """Yield the files of some parts."""
        return (entry for entry in self.files if entry.part in parts)


def _contents(manifest: Manifest) -> tuple[object, ...]:
    files = {(entry.part, entry.path, entry.sha256) for entry in manifest.files}
    return (manifest.lake, manifest.kind, manifest.snapshot, files, manifest.missing)


def write_manifest(manifest: Manifest) -> bytes:
    """Return a manifest as JSON, one file a line, the same bytes for the same manifest."""
    document = {"format": FORMAT, **asdict(manifest)}
    files = document.pop("files")
    head = json.dumps(document, indent=1)
    lines = ",\n  ".join(json.dumps(entry) for entry in files)
    return f'{head[:-2]},\n "files": [\n  {lines}\n ]\n}}\n'.encode()


def read_manifest(content: bytes) -> Manifest:
    """Return the manifest that was written.

    Raises:
        PipelineError: If a newer version of serloop wrote it.
    """
    document: dict[str, Any] = json.loads(content)
    written_as = document.pop("format", None)
    if written_as != FORMAT:
        raise PipelineError(
            f"the backup has format {written_as}, and this version of serloop reads {FORMAT}; "
            "restore it with the version that made it"
        )
    entries: Sequence[Mapping[str, Any]] = document.pop("files")
    missing = tuple(document.pop("missing"))
    return Manifest(**document, missing=missing, files=tuple(Entry(**entry) for entry in entries))
