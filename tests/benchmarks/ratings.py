"""Ratings, agreement and annotator profiles: seconds at CREMA-D's size and at a million votes.

`python -m tests.benchmarks.ratings` prints the best of three runs of each step, and the error of
every rating aggregator on simulated ratings (20 % of the annotators answer at random) against the
truth they were drawn from.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from annotation.aggregation import MajorityVote
from annotation.agreement import (
    count_alpha,
    estimate,
    fleiss_kappa,
    pairwise_kappa,
    people_per_class,
    rating_alpha,
)
from annotation.annotators import build_judgements, profile_annotators
from annotation.ratings import (
    BayesianRaters,
    EvaluatorWeighted,
    MeanRating,
    RatingAggregator,
    RatingMatrix,
    ZMean,
)
from annotation.votes import build_vote_matrix

AGGREGATORS: tuple[RatingAggregator, ...] = (
    MeanRating(),
    ZMean(),
    EvaluatorWeighted(),
    EvaluatorWeighted(leave_one_out=True),
    BayesianRaters(),
)


def draw_ratings(
    votes: int, *, each: int = 5, annotators: int = 2000, seed: int = 0
) -> tuple[RatingMatrix, np.ndarray]:
    """Draw ratings of biased annotators of unequal gain and noise, every fifth a guesser."""
    rng = np.random.default_rng(seed)
    clips = votes // each
    first = rng.integers(annotators, size=clips)
    who = np.sort((first[:, None] + np.arange(each) * 37) % annotators, axis=1)
    truth = rng.normal(size=clips)
    bias, gain = rng.normal(0, 0.4, annotators), rng.uniform(0.5, 1.5, annotators)
    noise = rng.uniform(0.3, 1.2, annotators)
    gain[::5] = 0.0
    rating = bias[who] + gain[who] * truth[:, None] + noise[who] * rng.normal(size=who.shape)
    matrix = RatingMatrix(
        tuple(f"clip-{number:08d}" for number in range(clips)),
        tuple(f"annotator-{number:05d}" for number in range(annotators)),
        np.repeat(np.arange(clips), each),
        who.ravel(),
        rating.ravel(),
        np.ones(who.size, np.int64),
    )
    return matrix, truth


def draw_votes(votes: int, *, each: int = 5, annotators: int = 2000, seed: int = 0) -> pa.Table:
    """Draw timed votes in six classes, right in seven of ten."""
    rng = np.random.default_rng(seed)
    clips = votes // each
    first = rng.integers(annotators, size=clips)
    who = ((first[:, None] + np.arange(each) * 37) % annotators).ravel()
    truth = np.repeat(rng.integers(6, size=clips), each)
    label = np.where(rng.random(len(who)) < 0.7, truth, rng.integers(6, size=len(who)))
    clip = pa.array(np.char.mod("clip-%08d", np.repeat(np.arange(clips), each)))
    return pa.table(
        {
            "clip_id": clip,
            "modality": pa.array(["audio"] * len(who)),
            "annotator": pa.array(np.char.mod("annotator-%05d", who)),
            "label": pa.array(np.array(list("abcdef"))[label]),
            "count": pa.array(np.ones(len(who), np.int32)),
            "source": pa.array(["benchmark"] * len(who)),
            "lead_time_s": pa.array(rng.lognormal(2, 0.4, len(who))),
            "cast_at": pa.array(rng.integers(0, 10**12, len(who)), pa.timestamp("us", tz="UTC")),
        }
    )


def best_of_three(run: Callable[[], object]) -> float:
    """Return the fewest seconds of three runs."""
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def show(name: str, seconds: float, rest: str = "") -> None:
    """Print one line of the table."""
    sys.stdout.write(f"{name:<44} {seconds:8.2f} s  {rest}\n")


def main() -> None:
    """Print both tables."""
    for votes in (10_000, 1_000_000):
        ratings, truth = draw_ratings(votes, annotators=2000 if votes > 10_000 else 60)
        for aggregator in AGGREGATORS:
            found = aggregator.aggregate(ratings)
            error = np.sqrt(np.nanmean((found.rating - truth) ** 2))
            kind = "_loo" if getattr(aggregator, "leave_one_out", False) else ""
            rest = f"RMSE {error:.3f}, {found.iterations} rounds, converged {found.converged}"
            seconds = best_of_three(lambda one=aggregator, rows=ratings: one.aggregate(rows))
            show(f"{aggregator.name}{kind}, {votes:,} ratings", seconds, rest)
    for votes, annotators in ((74_420, 400), (1_000_000, 2000)):
        table = draw_votes(votes, each=10, annotators=annotators)
        matrix = build_vote_matrix(table, list("abcdef"))
        counts = people_per_class(matrix)
        resamples = 1000 if votes < 100_000 else 100
        for statistic in (
            fleiss_kappa(counts),
            count_alpha(counts),
            count_alpha(counts, "ordinal"),
        ):
            seconds = best_of_three(lambda one=statistic, n=resamples: estimate(one, resamples=n))
            show(f"{statistic.name}, {votes:,} votes, {resamples} resamples", seconds)
        show(f"pairwise_kappa, {votes:,} votes", best_of_three(lambda m=matrix: pairwise_kappa(m)))
        consensus = MajorityVote().aggregate(matrix)
        show(
            f"profiles of {annotators}, {votes:,} votes",
            best_of_three(lambda t=table, c=consensus: profile_annotators(build_judgements(t, c))),
        )
    ratings, _ = draw_ratings(1_000_000)
    seconds = best_of_three(lambda: estimate(rating_alpha(ratings), resamples=100))
    show("rating_alpha, 1,000,000 ratings, 100 resamples", seconds)


if __name__ == "__main__":
    main()
