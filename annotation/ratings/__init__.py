"""Ratings on a scale: from many numbers per clip to one, and how each annotator uses the scale."""

from annotation.ratings.bayesian import BayesianRaters
from annotation.ratings.evaluator_weighted import EvaluatorWeighted
from annotation.ratings.matrix import RatingMatrix, build_rating_matrix
from annotation.ratings.mean import MeanRating
from annotation.ratings.protocol import RatingAggregator
from annotation.ratings.result import RaterHabits, RatingConsensus
from annotation.ratings.z_mean import ZMean

__all__ = [
    "BayesianRaters",
    "EvaluatorWeighted",
    "MeanRating",
    "RaterHabits",
    "RatingAggregator",
    "RatingConsensus",
    "RatingMatrix",
    "ZMean",
    "build_rating_matrix",
]
