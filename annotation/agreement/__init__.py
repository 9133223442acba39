"""Agreement: how far people say the same, with intervals from resampled clips."""

from annotation.agreement.alpha import count_alpha, rating_alpha
from annotation.agreement.annotator import AnnotatorAgreement, agreement_with_others
from annotation.agreement.cohen import PairwiseKappa, pairwise_kappa
from annotation.agreement.consensus import ConsensusAgreement, agreement_of_consensus
from annotation.agreement.counts import against_rest, people_per_class
from annotation.agreement.estimate import Agreement, Statistic, estimate, estimate_by_group
from annotation.agreement.fleiss import fleiss_kappa, pair_agreement
from annotation.agreement.reference import ReferenceAgreement, agreement_with_reference

__all__ = [
    "Agreement",
    "AnnotatorAgreement",
    "ConsensusAgreement",
    "PairwiseKappa",
    "ReferenceAgreement",
    "Statistic",
    "against_rest",
    "agreement_of_consensus",
    "agreement_with_others",
    "agreement_with_reference",
    "count_alpha",
    "estimate",
    "estimate_by_group",
    "fleiss_kappa",
    "pair_agreement",
    "pairwise_kappa",
    "people_per_class",
    "rating_alpha",
]
