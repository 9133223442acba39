"""Ways of telling how much an answer about a clip would teach, one each: higher = ask first."""

from types import MappingProxyType
from typing import Final

from annotation.sampling.utilities.bald import bald, by_bald
from annotation.sampling.utilities.checks import check_posterior
from annotation.sampling.utilities.entropy import by_entropy, entropy
from annotation.sampling.utilities.expected_change import by_expected_change, expected_change
from annotation.sampling.utilities.explain import explain_utility, max_utility
from annotation.sampling.utilities.least_confidence import by_least_confidence, least_confidence
from annotation.sampling.utilities.margin import by_margin, margin
from annotation.sampling.utilities.protocol import Known, Utility
from annotation.sampling.utilities.reducible import by_reducible, reducible

UTILITIES: Final = MappingProxyType[str, Utility](
    {
        "entropy": by_entropy,
        "margin": by_margin,
        "least_confidence": by_least_confidence,
        "bald": by_bald,
        "expected_change": by_expected_change,
        "reducible": by_reducible,
    }
)
"""Every utility by the name that settings and rounds give it."""

__all__ = [
    "UTILITIES",
    "Known",
    "Utility",
    "bald",
    "check_posterior",
    "entropy",
    "expected_change",
    "explain_utility",
    "least_confidence",
    "margin",
    "max_utility",
    "reducible",
]
