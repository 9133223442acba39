"""The measured inputs of `infra/decisions/0005-scale.md`, printed with what follows from them.

`python -m tests.benchmarks.scaling --files 10000` ingests an enlarged RAVDESS with one process and
with two, into new warehouses, and looks at what lies there: bytes by table, files, catalog rows.
It then asks for the same folder again, and commits small batches into a warehouse of its own to
see what a commit costs as files add up. The last lines compute a million clips of 3.6 s.
"""

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from statistics import median

from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.benchmarks.corpora import Corpus, enlarge, find_corpora
from tests.benchmarks.whole import Cost, run_ingest, warm_up
from warehouse import open_warehouse, queries, write_shard
from warehouse.testing import make_rows

MILLION = 1_000_000
HOURS = 1000
BATCH = 128
COMMITS = (10, 50, 100, 200, 400, 800)
Warehoused = Mapping[str, float]


def measure_rates(corpus: Corpus, folder: Path, rounds: int) -> dict[int, list[Cost]]:
    """Ingest with one process and with two in turn; the last warehouse of two stays."""
    warm_up(corpus)
    costs: dict[int, list[Cost]] = {1: [], 2: []}
    for number in range(rounds):
        for processes, runs in costs.items():
            home = folder / f"home-{processes}-{number}"
            runs.append(run_ingest(corpus, home, processes=processes))
    for processes, runs in costs.items():
        say(
            f"{processes} process(es)",
            f"{median(c.whole_rate for c in runs):.1f} clips/s whole, "
            f"{median(c.own_rate for c in runs):.1f} after start-up, "
            f"peak of one process {max(c.peak_mb for c in runs):.0f} MB",
        )
    speed_up = [b.own_rate / a.own_rate for a, b in zip(costs[1], costs[2], strict=True)]
    say("2 processes over 1", f"{median(speed_up):.2f} times ({min(speed_up):.2f} at least)")
    return costs


def measure_rerun(corpus: Corpus, home: Path) -> None:
    """Ingest the same folder again: nothing is new."""
    cost = run_ingest(corpus, home, processes=2)
    say("nothing new", f"{cost.wall_s:.2f} s whole, {cost.own_s:.2f} s own, {cost.peak_mb:.0f} MB")


def describe(home: Path) -> Warehoused:
    """Print and return what a warehouse holds per hour of audio and per 1,000 clips."""
    settings = Settings(home=home)
    with open_store(settings) as store:
        clips = queries.select_clips(store)
    hours = sum(clips["duration_s"].to_pylist()) / 3600
    thousands = clips.num_rows / 1000
    found: dict[str, float] = {}
    for table in sorted((Path(settings.data_path) / "main").iterdir()):
        files = [path for path in table.rglob("*") if path.is_file()]
        found[f"{table.name} MB/h"] = sum(path.stat().st_size for path in files) / hours / 1e6
        found[f"{table.name} files/1000"] = len(files) / thousands
    found["catalog MB/1000"] = Path(settings.catalog).stat().st_size / thousands / 1e6
    found["catalog rows/1000"] = count_catalog_rows(Path(settings.catalog)) / thousands
    say("audio", f"{clips.num_rows} clips, {hours:.2f} h")
    for name, value in found.items():
        say(name, f"{value:.2f}")
    return found


def count_catalog_rows(catalog: Path) -> int:
    """Return the rows of all tables of a SQLite catalog."""
    with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        # Names come from the catalog itself.
        counts = [
            connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for (name,) in names
        ]
    return sum(counts)


def measure_commits(folder: Path, commits: int) -> list[tuple[int, float]]:
    """Commit small batches and return (batches so far, seconds of a commit there)."""
    points = []
    with open_warehouse(str(folder / "catalog.sqlite"), str(folder / "data")) as store:
        taken: list[float] = []
        for number, (rows, signals) in enumerate(_batches(commits), start=1):
            shards = [write_shard(store.data_path, *item) for item in signals.items()]
            started = time.perf_counter()
            store.commit(rows, shards=shards, message="scale")
            taken.append(time.perf_counter() - started)
            if number in COMMITS:
                points.append((number, median(taken[-10:])))
                files = sum(1 for _ in (folder / "data").rglob("*.parquet"))
                say(f"commit at {number}", f"{1000 * points[-1][1]:.0f} ms, {files} files")
        started = time.perf_counter()
        rows_there = queries.count_rows(store)["clips"]
        say("count all tables", f"{time.perf_counter() - started:.2f} s, {rows_there} clips")
    return points


def _batches(commits: int) -> Iterator[tuple[dict, dict]]:
    """Yield the rows and signals of small batches in the order of an ingest, without the audio."""
    for number in range(commits):
        first = number * BATCH
        native = [f"{clip:08d}" for clip in range(first, first + BATCH)]
        ids = [f"scale/{name}" for name in native]
        corpus = ["scale"] * BATCH
        rows = {
            "clips": make_rows("clips", clip_id=ids, corpus=corpus, native_id=native, path=native),
            "sources": make_rows("sources", corpus=corpus, path=native),
        }
        signals = {
            "waveforms": make_rows("waveforms", clip_id=ids),
            "features": make_rows("features", clip_id=ids, feature_set=["-"] * BATCH),
        }
        yield rows, signals


def project(costs: dict[int, list[Cost]], found: Warehoused, points: list[tuple[int, float]]):
    """Print what a million clips and a thousand hours come to."""
    rate = median(cost.own_rate for cost in costs[2])
    say("--", f"{MILLION:,} clips, {HOURS:,} h")
    say("time, 2 processes", f"{MILLION / rate / 3600:.2f} h")
    for name, value in found.items():
        kind, _, unit = name.partition(" ")
        if unit == "MB/h":
            say(f"{kind} GB", f"{value * HOURS / 1e3:.1f}")
        else:
            say(f"{kind} {unit.removesuffix('/1000')}", f"{value * MILLION / 1000:,.0f}")
    if len(points) > 1:
        (early, fast), (late, slow) = points[0], points[-1]
        per_batch = max(0.0, (slow - fast) / (late - early))
        batches = MILLION / BATCH
        total = batches * fast + per_batch * batches**2 / 2
        last = fast + per_batch * batches
        say("commits", f"{batches:,.0f} in {total / 3600:.2f} h, the last in {last:.2f} s")


def say(name: str, text: str) -> None:
    """Print one line."""
    print(f"{name:<28}{text}", flush=True)  # noqa: T201 - a benchmark's output is its result


def main() -> int:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--commits", type=int, default=max(COMMITS))
    given = parser.parse_args()
    corpora = find_corpora()
    if not corpora:
        say("no corpus there", "set SERLOOP_DATA")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = enlarge(corpora[0], given.files, folder)
        costs = measure_rates(corpus, folder, given.rounds)
        home = folder / f"home-2-{given.rounds - 1}"
        found = describe(home)
        measure_rerun(corpus, home)
        (folder / "commits").mkdir()
        points = measure_commits(folder / "commits", given.commits)
        project(costs, found, points)
    return 0


if __name__ == "__main__":
    sys.exit(main())
