"""The mean of ratings that were first normalised per annotator."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from annotation.ratings.correlation import correlate_annotators, mean_of_others
from annotation.ratings.matrix import RatingMatrix
from annotation.ratings.result import RatingConsensus, conclude, divide, refuse_pools, spread_of


@dataclass(frozen=True, slots=True)
class ZMean:
    """Takes out each annotator's own mean and spread, averages, and returns to the scale.

    z(n, a) = (rating − mean(a)) / sd(a); rating(n) = m + s · mean of z over the annotators of n,
    where m is the mean of all ratings and s the root mean square of what they deviate from their
    annotators' means. It removes bias and scale use in one step and has no parameter, but
    supposes that everyone rated an equally varied sample of clips; an annotator of five clips is
    normalised as firmly as one of five hundred.

    Ratings of an annotator who always gave the same number say nothing and are left out; a clip
    with no other rating is NaN. Anonymous ratings are refused: a pool's mean and spread are
    nobody's.

    Example:
        >>> from annotation.ratings.matrix import build_rating_matrix
        >>> from annotation.testing import fill_votes
        >>> rows = {"clip_id": list("abab"), "annotator": ["kim", "kim", "lee", "lee"]}
        >>> table = fill_votes(rows | {"valence": [1.0, 3.0, 4.0, 8.0]})
        >>> ZMean().aggregate(build_rating_matrix(table, "valence")).rating.round(2).tolist()
        [2.42, 5.58]
    """

    name: str = field(default="z_mean", init=False)
    takes_anonymous: ClassVar[bool] = False

    def aggregate(self, ratings: RatingMatrix) -> RatingConsensus:
        """Return normalised means on the common scale, and correlation with the others' z.

        Raises:
            VoteError: A rating is anonymous.
        """
        refuse_pools(ratings, self.name, "it normalises each annotator by their own ratings")
        who, ones = ratings.annotator_index, np.ones_like(ratings.rating)
        votes = ratings.per_annotator(ones)
        deviation = ratings.rating - divide(ratings.per_annotator(ratings.rating), votes)[who]
        size = np.sqrt(divide(ratings.per_annotator(ratings.rating**2), votes))
        own = np.sqrt(divide(ratings.per_annotator(deviation**2), votes))
        usable = own > 1e-12 * size
        scale = np.sqrt(np.mean(deviation**2)) if len(deviation) else np.nan
        middle = ratings.rating.mean() if len(deviation) else np.nan
        safe = np.where(usable, own, 1.0)
        normal = replace(
            ratings, rating=middle + scale * deviation / safe[who], count=usable[who].astype(int)
        )
        kept = normal.per_clip(ones)
        error = divide(spread_of(normal), np.sqrt(kept))
        return conclude(
            ratings,
            divide(normal.per_clip(normal.rating), kept),
            standard_error=error,
            weight=np.where(usable, divide(np.full(len(own), scale), own), 0.0),
            skill=correlate_annotators(normal, mean_of_others(normal)),
        )
