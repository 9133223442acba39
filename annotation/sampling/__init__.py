"""Sampling: which clips of the pool are worth an annotator's time."""

from annotation.sampling.acquisition import Pick, Selection, select_round
from annotation.sampling.ambiguity import expect_ambiguity
from annotation.sampling.utilities import (
    UTILITIES,
    Known,
    Utility,
    bald,
    entropy,
    expected_change,
    explain_utility,
    least_confidence,
    margin,
    max_utility,
    reducible,
)

__all__ = [
    "UTILITIES",
    "Known",
    "Pick",
    "Selection",
    "Utility",
    "bald",
    "entropy",
    "expect_ambiguity",
    "expected_change",
    "explain_utility",
    "least_confidence",
    "margin",
    "max_utility",
    "reducible",
    "select_round",
]
