"""Draws of ratings with a known truth."""

from dataclasses import dataclass

import numpy as np

from annotation.ratings import RatingMatrix


@dataclass(frozen=True)
class Drawn:
    """Simulated ratings and what they were drawn from."""

    ratings: RatingMatrix
    truth: np.ndarray
    bias: np.ndarray
    gain: np.ndarray
    noise: np.ndarray


def matrix_of(who: np.ndarray, rating: np.ndarray, annotators: int) -> RatingMatrix:
    """Return a matrix from (N, R) annotators and ratings."""
    clips = len(who)
    order = np.argsort(who, axis=1)
    return RatingMatrix(
        tuple(f"clip-{clip:07d}" for clip in range(clips)),
        tuple(f"annotator-{index:05d}" for index in range(annotators)),
        np.repeat(np.arange(clips), who.shape[1]),
        np.take_along_axis(who, order, 1).ravel(),
        np.take_along_axis(rating, order, 1).ravel(),
        np.ones(who.size, np.int64),
    )


def draw(*, clips: int = 600, annotators: int = 30, each: int = 6, seed: int = 0) -> Drawn:
    """Draw ratings of annotators with a bias, a gain and a noise of their own."""
    rng = np.random.default_rng(seed)
    who = np.argsort(rng.random((clips, annotators)), axis=1)[:, :each]
    truth = rng.normal(size=clips)
    bias = rng.normal(0, 0.4, annotators)
    gain, noise = rng.uniform(0.5, 1.5, annotators), rng.uniform(0.3, 1.2, annotators)
    rating = bias[who] + gain[who] * truth[:, None] + noise[who] * rng.normal(size=who.shape)
    return Drawn(matrix_of(who, rating, annotators), truth, bias, gain, noise)
