"""The plain mean of a clip's ratings, the method every other must beat."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from annotation.ratings.correlation import correlate_annotators, mean_of_others
from annotation.ratings.matrix import RatingMatrix
from annotation.ratings.result import RatingConsensus, conclude, divide, spread_of


@dataclass(frozen=True, slots=True)
class MeanRating:
    """Weighs every rating equally: rating(n) = mean of the ratings of n.

    The standard error is the spread over the root of the number of people, NaN for one rating.
    The skill of an annotator is the correlation of their ratings with the mean of the *other*
    annotators on the same clips; a pool of anonymous ratings is one annotator.

    Example:
        >>> from annotation.ratings.matrix import build_rating_matrix
        >>> from annotation.testing import fill_votes
        >>> table = fill_votes({"clip_id": list("aab"), "valence": [1.0, 3.0, 4.0]})
        >>> consensus = MeanRating().aggregate(build_rating_matrix(table, "valence"))
        >>> consensus.rating.tolist(), consensus.standard_error.tolist()
        ([2.0, 4.0], [1.0, nan])
    """

    name: str = field(default="mean", init=False)
    takes_anonymous: ClassVar[bool] = True

    def aggregate(self, ratings: RatingMatrix) -> RatingConsensus:
        """Return means, their standard errors, and correlation with the others."""
        votes = ratings.per_clip(np.ones_like(ratings.rating))
        return conclude(
            ratings,
            divide(ratings.per_clip(ratings.rating), votes),
            standard_error=divide(spread_of(ratings), np.sqrt(votes)),
            weight=np.ones(len(ratings.annotators)),
            skill=correlate_annotators(ratings, mean_of_others(ratings)),
        )
