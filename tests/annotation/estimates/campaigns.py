"""A pool in which uncertain clips differ from the others, and campaigns that ask about it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from annotation.estimates import Arms, MeanEstimate

CLASSES = 4
PRIOR = (0.4, 0.3, 0.2, 0.1)


@dataclass(frozen=True, eq=False)
class Pool:
    """Clips whose labels are known to the test alone.

    Args:
        labels: One-hot, (N, C).
        utility: What the active arm goes by; higher for rare classes, (N,).
        guess: A model's posterior, (N, C).
    """

    labels: np.ndarray
    utility: np.ndarray
    guess: np.ndarray

    @property
    def truth(self) -> np.ndarray:
        """Return the shares of the classes, (C,)."""
        return self.labels.mean(axis=0)


def make_pool(rng: np.random.Generator, clips: int = 400) -> Pool:
    """Return a pool whose rare classes are the uncertain ones."""
    label = rng.choice(CLASSES, clips, p=PRIOR)
    labels = np.eye(CLASSES)[label]
    scores = 2 * labels + rng.gumbel(size=labels.shape)
    guess = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return Pool(labels, 0.25 * label + rng.normal(0, 0.4, clips), guess)


def run_campaign(
    utility: np.ndarray,
    rng: np.random.Generator,
    *,
    seed: int = 40,
    active: int = 25,
    random: int = 15,
    rounds: int = 4,
) -> Arms:
    """Ask as `pipelines.acquire` does: each arm leaves out what it or the seed had."""
    masks = np.zeros((3, len(utility)), np.bool_)
    first, chosen, drawn = masks
    first[rng.choice(len(utility), seed, replace=False)] = True
    for _ in range(rounds):
        falling = np.argsort(np.where(first | chosen, -np.inf, utility))[::-1]
        chosen[falling[:active]] = True
        drawn[rng.choice(np.flatnonzero(~(first | drawn)), random, replace=False)] = True
    return Arms.checked(seed=first, active=chosen, random=drawn)


def replay(
    pool: Pool,
    estimate: Callable[[np.ndarray, Arms], MeanEstimate],
    *,
    times: int,
    **sizes: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run campaigns and return errors (B, C), variances (B, C) and hits of intervals (B, C)."""
    found = [
        estimate(np.where(arms.is_asked[:, None], pool.labels, np.nan), arms)
        for arms in _campaigns(pool.utility, times, sizes)
    ]
    hits = [(one.low <= pool.truth) & (pool.truth <= one.high) for one in found]
    errors = np.array([one.value - pool.truth for one in found])
    return errors, np.array([one.variance for one in found]), np.array(hits)


def standard_errors(errors: np.ndarray) -> np.ndarray:
    """Return how many standard errors the mean of a column is from 0, (C,)."""
    return np.abs(errors.mean(axis=0)) / (errors.std(axis=0) / np.sqrt(len(errors)))


def _campaigns(utility: np.ndarray, times: int, sizes: dict[str, int]) -> Iterator[Arms]:
    rng = np.random.default_rng(7)
    for _ in range(times):
        yield run_campaign(utility, rng, **sizes)


def mask_of(clips: int, positions: Sequence[int]) -> np.ndarray:
    """Return which of the clips are at `positions`."""
    return np.isin(np.arange(clips), positions)
