"""What other seeds and other test speakers would have given: a two-level bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.simulation.tally import FloatArray, Tallies, Tally

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; NaN where undefined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Resamples:
    """How often each of B draws took each seed and each speaker; the first took all once.

    The same draws serve every strategy, so what is easy or hard for all cancels in comparisons,
    and row 0 of whatever is computed from them is the estimate itself.

    Args:
        seeds: Times each seed was drawn, (B, S).
        speakers: Times each speaker was drawn, (B, P).
    """

    seeds: FloatArray
    speakers: FloatArray


def draw_resamples(n_seeds: int, n_speakers: int, resamples: int, seed: int) -> Resamples:
    """Draw seeds and, apart from them, speakers with replacement.

    Each seed meets every speaker, so both are drawn on their own (a "pigeonhole" bootstrap),
    which errs, if at all, on the side of too wide an interval.

    Args:
        n_seeds: S.
        n_speakers: P.
        resamples: Draws; the result has one row more, of ones. A single speaker under a single
            seed is never drawn: an interval of width 0 would look like certainty.
        seed: Seed of the draws.

    Reference:
        A. B. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1(2), 2007.
        https://doi.org/10.1214/07-AOAS122

    Example:
        >>> drawn = draw_resamples(3, 2, 4, seed=0)
        >>> drawn.seeds.shape, drawn.speakers[0].tolist(), drawn.seeds.sum(axis=1).tolist()
        ((5, 3), [1.0, 1.0], [3.0, 3.0, 3.0, 3.0, 3.0])
    """
    generator = np.random.default_rng(seed)
    resamples *= max(n_seeds, n_speakers) > 1
    seeds, speakers = (
        np.concatenate(
            [np.ones((1, size)), generator.multinomial(size, [1 / size] * size, resamples)]
        )
        for size in (n_seeds, n_speakers)
    )
    return Resamples(seeds, speakers)


def draw_recalls(hits: FloatArray, clips: FloatArray, drawn: Resamples) -> FloatArray:
    """Return each class's recall in each draw, mean over its seeds, (B, C, …).

    Args:
        hits: Test clips recognised, (S, P, C, …).
        clips: Test clips, (P, C).
        drawn: The draws.

    Returns:
        Recalls; NaN where a draw has no clip of the class.
    """
    n_seeds, n_speakers = hits.shape[:2]
    shares = drawn.seeds[:, :, None] / n_seeds * drawn.speakers[:, None, :]
    sums = shares.reshape(len(shares), -1) @ hits.reshape(n_seeds * n_speakers, -1)
    there = drawn.speakers @ clips
    there[there == 0] = np.nan
    return sums.reshape(len(sums), *hits.shape[2:]) / there.reshape(
        *there.shape, *[1] * (hits.ndim - 3)
    )


def draw_uar(tally: Tally, tallies: Tallies, drawn: Resamples) -> FloatArray:
    """Return the strategy's UAR in each draw at each point of its grid, (B, G).

    The clips of all sets of test speakers are pooled per seed, and the seeds' UAR averaged.
    A class without clips in a draw takes no part in it.
    """
    recalls = draw_recalls(tally.hits, tallies.clips, drawn)
    is_there = np.isfinite(recalls)
    return np.asarray(np.where(is_there, recalls, 0).sum(axis=1) / is_there.sum(axis=1))


def draw_means(values: FloatArray, drawn: Resamples) -> FloatArray:
    """Return the mean over seeds, (S, …), in each draw, (B, …)."""
    flat = drawn.seeds @ values.reshape(len(values), -1) / len(values)
    return flat.reshape(len(flat), *values.shape[1:])


def estimate(draws: FloatArray) -> list[Estimate]:
    """Return the estimate and the percentile interval of each column of (B, G) draws.

    Where there is but the estimate, ends are NaN; draws that are NaN are left out.
    """
    ends = np.full((2, draws.shape[1]), np.nan)
    is_known = np.isfinite(draws[1:]).any(axis=0)
    if is_known.any():
        tail = (1 - CONFIDENCE) / 2
        ends[:, is_known] = np.nanquantile(draws[1:, is_known], [tail, 1 - tail], axis=0)
    return [Estimate(*one) for one in zip(draws[0].tolist(), *ends.tolist(), strict=True)]
