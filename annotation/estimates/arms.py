"""Which arm of a campaign asked about which clip of the pool, and what each stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.columns import IntArray
from annotation.errors import AnnotationError

BoolArray = npt.NDArray[np.bool_]

SEED, ACTIVE, REST = 0, 1, 2
STRATA = 3


@dataclass(frozen=True, slots=True, eq=False)
class Arms:
    r"""The picks of a campaign among the N clips of its pool.

    The rule that estimates rely on: round 0, the *seed*, is drawn uniformly from the pool without
    replacement. In each later round the *random* arm draws uniformly from the clips that neither
    the seed nor the random arm had; what the active arm asked stays in. So seed and random arm
    together are, after any number of rounds, a uniform sample of the pool without replacement.

    The *active* arm chooses, deterministically given its model, from the clips that neither the
    seed nor the active arm had, and learns from the seed's answers and its own. Hence, given the
    seed, the random arm is a uniform sample of pool \ seed, and whatever the active arm chose is
    independent of it: the random clips outside the active arm's are a uniform sample of what
    neither arm asks about, the *rest*. Seed clips are no sample of that rest: the active arm
    would have taken some of them, and could not, so that they hold more of what it looks for.
    Three strata follow: the seed and the active arm's clips, each fully asked, and the rest.

    Attributes:
        is_seed: Asked by round 0, (N,).
        is_active: Asked by the active arm, (N,).
        is_random: Asked by the random arm, (N,); may overlap with `is_active`.
    """

    is_seed: BoolArray
    is_active: BoolArray
    is_random: BoolArray

    @classmethod
    def checked(cls, *, seed: npt.ArrayLike, active: npt.ArrayLike, random: npt.ArrayLike) -> Arms:
        """Return arms that keep to the rule.

        Args:
            seed: Whether the seed asked about each clip, (N,).
            active: Whether the active arm did, (N,).
            random: Whether the random arm did, (N,).

        Raises:
            AnnotationError: Lengths differ, or a later arm asked what the seed had asked.

        Example:
            >>> arms = Arms.checked(seed=[1, 0, 0, 0], active=[0, 1, 0, 0], random=[0, 1, 1, 0])
            >>> arms.strata.tolist(), arms.is_uniform.tolist()
            ([0, 1, 2, 2], [True, True, True, False])
        """
        arms = cls(*(np.asarray(arm, np.bool_) for arm in (seed, active, random)))
        shapes = {arm.shape for arm in (arms.is_seed, arms.is_active, arms.is_random)}
        if len(shapes) > 1 or arms.is_seed.ndim != 1:
            msg = f"`seed`, `active` and `random` must be (clips,), but have the shapes {shapes}"
            raise AnnotationError(msg)
        twice = np.flatnonzero(arms.is_seed & (arms.is_active | arms.is_random))
        if len(twice):
            msg = (
                f"{len(twice)} clips, the first at {twice[0]}, were asked by the seed and by a "
                "later arm, so that the arms are no random sample; pass the rounds of one campaign"
            )
            raise AnnotationError(msg)
        return arms

    def __len__(self) -> int:
        """Return N."""
        return len(self.is_seed)

    @property
    def is_asked(self) -> BoolArray:
        """Return the clips that any arm asked about, (N,)."""
        return self.is_seed | self.is_active | self.is_random

    @property
    def is_uniform(self) -> BoolArray:
        """Return the uniform sample of the pool: seed and random arm, (N,)."""
        return self.is_seed | self.is_random

    @property
    def strata(self) -> IntArray:
        """Return the stratum of each clip: `SEED`, `ACTIVE` or `REST`, (N,)."""
        chosen = np.where(self.is_active, ACTIVE, REST)
        return np.asarray(np.where(self.is_seed, SEED, chosen), np.int64)
