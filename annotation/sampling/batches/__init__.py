"""Ways of choosing a batch of clips, one each."""

from types import MappingProxyType
from typing import Final

from annotation.sampling.batches.badge import badge
from annotation.sampling.batches.determinantal import determinantal
from annotation.sampling.batches.facility import facility
from annotation.sampling.batches.k_centre import k_centre
from annotation.sampling.batches.protocol import BatchSelector, Candidates
from annotation.sampling.batches.top import top
from annotation.sampling.batches.typical import typical

BATCHES: Final = MappingProxyType[str, BatchSelector](
    {
        "top": top,
        "badge": badge,
        "k_centre": k_centre,
        "typical": typical,
        "facility": facility,
        "determinantal": determinantal,
    }
)
"""Every way of choosing a batch by the name that settings and rounds give it."""

__all__ = [
    "BATCHES",
    "BatchSelector",
    "Candidates",
    "badge",
    "determinantal",
    "facility",
    "k_centre",
    "top",
    "typical",
]
