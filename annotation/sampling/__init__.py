"""Sampling: which clips of the pool are worth an annotator's time."""

from annotation.sampling.acquisition import Pick, Selection, select_round
from annotation.sampling.bald import bald
from annotation.sampling.protocol import UtilityScore
from annotation.sampling.scores import (
    STRATEGIES,
    Strategy,
    entropy,
    explain_utility,
    least_confidence,
    margin,
    max_utility,
)

__all__ = [
    "STRATEGIES",
    "Pick",
    "Selection",
    "Strategy",
    "UtilityScore",
    "bald",
    "entropy",
    "explain_utility",
    "least_confidence",
    "margin",
    "max_utility",
    "select_round",
]
