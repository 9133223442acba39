"""How fast a batch is chosen, against scikit-activeml, and from a million clips.

`python -m tests.benchmarks.batches` chooses 200 of 10,000 clips by margin, entropy, k-centre greedy
(CoreSet) and BADGE, ours and scikit-activeml's (`pip install scikit-activeml`) in turn, on one
thread, from the same posteriors of 8 classes, which the peer is handed by a model that knows them,
and the same embeddings of 128 numbers; ours scores and checks its input within the time measured.
`--clips 1000000` has no peer: it prints seconds and peak memory of ours alone, and what quotas of
class, gender and language for 200 clips, and of 1,000 speakers for 1,000, cost.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from annotation.sampling import UTILITIES, Known
from annotation.sampling.batches import BATCHES, Candidates, top
from annotation.sampling.quotas import Quota, choose_batch

SIZE, CLASSES, NUMBERS, KNOWN = 200, 8, 128, 100
RUNS = 7
Choose = Callable[[], object]


def say(*words: object) -> None:
    """Print at once."""
    print(*words, flush=True)  # noqa: T201 - a benchmark's output is its result


def make_pool(clips: int) -> tuple[np.ndarray, np.ndarray]:
    """Return embeddings, and posteriors of a model of them."""
    rng = np.random.default_rng(0)
    embeddings = rng.standard_normal((clips, NUMBERS), dtype=np.float32)
    weights = 0.1 * rng.standard_normal((NUMBERS, CLASSES), dtype=np.float32)
    return embeddings, softmax((embeddings @ weights).astype(np.float64), axis=1)


def choose_ours(name: str, embeddings: np.ndarray, posterior: np.ndarray) -> object:
    """Score and choose as a round does, checks included."""
    rng = np.random.default_rng(0)
    utility = UTILITIES[name if name in UTILITIES else "entropy"](Known(posterior))
    pool = Candidates.checked(utility, posterior, embeddings[KNOWN:], known=embeddings[:KNOWN])
    return BATCHES.get(name, top)(pool, SIZE, rng)


def build_theirs(embeddings: np.ndarray, posterior: np.ndarray) -> Mapping[str, Choose]:
    """Return the peer's queries over the same pool, whose first clips are labelled."""
    from skactiveml.base import SkactivemlClassifier
    from skactiveml.pool import Badge, CoreSet, UncertaintySampling

    class Told(SkactivemlClassifier):
        """A model that is trained already and knows what it says of the unlabelled clips."""

        def fit(self, X, y, sample_weight=None):  # noqa: ARG002, N803 - the peer's names
            return self

        def predict_proba(self, X):  # noqa: N803 - the peer's name
            return posterior[-len(X) :]

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
    embeddings, posterior = make_pool(clips + KNOWN)
    for name, theirs in build_theirs(embeddings, posterior).items():
        ours = partial(choose_ours, name, embeddings, posterior[KNOWN:])
        pairs = [(measure(theirs), measure(ours)) for _ in range(RUNS)]
        slow, fast = (median(seconds) for seconds in zip(*pairs, strict=True))
        say(f"{name:9} scikit-activeml {slow:8.3f} s  serloop {fast:8.5f} s  {slow / fast:7.1f}×")
    for name in BATCHES:
        ours = partial(choose_ours, name, embeddings, posterior[KNOWN:])
        say(f"{name:13} {median(measure(ours) for _ in range(RUNS)):8.4f} s")


def report(what: str, choose: Choose) -> None:
    """Print seconds, and the most memory that was held meanwhile, the pool included."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    seconds = measure(choose)
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 2**20
    say(f"{what:50} {seconds:7.2f} s, peak {peak:.2f} GB")


def climb(clips: int) -> None:
    """Print the seconds of every way from a large pool."""
    embeddings, posterior = make_pool(clips + KNOWN)
    unasked = posterior[KNOWN:]
    for name in ("margin", "entropy", "least_confidence"):
        report(f"score by {name}", partial(UTILITIES[name], Known(unasked)))
    for name in BATCHES:
        what = f"{name} {SIZE} of {clips:,}"
        report(what, partial(choose_ours, name, embeddings, unasked))
    utility = UTILITIES["entropy"](Known(unasked))
    pool = Candidates.checked(utility, unasked, embeddings[KNOWN:], known=embeddings[:KNOWN])
    rng = np.random.default_rng(1)
    groups = [
        Quota("class", unasked.argmax(axis=1), at_least=15),
        Quota("gender", rng.choice(["female", "male"], clips), at_least=80),
        Quota("language", rng.choice(["de", "en", "fr", "ur"], clips), at_least=30),
    ]
    speakers = Quota("speaker", rng.integers(1000, size=clips).astype(str), at_least=1)
    lengths = rng.uniform(1, 8, clips)
    for name in ("top", "k_centre", "determinantal", "badge"):
        rules = {"quotas": groups, "seconds": 600.0, "listening_s": lengths}
        choose = partial(choose_batch, pool, SIZE, BATCHES[name], np.random.default_rng(0))
        report(f"{name} {SIZE}, 14 groups, 600 s", partial(choose, **rules))
    for name in ("top", "k_centre", "badge"):
        choose = partial(choose_batch, pool, 1000, BATCHES[name], np.random.default_rng(0))
        report(f"{name} 1,000, 1,000 speakers", partial(choose, quotas=[speakers]))


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=10_000, help="Clips in the pool.")
    clips = parser.parse_args().clips
    threadpool_limits(1)
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
