"""Clips without labels, pass after pass, in batches."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ser.features.ragged import RaggedFeatures
from ser.models.batching import pad_clips, shuffle_batches
from ser.models.trained import Json

Positions = npt.NDArray[np.int64]


class UnlabelledBatches:
    """Go through clips again and again, in random batches of clips of similar length.

    Args:
        features: The N clips.
        batch_size: Most clips in a batch.
        seed: Seed of the batches.

    Example:
        >>> clips = RaggedFeatures.from_list([np.zeros((2, 3))] * 4)
        >>> batches = UnlabelledBatches(clips, batch_size=2, seed=0)
        >>> seen = [batches.draw() for _ in range(4)]
        >>> sorted(np.concatenate(seen).tolist())
        [0, 0, 1, 1, 2, 2, 3, 3]
    """

    def __init__(self, features: RaggedFeatures, *, batch_size: int, seed: int) -> None:
        self.features = features
        self.batch_size = batch_size
        self._order = np.random.default_rng(seed)
        self._begin()

    def draw(self) -> Positions:
        """Return the positions of the next batch, ``(B,)``."""
        if self._done == len(self._batches):
            self._begin()
        batch: Positions = self._batches[self._done]
        self._done += 1
        return batch

    def pad(self, clips: Positions) -> tuple[Tensor, Tensor]:
        """Return the raw features of clips, ``(B, F, D)``, and their lengths, ``(B,)``."""
        return pad_clips([self.features], clips)

    def facts(self) -> dict[str, Json]:
        """Return where it stands, ready for JSON."""
        return {"pass": cast("Json", self._at_begin), "done": self._done}

    def restore(self, facts: Mapping[str, Any]) -> None:
        """Go on from what `facts` returned."""
        self._order.bit_generator.state = facts["pass"]
        self._begin()
        self._done = facts["done"]

    def _begin(self) -> None:
        # Kept rather than the batches: a resumed training cuts the same ones from it.
        self._at_begin = self._order.bit_generator.state
        self._batches = shuffle_batches(self.features.lengths, self.batch_size, self._order)
        self._done = 0
