"""How good a classifier is, and how sure that number is."""

from ser.metrics.bootstrap import Interval, bootstrap_uar
from ser.metrics.classification import (
    confusion_matrix,
    recalls,
    unweighted_average_recall,
    weighted_average_recall,
)

__all__ = [
    "Interval",
    "bootstrap_uar",
    "confusion_matrix",
    "recalls",
    "unweighted_average_recall",
    "weighted_average_recall",
]
