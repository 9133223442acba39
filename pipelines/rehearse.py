"""Rehearse: what an ingest would do, without writing or decoding anything."""

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from pipelines.ingest import known_classes, new_reports
from pipelines.progress import Progress
from pipelines.readers import find_reader
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.shards import Source
from pipelines.survey import survey
from pipelines.workspace import has_warehouse, open_store
from ser.corpora.records import Unrecognised
from ser.paths import escape_path
from warehouse import Warehouse

BATCH_FILES = 1000
PATHS_SHOWN = 3


@dataclass(frozen=True)
class Rehearsal:
    """What an ingest would do.

    Args:
        corpus: Corpus name.
        paths: The files by what would happen to them: `new`, `changed`, `touched` (another time,
            the same bytes), `vanished`, `unreadable`, or the reason code of a file or row that
            would be reported without being opened.
        unchanged: Number of files that would not be opened.
    """

    corpus: str
    paths: dict[str, list[str]]
    unchanged: int

    def rows(self) -> Sequence[Row]:
        """Return one row per thing that would happen."""
        happening: list[Row] = [
            {
                "corpus": self.corpus,
                "files": len(paths),
                "would_be": kind,
                "such_as": ", ".join(paths[:PATHS_SHOWN]),
            }
            for kind, paths in sorted(self.paths.items())
        ]
        happening.append(
            {
                "corpus": self.corpus,
                "files": self.unchanged,
                "would_be": "left unopened",
                "such_as": None,
            }
        )
        return happening


def rehearse(
    settings: Settings,
    progress: Progress,
    *,
    corpus: str,
    root: Path,
    name: str | None = None,
    classes: tuple[str, ...] = (),
) -> Rehearsal:
    """Tell what an ingest of a folder would do; only files that seem changed are read.

    Args:
        settings: Where the warehouse is; none is created.
        progress: Where progress is shown.
        corpus: A name that `serloop corpora` lists.
        root: Folder (or manifest file) of the corpus.
        name: Name of your own corpus, for `manifest` and `folder`.
        classes: Classes of your own corpus, in order.

    Returns:
        The files by what would happen to them. Whether a new file decodes is not known before it
        is decoded.

    Raises:
        CorpusError: If the folder is not what the corpus needs.
    """
    reader = find_reader(corpus, root, name, classes)
    with _open_existing(settings) as store:
        known = known_classes(store, reader.info.name, classes) if store else ()
        reader = find_reader(corpus, root, name, known or classes)
        scan = reader.scan(root)
        found = survey(store, reader.info.name, scan)
        reports: Sequence[Unrecognised] = scan.unrecognised
        if store:
            reports = new_reports(store, reader.info.name, scan)
    paths: dict[str, list[str]] = {}
    for report in reports:
        paths.setdefault(report.reason, []).append(report.path)
    if found.vanished.num_rows:
        paths["vanished"] = found.vanished["path"].to_pylist()
    with progress.track(f"compare {reader.info.name}", found.changes.num_rows, "files") as advance:
        for source in (source for batch in found.batches(BATCH_FILES) for source in batch):
            kind = _what_happens(source, scan.folder / source.utterance.path)
            paths.setdefault(kind, []).append(escape_path(source.utterance.path))
            advance()
    return Rehearsal(reader.info.name, paths, found.unchanged)


def _open_existing(settings: Settings) -> AbstractContextManager[Warehouse | None]:
    return open_store(settings) if has_warehouse(settings) else nullcontext()


def _what_happens(source: Source, path: Path) -> str:
    if not source.is_known:
        return "new"
    try:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return "unreadable"
    return "touched" if sha256 in source.known else "changed"
