"""How fast a batch is chosen, against scikit-activeml, and from a million clips.

`python -m tests.benchmarks.batches` chooses 200 of 10,000 clips by margin, entropy, k-centre greedy
(CoreSet) and BADGE, ours and scikit-activeml's (`pip install scikit-activeml`) in turn, on one
thread, from the same posteriors of 8 classes and embeddings of 128 numbers. `--clips 1000000` has
no peer: it prints seconds and the peak of memory of ours alone.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median

import numpy as np
from scipy.special import softmax

from annotation.sampling import STRATEGIES
from annotation.sampling.batches import BATCHES, Candidates, top
from ser.threads import use_threads

SIZE, CLASSES, NUMBERS, KNOWN = 200, 8, 128, 100
RUNS = 3
Choose = Callable[[], object]


def say(*words: object) -> None:
    """Print at once."""
    print(*words, flush=True)  # noqa: T201 - a benchmark's output is its result


def make_pool(clips: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return embeddings, the weights of a model of them, and its posteriors."""
    rng = np.random.default_rng(0)
    embeddings = rng.standard_normal((clips, NUMBERS), dtype=np.float32)
    weights = 0.1 * rng.standard_normal((NUMBERS, CLASSES), dtype=np.float32)
    return embeddings, weights, softmax((embeddings @ weights).astype(np.float64), axis=1)


def choose_ours(name: str, embeddings: np.ndarray, posterior: np.ndarray) -> object:
    """Score and choose as a round does, checks included."""
    rng = np.random.default_rng(0)
    utility = STRATEGIES[name if name in STRATEGIES else "entropy"](posterior)
    pool = Candidates.checked(utility, posterior, embeddings[KNOWN:], known=embeddings[:KNOWN])
    return BATCHES.get(name, top)(pool, SIZE, rng)


def build_theirs(embeddings: np.ndarray, weights: np.ndarray) -> Mapping[str, Choose]:
    """Return the peer's queries over the same pool, whose first clips are labelled."""
    from skactiveml.base import SkactivemlClassifier
    from skactiveml.pool import Badge, CoreSet, UncertaintySampling

    class Told(SkactivemlClassifier):
        """A model that is trained already."""

        def fit(self, X, y, sample_weight=None):  # noqa: ARG002, N803 - the peer's names
            return self

        def predict_proba(self, X):  # noqa: N803 - the peer's name
            return softmax((X @ weights).astype(np.float64), axis=1)

    labels = np.full(len(embeddings), np.nan)
    labels[:KNOWN] = np.arange(KNOWN) % CLASSES
    model = Told(classes=list(range(CLASSES)))
    asked = {"X": embeddings, "y": labels, "batch_size": SIZE}
    judged = {**asked, "clf": model, "fit_clf": False}
    return {
        "margin": partial(
            UncertaintySampling(method="margin_sampling", random_state=0).query, **judged
        ),
        "entropy": partial(UncertaintySampling(method="entropy", random_state=0).query, **judged),
        "k_centre": partial(CoreSet(random_state=0).query, **asked),
        "badge": partial(Badge(random_state=0).query, **judged),
    }


def measure(choose: Choose) -> float:
    """Return the seconds of one choice."""
    started = time.perf_counter()
    choose()
    return time.perf_counter() - started


def compare(clips: int) -> None:
    """Print the ratios."""
    embeddings, weights, posterior = make_pool(clips + KNOWN)
    for name, theirs in build_theirs(embeddings, weights).items():
        ours = partial(choose_ours, name, embeddings, posterior[KNOWN:])
        pairs = [(measure(theirs), measure(ours)) for _ in range(RUNS)]
        slow, fast = (median(seconds) for seconds in zip(*pairs, strict=True))
        say(f"{name:9} scikit-activeml {slow:8.3f} s  serloop {fast:7.4f} s  {slow / fast:7.1f}×")


def climb(clips: int) -> None:
    """Print the seconds of every way from a large pool."""
    embeddings, _, posterior = make_pool(clips + KNOWN)
    unasked = posterior[KNOWN:]
    for name in ("margin", "entropy", "least_confidence"):
        say(f"score by {name:17} {measure(partial(STRATEGIES[name], unasked)):7.3f} s")
    for name in BATCHES:
        seconds = measure(partial(choose_ours, name, embeddings, unasked))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        say(f"{name:10} {SIZE} of {clips:,} {seconds:7.2f} s, peak {peak:.2f} GB so far")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=10_000, help="Clips in the pool.")
    clips = parser.parse_args().clips
    use_threads(1)
    if clips > 100_000:
        climb(clips)
        return 0
    try:
        compare(clips)
    except ImportError as error:
        say(f"{error}; install the peer with `pip install scikit-activeml`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
