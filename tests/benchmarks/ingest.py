"""Ingest against named peers: whole processes, taken in turn in one run.

`make bench` prints one table: clips per second of `serloop ingest` (read, check, decode, trim,
measure, log-mel, write and commit into a new warehouse), of the loop most people write, with and
without writing its results, of lhotse's recipe, and of the floor (decode, resample, one transform
and mel product; see `tests/benchmarks/peers/`). One thread per process, unless a peer is faster
with its default. Ratios are medians over the rounds; `own` leaves out start-up and imports.
`unwritten` is the plain loop that forgets its results.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.benchmarks.corpora import Corpus, enlarge, find_corpora, sample
from tests.benchmarks.whole import Cost, ingest_afresh, run_peer, warm_up

PROCESSES = 2
# Start-up decides on a small corpus, so some are enlarged: title → files of each format.
ENLARGED = {"RAVDESS 16 kHz": {".flac": 10000}, "RAVDESS 48 kHz": {".flac": 2000, ".wav": 2000}}
PEERS = ("plain", "unwritten", "lhotse", "floor")
Competitor = Callable[[Corpus, int | None], Cost]


def ours(corpus: Corpus, threads: int | None) -> Cost:  # noqa: ARG001
    """Run `serloop ingest`."""
    return ingest_afresh(corpus, processes=PROCESSES)


def plain(corpus: Corpus, threads: int | None) -> Cost:
    """Run the plain loop with a file per clip."""
    with tempfile.TemporaryDirectory() as out:
        return run_peer("plain_loop", corpus.root, out, threads=threads)


def unwritten(corpus: Corpus, threads: int | None) -> Cost:
    """Run the plain loop and forget its results."""
    return run_peer("plain_loop", corpus.root, threads=threads)


def lhotse(corpus: Corpus, threads: int | None) -> Cost:
    """Run lhotse's recipe."""
    with tempfile.TemporaryDirectory() as out:
        return run_peer("lhotse_recipe", corpus.root, out, PROCESSES, threads=threads)


def floor(corpus: Corpus, threads: int | None) -> Cost:  # noqa: ARG001
    """Run the floor."""
    return run_peer("floor", corpus.root, PROCESSES)


# Threads to try; the peer's better choice counts.
FIELD: dict[str, tuple[Competitor, tuple[int | None, ...]]] = {
    "serloop": (ours, (1,)),
    "plain": (plain, (1, None)),
    "unwritten": (unwritten, (1, None)),
    "lhotse": (lhotse, (1, None)),
    "floor": (floor, (1,)),
}


def compare(corpus: Corpus, rounds: int) -> dict[str, list[Cost]]:
    """Run everybody in turn, each with the threads that suit it, and return what they took."""
    warm_up(corpus)
    costs: dict[str, list[Cost]] = {}
    best: dict[str, int | None] = {}
    for name, (run, choices) in FIELD.items():
        trials = {threads: run(corpus, threads) for threads in choices}
        best[name] = min(trials, key=lambda threads: trials[threads].wall_s)
        costs[name] = [trials[best[name]]]
        check(corpus, name, costs[name][0])
    for _ in range(rounds - 1):
        for name, (run, _) in FIELD.items():
            costs[name].append(run(corpus, best[name]))
    return costs


def check(corpus: Corpus, name: str, cost: Cost) -> None:
    """Make sure that nobody is fast because files were left out."""
    if cost.clips != len(corpus.files):
        raise RuntimeError(
            f"{corpus.title}: {name} prepared {cost.clips} of {len(corpus.files)} files"
        )


def show(corpus: Corpus, costs: dict[str, list[Cost]]) -> None:
    """Print two lines: the whole process, and after start-up."""
    views = {"whole": lambda cost: cost.whole_rate, "own": lambda cost: cost.own_rate}
    for view, rate in views.items():
        rates = {name: [rate(cost) for cost in runs] for name, runs in costs.items()}
        cells = [f"{median(rates[name]):.1f}" for name in FIELD]
        ratios = []
        for peer in PEERS:
            each = [a / b for a, b in zip(rates["serloop"], rates[peer], strict=True)]
            ratios.append(f"{median(each):.2f} ({min(each):.2f}-{max(each):.2f})")
        say(corpus.title, len(corpus.files), view, cells, ratios)


def say(title: str, clips: object, clock: str, rates: list[str], ratios: list[str]) -> None:
    """Print one line of the table."""
    cells = [f"{rate:>12}" for rate in rates] + [f"{ratio:>19}" for ratio in ratios]
    print(f"{title:<20}{clips:>6}  {clock:<5}", *cells, sep="", flush=True)  # noqa: T201


@contextmanager
def made(corpora: list[Corpus], *, size: int | None, scale: float) -> Iterator[Iterator[Corpus]]:
    """Give the corpora to run on, one after the other, in a folder that is removed at the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def each() -> Iterator[Corpus]:
            for corpus in corpora:
                yield sample(corpus, size, folder) if size else corpus
            for corpus in corpora:
                for suffix, files in ENLARGED.get(corpus.title, {}).items():
                    if count := round(files * scale):
                        yield enlarge(corpus, count, folder, suffix)

        yield each()


def main() -> int:
    """Compare on every corpus there is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sample", type=int, help="Files taken of each corpus.")
    parser.add_argument("--scale", type=float, default=1.0, help="Share of the enlarged corpora.")
    parser.add_argument("--only", default="", help="Part of the title of a corpus.")
    given = parser.parse_args()
    corpora = [corpus for corpus in find_corpora() if given.only in corpus.title]
    if not corpora:
        print("no corpus there; set SERLOOP_DATA")  # noqa: T201
        return 1
    say("", "clips", "clock", [f"{n}/s" for n in FIELD], [f"ours/{peer}" for peer in PEERS])
    with made(corpora, size=given.sample, scale=given.scale) as each:
        for corpus in each:
            show(corpus, compare(corpus, given.rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
