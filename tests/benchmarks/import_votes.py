"""Importing a table of a million votes: seconds and memory, the first time and again.

`python -m tests.benchmarks.import_votes [ROWS]` writes a CSV of judgements, of which one in a
hundred has a label that is no class, imports it into a new warehouse, and imports it again.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from pipelines.import_votes import import_votes
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows

CLASSES = ("anger", "happiness", "neutral", "sadness")
EACH = 10


def write_votes(path: Path, rows: int, *, annotators: int = 2000, seed: int = 0) -> list[str]:
    """Write judgements and return the ids of the clips they are about."""
    rng = np.random.default_rng(seed)
    clip_ids = [f"demo/{number:07d}" for number in range(rows // EACH)]
    share = (0.3, 0.3, 0.2, 0.19, 0.01)
    columns = {
        "clip_id": pa.array(clip_ids).take(pa.array(np.repeat(np.arange(len(clip_ids)), EACH))),
        "annotator": np.char.mod("person-%04d", rng.integers(annotators, size=rows)),
        "label": np.array([*CLASSES, "rage"])[rng.choice(5, size=rows, p=share)],
        "lead_time_s": rng.normal(5, 2, size=rows).round(2),
    }
    pyarrow.csv.write_csv(pa.table(columns), path)
    return clip_ids


def main() -> None:
    """Import twice and print what it took."""
    rows = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.csv"
        clip_ids = write_votes(path, rows)
        settings = Settings(home=Path(folder) / "home")
        with open_store(settings) as store:
            known = {
                "corpora": make_rows(
                    "corpora", corpus=["demo"], taxonomy=["demo-4"], classes=[CLASSES]
                ),
                "clips": make_rows("clips", clip_id=clip_ids, corpus=["demo"] * len(clip_ids)),
            }
            store.commit(known, message="clips")
        for _ in range(2):
            begin = time.perf_counter()
            result = import_votes(
                settings, SilentProgress(), source="table", path=path, corpus="demo"
            )
            seconds = time.perf_counter() - begin
            print(f"{rows} rows: {seconds:.1f} s, {result.added} added, {result.quarantined}")  # noqa: T201
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MiB")  # noqa: T201


if __name__ == "__main__":
    main()
