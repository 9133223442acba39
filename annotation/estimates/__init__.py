"""Estimates over a pool from clips that were not all chosen at random."""

from annotation.estimates.arms import Arms
from annotation.estimates.interval import MeanEstimate
from annotation.estimates.prediction_powered import prediction_powered_mean
from annotation.estimates.quantities import (
    METHODS,
    Method,
    PoolEstimate,
    Quantity,
    agreement_with_intended,
    agreement_with_model,
    class_share,
    estimate_pool,
    pair_disagreement,
    tied_votes,
)
from annotation.estimates.weighted import (
    assisted_mean,
    corrected_mean,
    naive_mean,
    stratified_mean,
    uniform_mean,
)

__all__ = [
    "METHODS",
    "Arms",
    "MeanEstimate",
    "Method",
    "PoolEstimate",
    "Quantity",
    "agreement_with_intended",
    "agreement_with_model",
    "assisted_mean",
    "class_share",
    "corrected_mean",
    "estimate_pool",
    "naive_mean",
    "pair_disagreement",
    "prediction_powered_mean",
    "stratified_mean",
    "tied_votes",
    "uniform_mean",
]
