"""What a candidate and the champion say of the clips that decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.errors import NothingToDoError
from pipelines.judged import JudgedClips, read_judgement, select_judged
from pipelines.model_pairs import read_pair
from warehouse import Warehouse

Posterior = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Two models, or one, on the decided test clips both were kept from.

    Args:
        clips: The N clips with their truth.
        candidate: The candidate, a row from `require_model`.
        champion: The champion likewise; None for none.
        said: Posterior of the candidate, ``(N, C)``.
        reference: Posterior of the champion; None for none.
    """

    clips: JudgedClips
    candidate: Mapping[str, Any]
    champion: Mapping[str, Any] | None
    said: Posterior
    reference: Posterior | None

    @property
    def models(self) -> list[Mapping[str, Any]]:
        """The candidate, and the champion if there is one."""
        return [self.candidate] if self.champion is None else [self.candidate, self.champion]

    @property
    def opponent(self) -> str:
        """What the candidate is compared with, in words."""
        return "guessing" if self.champion is None else f"champion `{self.champion['model_id']}`"


def read_evidence(
    store: Warehouse,
    candidate: Mapping[str, Any],
    champion: Mapping[str, Any] | None,
    *,
    truth: str,
) -> Evidence:
    """Return what both models say of the test clips they share.

    Args:
        store: The warehouse.
        candidate: A row from `require_model`.
        champion: Another one; None for none.
        truth: `intended`, or the id of a consensus run.

    Raises:
        PipelineError: If they differ in their classes, or the truth is in others.
        LeakageError: If one learned from what the other is tested on.
        NothingToDoError: If one was not evaluated, or no clip has a decided label.
    """
    if champion is None:
        judged = select_judged(store, candidate, truth=truth)
        clips, said = read_judgement(store, candidate, judged)
        reference = None
    else:
        pair = read_pair(store, candidate["model_id"], champion["model_id"], truth=truth)
        clips, said, reference = pair.clips, pair.first, pair.second
    kept = np.flatnonzero(clips.is_decided)
    if not kept.size:
        raise NothingToDoError(f"`{truth}` is undecided about every clip that would decide")
    return Evidence(
        clips=clips.take(kept),
        candidate=candidate,
        champion=champion,
        said=said[kept],
        reference=None if reference is None else reference[kept],
    )
