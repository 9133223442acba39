"""The evaluator weighted estimator: each rating counts as much as its annotator is reliable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from annotation.ratings.correlation import correlate_annotators, mean_of_others
from annotation.ratings.matrix import RatingMatrix
from annotation.ratings.result import RatingConsensus, conclude, divide, refuse_pools


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorWeighted:
    """Weighs annotators by how their ratings correlate with the mean of everyone's.

    rating(n) = Σ_a r(a) · rating(n, a) / Σ_a r(a), where r(a) is the correlation, over the clips
    a rated, between a's ratings and those clips' mean ratings. Negative correlations count as 0.
    An annotator whose ratings do not vary has no correlation and no weight; a clip rated by
    nobody with a weight is NaN. The scale itself is left alone: a biased but consistent annotator
    keeps a full weight and their bias. Anonymous ratings are refused: the correlation of a pool
    is nobody's, and one weight for all is the plain mean.

    The standard error is that of a weighed mean with the clip's own spread, with
    n = (Σ r)² / Σ r² people.

    Attributes:
        leave_one_out: Correlate with the mean of the *other* annotators. The paper's correlation
            has a share of 1 / n of the annotator's own rating in it, which flatters everybody and
            eccentrics most.

    Reference:
        M. Grimm and K. Kroschel (2005). Evaluation of natural emotions using self assessment
        manikins. IEEE ASRU, 381-385. doi:10.1109/ASRU.2005.1566530

    Example:
        >>> from annotation.ratings.matrix import build_rating_matrix
        >>> from annotation.testing import fill_votes
        >>> rows = {"clip_id": list("abc" * 3), "annotator": list("xxxyyyzzz")}
        >>> table = fill_votes(rows | {"arousal": [1.0, 2, 3, 1, 2, 3, 3, 3, 1]})
        >>> consensus = EvaluatorWeighted().aggregate(build_rating_matrix(table, "arousal"))
        >>> consensus.rating.round(2).tolist(), consensus.weight.round(2).tolist()
        ([1.0, 2.0, 3.0], [0.87, 0.87, 0.0])
    """

    leave_one_out: bool = False
    name: str = field(default="evaluator_weighted", init=False)
    takes_anonymous: ClassVar[bool] = False

    def aggregate(self, ratings: RatingMatrix) -> RatingConsensus:
        """Return weighed means; weight and skill are the correlations, weights cut off at 0.

        Raises:
            VoteError: A rating is anonymous.
        """
        refuse_pools(ratings, self.name, "it weighs each annotator by their own reliability")
        clip, ones = ratings.clip_index, np.ones_like(ratings.rating)
        if self.leave_one_out:
            reference = mean_of_others(ratings)
        else:
            reference = divide(ratings.per_clip(ratings.rating), ratings.per_clip(ones))[clip]
        skill = correlate_annotators(ratings, reference)
        weight = np.maximum(np.nan_to_num(skill, nan=0.0), 0.0)
        own = weight[ratings.annotator_index]
        total, squares = ratings.per_clip(own), ratings.per_clip(own**2)
        rating = divide(ratings.per_clip(own * ratings.rating), total)
        deviation = np.where(own > 0, ratings.rating - rating[clip], 0.0)
        people = divide(total**2, squares)
        variance = divide(divide(ratings.per_clip(own * deviation**2), total), people - 1)
        several = ratings.per_clip((own > 0).astype(float)) > 1
        return conclude(
            ratings,
            rating,
            standard_error=np.where(several, np.sqrt(variance), np.nan),
            weight=weight,
            skill=skill,
        )
