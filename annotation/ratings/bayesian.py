"""A Bayesian model of raters: each has a bias, a gain and a precision, shrunk to the group's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from annotation.aggregation.parameters import check_iteration, check_parameter
from annotation.ratings.matrix import RatingMatrix
from annotation.ratings.rater_model import RaterFit, RaterSums
from annotation.ratings.result import RaterHabits, RatingConsensus, conclude, divide


@dataclass(frozen=True, slots=True, kw_only=True)
class BayesianRaters:
    """Learns what each clip deserves together with how each annotator uses the scale.

    The model: clip n deserves t[n] ~ N(μ, τ²); annotator a rates it
    b[a] + g[a] · t[n] + ε, ε ~ N(0, 1/λ[a]). Bias b[a] ~ N(0, β²), gain g[a] ~ N(1, γ²) and
    precision λ[a] ~ Gamma are drawn from populations whose parameters are learnt from the
    ratings too (empirical Bayes), so an annotator of few ratings is taken for an average one.
    It is the continuous model of Raykar et al. (rating = truth + noise of the annotator's own
    precision) with the bias and the gain of a rater added, solved by mean-field variational
    Bayes. The scale is the average annotator's: biases have mean 0, gains mean 1.

    A rating weighs g² λ, so one who gives the same number to all clips, or numbers at random,
    weighs nothing. Estimates are posterior means, drawn towards the mean of all clips the more
    the fewer and the less precise the ratings; that lowers the squared error. What it supposes
    is Gaussian noise of one size over the whole scale: where most ratings are the same number
    (an intensity that is mostly 0, as in `snow_affect_text`) it trusts those who mostly answer that
    number too far, and `smoothing` or `EvaluatorWeighted` does better.

    Anonymous pools are read as one annotator of average habits and a large noise. Where no clip
    has two ratings, nothing tells noise from truth, and where all ratings are equal there is
    neither: the ratings come back unchanged, with NaN standard errors and skills and no habits.

    Attributes:
        smoothing: How many ratings of average precision the population counts for in the
            precision of each annotator at the least; the ratings may call for more. At least 0.
        tolerance: Largest change of an estimate, in standard deviations of the ratings, at which
            it stops, at least 0.
        max_iterations: Bound on rounds, at least 1.

    Raises:
        AnnotationError: A parameter is outside its range.

    Reference:
        V. C. Raykar et al. (2010). Learning from crowds. Journal of Machine Learning Research
        11, 1297-1322, section 4.

    Example:
        >>> from annotation.ratings.matrix import build_rating_matrix
        >>> from annotation.testing import fill_votes
        >>> truth = np.linspace(1, 5, 40)
        >>> who = {"kim": truth, "lee": truth + 1, "may": 2 * truth, "noa": 0 * truth + 3}
        >>> rows = {"clip_id": [f"{n:02d}" for n in range(40)] * 4}
        >>> rows |= {"annotator": np.repeat(list(who), 40).tolist()}
        >>> table = fill_votes(rows | {"arousal": np.concatenate(list(who.values())).tolist()})
        >>> consensus = BayesianRaters().aggregate(build_rating_matrix(table, "arousal"))
        >>> consensus.skill.round(2).tolist(), consensus.converged
        ([1.0, 1.0, 1.0, 0.0], True)
    """

    smoothing: float = 0.0
    tolerance: float = 1e-5
    max_iterations: int = 1000
    name: str = field(default="bayesian_raters", init=False)
    takes_anonymous: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse parameters for which the estimate is undefined."""
        check_parameter("smoothing", self.smoothing, self.smoothing >= 0, "at least 0")
        check_iteration(self.tolerance, self.max_iterations)

    def aggregate(self, ratings: RatingMatrix) -> RatingConsensus:
        """Return posterior means and deviations of the clips, and each annotator's habits."""
        votes = ratings.per_clip(np.ones_like(ratings.rating))
        if votes.max(initial=0) < 2:
            return _unweighed(ratings)
        sums = RaterSums.of(ratings)
        if sums.unit == 0:
            return _unweighed(ratings)
        fit = RaterFit.start(sums)
        iterations, change = 0, np.inf
        while change > self.tolerance and iterations < self.max_iterations:
            change = fit.improve(self.smoothing)
            iterations += 1
        fit.settle_scale()
        return self._conclude(ratings, sums, fit, iterations=iterations, change=change)

    def _conclude(
        self,
        ratings: RatingMatrix,
        sums: RaterSums,
        fit: RaterFit,
        *,
        iterations: int,
        change: float,
    ) -> RatingConsensus:
        unit, gain, noise = sums.unit, fit.gain, 1 / np.sqrt(fit.precision)
        informed = fit.truth_variance * gain**2
        habits = RaterHabits(
            bias=unit * (fit.bias + (gain - 1) * fit.truth_mean),
            bias_error=unit * fit.error_at_mean(),
            gain=gain,
            gain_error=np.sqrt(fit.gain_variance),
            noise=unit * noise,
        )
        return conclude(
            ratings,
            sums.middle + unit * fit.truth,
            standard_error=unit * np.sqrt(fit.truth_error),
            weight=gain**2 * fit.precision / unit**2,
            skill=np.sign(gain) * np.sqrt(informed / (informed + noise**2)),
            habits=habits,
            iterations=iterations,
            converged=change <= self.tolerance,
            change=change,
        )


def _unweighed(ratings: RatingMatrix) -> RatingConsensus:
    """Return the ratings themselves, where they tell nothing of those who gave them."""
    unknown = np.full(len(ratings.annotators), np.nan)
    votes = ratings.per_clip(np.ones_like(ratings.rating))
    return conclude(
        ratings,
        divide(ratings.per_clip(ratings.rating), votes),
        standard_error=np.full(len(ratings.clips), np.nan),
        weight=np.ones(len(ratings.annotators)),
        skill=unknown,
    )
