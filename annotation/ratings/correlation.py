"""Pearson's correlation of each annotator's ratings with one reference, over sparse ratings."""

from __future__ import annotations

import numpy as np

from annotation.columns import FloatArray
from annotation.ratings.matrix import RatingMatrix


def correlate_annotators(ratings: RatingMatrix, reference: FloatArray) -> FloatArray:
    """Return each annotator's correlation with a reference, (A,).

    Args:
        ratings: V ratings.
        reference: What each rating is compared with, (V,); NaN leaves the rating out.

    Returns:
        (A,) in [-1, 1]; NaN where the annotator's ratings or their references do not vary.
    """
    known = np.isfinite(reference).astype(np.float64)
    filled = np.where(known > 0, reference, 0.0)
    votes = np.maximum(ratings.per_annotator(known), 1.0)
    who = ratings.annotator_index
    own = (ratings.rating - (ratings.per_annotator(known * ratings.rating) / votes)[who]) * known
    other = (filled - (ratings.per_annotator(filled) / votes)[who]) * known
    own_square, other_square = ratings.per_annotator(own**2), ratings.per_annotator(other**2)
    product = np.sqrt(own_square * other_square)
    # Rounding leaves constant ratings a variance of about 1e-32 of their square.
    size = np.sqrt(ratings.per_annotator(ratings.rating**2) * ratings.per_annotator(filled**2))
    varies = product > 1e-12 * np.maximum(size, np.finfo(float).tiny)
    out = np.full(len(ratings.annotators), np.nan)
    np.divide(ratings.per_annotator(own * other), product, out=out, where=varies)
    return np.clip(out, -1.0, 1.0)


def mean_of_others(ratings: RatingMatrix) -> FloatArray:
    """Return for each rating the mean of the other annotators' on its clip, (V,); NaN alone.

    The others of an anonymous rating are everyone outside its pool.
    """
    clip, pair = ratings.clip_index, ratings.clip_index * ratings.shape[1] + ratings.annotator_index
    own_pairs, position = np.unique(pair, return_inverse=True)
    own_sum = np.bincount(position, ratings.count * ratings.rating, len(own_pairs))[position]
    own_votes = np.bincount(position, ratings.count, len(own_pairs))[position]
    others = ratings.per_clip(np.ones_like(ratings.rating))[clip] - own_votes
    total = ratings.per_clip(ratings.rating)[clip] - own_sum
    return np.asarray(np.divide(total, others, out=np.full(len(clip), np.nan), where=others > 0))
