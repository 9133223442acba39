"""How fast new clips and further votes are priced together, against cleanlab's ActiveLab.

`python -m tests.benchmarks.votes_or_clips` scores 10,000 clips with 3 votes each of 500 annotators
and 20,000 clips without any, 8 classes, from the same votes and the same posteriors of one model,
on one thread: `ModelAided` and `worth_of_votes` in turn with `get_active_learning_scores` of
cleanlab (`pip install cleanlab`; AGPL, so it is used here and nowhere else). What each side makes
of the vote table beforehand, a `VoteMatrix` and an array of clips by annotators, is measured apart
and then within.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from annotation.aggregation.model_aided import ModelAided
from annotation.clips.expected_gain import average_confusion
from annotation.sampling.worth import worth_of_votes
from annotation.simulate import SimulatedAnnotators
from annotation.testing import fill_votes
from annotation.votes import VoteMatrix, build_vote_matrix

CLASSES = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
VOTES, RUNS = 3, 5


@dataclass(frozen=True)
class Pool:
    """What both sides are given: votes on the first clips, and a model's word on all."""

    table: pa.Table
    model: np.ndarray
    labelled: int


def say(*words: object) -> None:
    """Print at once."""
    print(*words, flush=True)  # noqa: T201 - a benchmark's output is its result


def make_pool(labelled: int, annotators: int, unlabelled: int, seed: int = 0) -> Pool:
    """Draw votes of listeners who err as those of CREMA-D do, and a model right on half."""
    rng = np.random.default_rng(seed)
    clips = labelled + unlabelled
    truth = rng.integers(len(CLASSES), size=clips)
    heard = rng.standard_normal((clips, len(CLASSES)))
    heard[np.arange(clips), truth] += 1.5
    people = SimulatedAnnotators.recruit(annotators, CLASSES, seed=seed)
    who = rng.random((labelled, annotators)).argsort(axis=1)[:, :VOTES]
    steps = people.confusion[who, truth[:labelled, None]].cumsum(axis=-1)[..., :-1]
    said = (steps <= rng.random((labelled, VOTES, 1))).sum(axis=-1)
    table = fill_votes(
        {
            "clip_id": np.repeat([f"clip-{clip:06d}" for clip in range(labelled)], VOTES).tolist(),
            "annotator": [people.annotators[index] for index in who.ravel()],
            "label": [CLASSES[index] for index in said.ravel()],
        }
    )
    return Pool(table, softmax(1.5 * heard, axis=1), labelled)


def price(pool: Pool, votes: VoteMatrix) -> np.ndarray:
    """Return what the next vote is worth on every clip, ours."""
    consensus = ModelAided(opinion=pool.model[: pool.labelled]).aggregate(votes)
    posterior = np.concatenate((consensus.posterior, pool.model[pool.labelled :]))
    had = np.zeros(len(posterior), np.int64)
    had[: pool.labelled] = consensus.votes
    return worth_of_votes(posterior, average_confusion(consensus), had)


def spread_out(votes: VoteMatrix) -> np.ndarray:
    """Return the votes as cleanlab reads them: clips by annotators, NaN where nobody voted."""
    clips, annotators, _ = votes.shape
    array = np.full((clips, annotators), np.nan)
    array[votes.clip_index, votes.annotator_index] = votes.label_index
    return array


def measure(act: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of one run, and what it gave."""
    started = time.perf_counter()
    found = act()
    return time.perf_counter() - started, found


def compare(pool: Pool) -> None:
    """Print seconds of both and their ratio."""
    from cleanlab.multiannotator import get_active_learning_scores

    built = [measure(lambda: build_vote_matrix(pool.table, CLASSES)) for _ in range(RUNS)]
    votes = built[0][1]
    priced = [measure(lambda: price(pool, votes)) for _ in range(RUNS)]
    building, pricing = (float(np.median([run[0] for run in runs])) for runs in (built, priced))
    spreading, array = measure(lambda: spread_out(votes))
    asked = (array, pool.model[: pool.labelled].copy(), pool.model[pool.labelled :].copy())
    scoring, _ = measure(lambda: get_active_learning_scores(*asked))
    say(f"serloop   {pricing:8.3f} s, and {building:.3f} s for the vote matrix (median of {RUNS})")
    say(f"cleanlab  {scoring:8.3f} s, and {spreading:.3f} s for the array (one run)")
    within = (scoring + spreading) / (pricing + building)
    say(f"ratio     {scoring / pricing:8.1f}×, {within:.1f}× with what is made of the table")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labelled", type=int, default=10_000, help="Clips with votes.")
    parser.add_argument("--annotators", type=int, default=500, help="People who voted.")
    parser.add_argument("--unlabelled", type=int, default=20_000, help="Clips without votes.")
    given = parser.parse_args()
    threadpool_limits(1)
    pool = make_pool(given.labelled, given.annotators, given.unlabelled)
    try:
        compare(pool)
    except ImportError as error:
        say(f"{error}; install the peer with `pip install cleanlab`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
