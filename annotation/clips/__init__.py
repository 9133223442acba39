"""Single clips: how sure is the consensus, what is one more vote worth, which labels look wrong."""

from annotation.clips.dirichlet import DirichletPrior, fit_dirichlet
from annotation.clips.expected_gain import (
    average_confusion,
    expected_gain,
    gain_by_annotator,
    gain_of_one_more_vote,
)
from annotation.clips.explain import explain_clip
from annotation.clips.explanation import ClipExplanation
from annotation.clips.label_errors import find_label_errors
from annotation.clips.suspicion import LabelErrors, SuspectedLabel
from annotation.clips.uncertainty import Uncertainty, separate_uncertainty

__all__ = [
    "ClipExplanation",
    "DirichletPrior",
    "LabelErrors",
    "SuspectedLabel",
    "Uncertainty",
    "average_confusion",
    "expected_gain",
    "explain_clip",
    "find_label_errors",
    "fit_dirichlet",
    "gain_by_annotator",
    "gain_of_one_more_vote",
    "separate_uncertainty",
]
