"""Planning: where a learning curve leads, when to stop asking, and what a budget buys."""

from annotation.planning.budget import Plan, PlanRow, WorthCurve, fit_worth, plan_budget
from annotation.planning.curve import Estimate, LearningCurve, fit_curve, standard_errors
from annotation.planning.errors import PlanningError
from annotation.planning.spending import Budget, make_budget, seconds_per_vote
from annotation.planning.stopping import (
    Advice,
    Criterion,
    advise,
    agreement_of,
    gain_per_hour,
    predicted_change,
    stabilising_predictions,
)

__all__ = [
    "Advice",
    "Budget",
    "Criterion",
    "Estimate",
    "LearningCurve",
    "Plan",
    "PlanRow",
    "PlanningError",
    "WorthCurve",
    "advise",
    "agreement_of",
    "fit_curve",
    "fit_worth",
    "gain_per_hour",
    "make_budget",
    "plan_budget",
    "predicted_change",
    "seconds_per_vote",
    "stabilising_predictions",
    "standard_errors",
]
