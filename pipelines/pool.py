"""The pool of a round: the clips that may be asked about, and what a model says of each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.convert import read_posterior

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Pool:
    """The N clips of a pool that a model has judged, in the order of clip ids.

    Args:
        model_id: Whose word it is.
        clip_ids: N ids.
        posterior: P(class) of each, ``(N, C)``.
        embeddings: Where the model places each, ``(N, E)``.
        disagreement: How far members contradict each other, ``(N,)``; None where one of them says
            nothing of it.
        facts: Rows of `clips` with `audio`, N of them.
    """

    model_id: str
    clip_ids: tuple[str, ...]
    posterior: FloatArray
    embeddings: FloatArray
    disagreement: FloatArray | None
    facts: pa.Table

    @classmethod
    def of(cls, predictions: pa.Table, clips: pa.Table, classes: Sequence[str]) -> Self:
        """Return the clips that have a prediction.

        Args:
            predictions: Rows of `predictions` of one model.
            clips: Rows of `clips` with `audio`, as `corpus_clips` returns them.
            classes: C names.
        """
        clip_ids = predictions["clip_id"].combine_chunks()
        place = pc.index_in(clip_ids, clips["clip_id"].combine_chunks())
        known = predictions.filter(pc.is_valid(place))
        disagreement = known["disagreement"]
        return cls(
            model_id=known["model_id"][0].as_py() if known.num_rows else "",
            clip_ids=tuple(known["clip_id"].to_pylist()),
            # Without a row nothing tells the number of classes.
            posterior=read_posterior(known["posterior"]).reshape(-1, len(classes)),
            embeddings=read_posterior(known["embedding"]),
            disagreement=(
                None if disagreement.null_count else np.asarray(disagreement, np.float64)
            ),
            facts=clips.take(place.drop_null()),
        )

    def __len__(self) -> int:
        """Return N."""
        return len(self.clip_ids)

    @property
    def duration_s(self) -> FloatArray:
        """Return the duration of each clip, ``(N,)``."""
        return np.asarray(self.facts["duration_s"], np.float64)

    def has(self, clip_ids: Collection[str]) -> BoolArray:
        """Return which clips are among these, ``(N,)``."""
        wanted = pa.array(sorted(clip_ids), pa.string())
        return np.asarray(pc.is_in(pa.array(self.clip_ids, pa.string()), wanted), np.bool_)

    def find(self, clip_ids: Sequence[str]) -> tuple[IntArray, IntArray]:
        """Return which of these clips are in the pool, and where."""
        wanted = pa.array(clip_ids, pa.string())
        place = pc.index_in(wanted, pa.array(self.clip_ids, pa.string()))
        there = np.flatnonzero(np.asarray(place.is_valid()))
        return there, np.asarray(place.drop_null(), np.int64)

    def unheard(self, utility: FloatArray, is_asked: BoolArray) -> IntArray:
        """Return the clips whose audio nobody was asked about, the most useful of each audio.

        Args:
            utility: Of each clip, ``(N,)``.
            is_asked: Which clips were asked about, ``(N,)``.
        """
        audio = self.facts["audio"].to_numpy(zero_copy_only=False).astype(str)
        fresh = np.flatnonzero(~np.isin(audio, audio[is_asked]))
        falling = fresh[np.argsort(-utility[fresh], kind="stable")]
        _, first = np.unique(audio[falling], return_index=True)
        return np.sort(falling[first])
