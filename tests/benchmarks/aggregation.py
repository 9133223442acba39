"""Aggregators against crowd-kit: seconds, their ratio, and the largest difference of posteriors.

`python -m tests.benchmarks.aggregation` draws 1,000,000 votes and gives them to both libraries as
integer codes already sorted (crowd-kit is faster on integers than on names; ours reads nothing
else), for equally many iterations from the same start. `--memory` prints what this package holds
at its peak for 1, 3 and 10 million votes, `--stream` the seconds of 1,000 new votes on the base.
"""

# ruff: noqa: T201 - a benchmark's output is its result

import argparse
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from crowdkit import aggregation as crowd_kit
from scipy import stats

from annotation.aggregation import (
    Aggregator,
    Consensus,
    DawidSkene,
    Glad,
    HierarchicalDawidSkene,
    Mace,
    OneCoinDawidSkene,
)
from annotation.aggregation.streaming import StreamingDawidSkene
from annotation.votes import VoteMatrix

CLASSES = ("anger", "calm", "fear", "joy")
VOTES_PER_CLIP = 5
ITERATIONS = 10
REPEATS = 5
Result = TypeVar("Result")


def draw(votes: int, *, annotators: int = 2000, seed: int = 0) -> VoteMatrix:
    """Draw votes of annotators whose accuracies differ and who err evenly."""
    rng = np.random.default_rng(seed)
    clips = votes // VOTES_PER_CLIP
    truth = rng.integers(len(CLASSES), size=clips)
    # Consecutive annotators from a random one on: distinct, and no (clips × annotators) draw.
    first = rng.integers(annotators, size=clips)
    who = np.sort((first[:, None] + np.arange(VOTES_PER_CLIP) * 37) % annotators, axis=1)
    skill = np.clip(rng.normal(0.75, 0.12, annotators), 0.2, 0.98)
    slip = rng.integers(1, len(CLASSES), size=who.shape)
    wrong = rng.random(who.shape) >= skill[who]
    label = (truth[:, None] + wrong * slip) % len(CLASSES)
    return VoteMatrix(
        tuple(f"clip-{number:08d}" for number in range(clips)),
        tuple(f"annotator-{number:05d}" for number in range(annotators)),
        CLASSES,
        np.repeat(np.arange(clips), VOTES_PER_CLIP),
        who.ravel(),
        label.ravel(),
        np.ones(who.size, np.int64),
        "audio",
    )


def to_frame(votes: VoteMatrix) -> pd.DataFrame:
    """Return the columns crowd-kit reads, as integers.

    Sorted by annotator and label, because crowd-kit's MACE numbers both by first appearance in
    one place and by size in another, and is right only where the two agree.
    """
    names = {
        "task": votes.clip_index,
        "worker": votes.annotator_index,
        "label": votes.label_index,
    }
    return pd.DataFrame(names).sort_values(["worker", "label"], ignore_index=True)


def start_of_crowd_kit(votes: VoteMatrix, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the random parameters crowd-kit's MACE starts from, in our order."""
    shape = (len(votes.annotators), len(votes.classes))
    draw_rows = stats.uniform(1, 1.5).rvs
    knowing = draw_rows(size=(shape[0], 2), random_state=0)
    strategy = draw_rows(size=shape, random_state=0)
    who, what = frame["worker"].unique(), frame["label"].unique()
    ours = {"knowing": np.empty_like(knowing), "strategy": np.empty_like(strategy)}
    ours["knowing"][who] = knowing / knowing.sum(axis=1, keepdims=True)
    ours["strategy"][np.ix_(who, what)] = strategy / strategy.sum(axis=1, keepdims=True)
    return ours


def measure(run: Callable[[], Result]) -> tuple[float, Result]:
    """Return the seconds of one run and its result."""
    started = time.perf_counter()
    result = run()
    return time.perf_counter() - started, result


def compare(
    name: str,
    votes: VoteMatrix,
    reference: Callable[[], pd.DataFrame],
    ours: Callable[[], Consensus],
) -> None:
    """Print seconds of both, their ratio, and how far the posteriors are apart."""
    theirs_s, frame = measure(reference)
    runs = [measure(ours) for _ in range(REPEATS)]
    expected = frame.sort_index().sort_index(axis=1).to_numpy()
    difference = np.abs(expected - runs[0][1].posterior).max()
    times = sorted(seconds for seconds, _ in runs)
    print(
        f"{name:<12} {len(votes.count):>9,} votes   crowd-kit {theirs_s:8.2f} s   "
        f"serloop {times[0]:6.3f} s (median {times[len(times) // 2]:.3f})   "
        f"ratio {theirs_s / times[0]:7.1f}   posteriors within {difference:.0e}",
        flush=True,
    )


def against_crowd_kit(size: int, glad_size: int) -> None:
    """Compare the three methods both have, for equally many iterations."""
    votes = draw(size)
    frame = to_frame(votes)
    start = start_of_crowd_kit(votes, frame)
    steps = {"tolerance": 0.0, "max_iterations": ITERATIONS}
    compare(
        "dawid_skene",
        votes,
        lambda: crowd_kit.DawidSkene(n_iter=ITERATIONS, tol=-1).fit_predict_proba(frame),
        lambda: DawidSkene(smoothing=0.0, **steps).aggregate(votes),
    )
    compare(
        "mace",
        votes,
        lambda: crowd_kit.MACE(n_restarts=1, n_iter=ITERATIONS).fit_predict_proba(frame),
        lambda: Mace(**steps).aggregate_from(votes, **start),
    )
    few = draw(glad_size)
    compare(
        "glad",
        few,
        lambda: crowd_kit.GLAD(n_iter=1, m_step_max_iter=3, tol=-1).fit_predict_proba(
            to_frame(few)
        ),
        lambda: Glad(tolerance=0.0, max_iterations=1, gradient_steps=3).aggregate(few),
    )


def memory(sizes: tuple[int, ...]) -> None:
    """Print the peak of Python's allocations per vote; linear means the column is constant."""
    methods: list[Aggregator] = [
        DawidSkene(max_iterations=2),
        Mace(max_iterations=2),
        Glad(max_iterations=1, gradient_steps=1),
        HierarchicalDawidSkene(max_iterations=2),
        OneCoinDawidSkene(max_iterations=2),
    ]
    for size in sizes:
        votes = draw(size)
        for method in methods:
            tracemalloc.start()
            method.aggregate(votes)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            print(
                f"{method.name:<14} {size:>11,} votes   {peak / size:6.1f} bytes a vote", flush=True
            )


def to_table(votes: VoteMatrix, rows: np.ndarray) -> pa.Table:
    """Return some votes as rows of the ledger."""

    def column(names: tuple[str, ...], index: np.ndarray) -> pa.Array:
        return pa.DictionaryArray.from_arrays(index[rows], pa.array(names)).cast(pa.string())

    return pa.table(
        {
            "vote_id": [f"vote-{row}" for row in rows.tolist()],
            "clip_id": column(votes.clips, votes.clip_index),
            "annotator": column(votes.annotators, votes.annotator_index),
            "label": column(votes.classes, votes.label_index),
            "modality": pa.array(["audio"] * len(rows)),
            "count": pa.array(np.ones(len(rows), np.int32)),
            "source": pa.array(["bench"] * len(rows)),
        }
    )


def stream(size: int) -> None:
    """Print the seconds of 1,000 new votes on a base, three times, and the error at the end."""
    votes = draw(size + 3000)
    order = np.random.default_rng(1).permutation(size + 3000)
    state = StreamingDawidSkene(votes.classes)
    seconds, _ = measure(lambda: state.update(to_table(votes, np.sort(order[:size]))))
    print(f"first {size:,} votes in {seconds:.2f} s")
    for start in range(size, size + 3000, 1000):
        batch = to_table(votes, order[start : start + 1000])
        cpu_s = time.process_time()
        seconds, done = measure(lambda batch=batch: state.update(batch))
        cpu_s = time.process_time() - cpu_s
        print(f"1,000 more in {seconds:.3f} s (processor {cpu_s:.3f} s): {done}", flush=True)
    refit = DawidSkene(smoothing=1.0, tolerance=1e-7, max_iterations=3000).aggregate(votes)
    error = np.abs(state.consensus().posterior - refit.posterior).max()
    print(f"largest difference to a full refit {error:.1e}")


def main() -> int:
    """Run what the options name."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--votes", type=int, default=1_000_000)
    options.add_argument("--glad-votes", type=int, default=50_000, help="crowd-kit takes minutes")
    options.add_argument("--memory", action="store_true")
    options.add_argument("--stream", action="store_true")
    chosen = options.parse_args()
    if chosen.memory:
        memory((1_000_000, 3_000_000, 10_000_000))
    elif chosen.stream:
        stream(chosen.votes)
    else:
        against_crowd_kit(chosen.votes, chosen.glad_votes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
