"""Survey: which files of a corpus are new, changed or gone, told by size and time alone."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipelines.shards import Source
from ser.corpora.records import Scan, Utterance
from ser.paths import escape_path
from warehouse import TABLES, Warehouse, queries


@dataclass(frozen=True, eq=False)
class Survey:
    """What has to be looked into; nothing was opened yet.

    Args:
        utterances: Every file of the scan.
        seen: Path, size and time of each, one row per utterance.
        changes: What `queries.compare_sources` says about those whose size or time is new.
        vanished: Rows of `sources` for the files that are gone.
    """

    utterances: Sequence[Utterance]
    seen: pa.Table
    changes: pa.Table
    vanished: pa.Table

    @property
    def unchanged(self) -> int:
        """Number of files left alone."""
        return len(self.utterances) - int(self.changes.num_rows)

    def batches(self, size: int) -> Iterator[tuple[Source, ...]]:
        """Yield the files to look into, in the scan's order, so that a resumed run cuts alike.

        Args:
            size: Files per batch.
        """
        for start in range(0, self.changes.num_rows, size):
            rows = self.changes.slice(start, size).to_pylist()
            found = self.seen.take([row["position"] for row in rows])
            sizes, times = found["source_bytes"].to_pylist(), found["source_mtime_ns"].to_pylist()
            yield tuple(
                Source(
                    utterance=self.utterances[row["position"]],
                    size=size_bytes,
                    mtime_ns=mtime_ns,
                    known=tuple(row["contents"]),
                    observation=row["observation"],
                    revision=row["revision"],
                    is_known=row["is_known"],
                )
                for row, size_bytes, mtime_ns in zip(rows, sizes, times, strict=True)
            )


def survey(store: Warehouse | None, corpus: str, scan: Scan) -> Survey:
    """Compare the files of a scan with what the warehouse knows.

    Args:
        store: The warehouse; None while there is none, when every file is new.
        corpus: Corpus name.
        scan: The files there are.
    """
    return _compare(store, corpus, scan.folder, scan.utterances)


def survey_again(
    store: Warehouse, corpus: str, folder: Path, utterances: Sequence[Utterance]
) -> tuple[Source, ...]:
    """Return what is left to do of a batch after another run has done a part of it.

    Args:
        store: The warehouse.
        corpus: Corpus name.
        folder: What the utterances' paths are relative to.
        utterances: The batch.
    """
    found = _compare(store, corpus, folder, utterances)
    return next(found.batches(len(utterances)), ())


def _compare(
    store: Warehouse | None, corpus: str, folder: Path, utterances: Sequence[Utterance]
) -> Survey:
    seen = _look(folder, utterances)
    if store is None:
        return Survey(utterances, seen, _all_new(len(utterances)), TABLES["sources"].empty())
    return Survey(
        utterances,
        seen,
        queries.compare_sources(store, corpus, seen),
        queries.compare_vanished(store, corpus, seen),
    )


def _all_new(count: int) -> pa.Table:
    nothing = pa.ListArray.from_arrays(np.zeros(count + 1, np.int32), pa.array([], pa.string()))
    return pa.table(
        {
            "position": np.arange(count),
            "is_known": pa.array(np.zeros(count, bool)),
            "contents": nothing,
            "observation": np.ones(count, np.int32),
            "revision": np.ones(count, np.int32),
        }
    )


def _look(folder: Path, utterances: Sequence[Utterance]) -> pa.Table:
    root = os.fspath(folder)
    stats = np.array([_stat(f"{root}/{u.path}") for u in utterances], np.int64).reshape(-1, 2)
    return pa.table(
        {
            "position": pa.array(range(len(utterances)), pa.int64()),
            "path": pa.array([escape_path(u.path) for u in utterances], pa.string()),
            "native_id": pa.array([u.native_id for u in utterances], pa.string()),
            "source_bytes": np.ascontiguousarray(stats[:, 0]),
            "source_mtime_ns": np.ascontiguousarray(stats[:, 1]),
        }
    )


def _stat(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116 - a million Path objects cost more than the calls
    except OSError:
        # A dangling link or an unreadable folder: decoding meets it again and says why.
        return 0, 0
    return status.st_size, status.st_mtime_ns
