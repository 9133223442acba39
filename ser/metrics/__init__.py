"""How good a model is, for whom, and how sure that is."""

from ser.metrics.bootstrap import Interval, bootstrap_difference, bootstrap_metrics, bootstrap_uar
from ser.metrics.calibration import calibration_statistic, ece_statistic, reliability_table
from ser.metrics.classification import (
    classification_statistic,
    confusion_matrix,
    recalls,
    unweighted_average_recall,
    weighted_average_recall,
)
from ser.metrics.confused_pairs import ConfusedPair, most_confused
from ser.metrics.groups import (
    GroupResult,
    bootstrap_groups,
    compare_groups,
    name_bins,
    worst_group,
)
from ser.metrics.paired import PairedComparison, adjust_p_values, compare_paired
from ser.metrics.ratings import (
    concordance_correlation,
    rating_statistic,
    spearman_statistic,
)
from ser.metrics.temperature import Temperature, fit_temperature
from ser.metrics.vote_distributions import vote_statistic

__all__ = [
    "ConfusedPair",
    "GroupResult",
    "Interval",
    "PairedComparison",
    "Temperature",
    "adjust_p_values",
    "bootstrap_difference",
    "bootstrap_groups",
    "bootstrap_metrics",
    "bootstrap_uar",
    "calibration_statistic",
    "classification_statistic",
    "compare_groups",
    "compare_paired",
    "concordance_correlation",
    "confusion_matrix",
    "ece_statistic",
    "fit_temperature",
    "most_confused",
    "name_bins",
    "rating_statistic",
    "recalls",
    "reliability_table",
    "spearman_statistic",
    "unweighted_average_recall",
    "vote_statistic",
    "weighted_average_recall",
    "worst_group",
]
