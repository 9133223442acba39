"""What clips teach besides their classes: people's mean ratings, and how much each clip counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.ratings import MeanRating, build_rating_matrix
from annotation.ratings.matrix import Dimension
from pipelines.clipset import INTENDED, ClipSet, corpus_clips
from pipelines.errors import NothingToDoError
from pipelines.labels import agree
from warehouse import Warehouse, queries

HEARD = "audio"
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Lesson:
    """What the N clips of a set teach besides their classes.

    Args:
        ratings: Mean rating of each clip on R dimensions, ``(N, R)``, NaN where nobody rated it.
        weights: How much each clip counts, ``(N,)``, ≥ 0; None if all count alike.
    """

    ratings: FloatArray
    weights: FloatArray | None

    @property
    def is_rated(self) -> npt.NDArray[np.bool_]:
        """Whether each clip has a rating on some dimension, ``(N,)``."""
        return np.asarray(np.isfinite(self.ratings).any(axis=1))


def read_lesson(
    store: Warehouse, clips: ClipSet, config: Mapping[str, Any], rated: Sequence[str]
) -> Lesson:
    """Read what a training takes from people besides labels.

    Args:
        store: The warehouse.
        clips: The clips.
        config: `corpus`, `labels`, and `clip_weights` where clips are weighed.
        rated: R rated dimensions.

    Raises:
        NothingToDoError: If no training clip is rated on one of the dimensions.
    """
    weighing = config.get("clip_weights")
    return Lesson(
        ratings=_read_lesson_ratings(store, clips, config, rated),
        weights=None if weighing is None else _weigh(store, clips, config, weighing),
    )


def read_ratings(
    store: Warehouse,
    clip_ids: Sequence[str],
    *,
    corpus: str,
    modality: str,
    rated: Sequence[str],
) -> FloatArray:
    """Return people's mean ratings of clips; a corpus's intended labels are no ratings.

    Args:
        store: The warehouse.
        clip_ids: N clips of the corpus.
        corpus: The corpus.
        modality: What those who rated perceived, see `rated_modality`.
        rated: R rated dimensions.

    Returns:
        ``(N, R)``, in the scale of the ratings, NaN where nobody rated.
    """
    ratings = np.full((len(clip_ids), len(rated)), np.nan)
    if not rated:
        return ratings
    votes = queries.select_effective_votes(store, corpus=corpus, modality=modality)
    votes = votes.filter(pc.not_equal(votes["source"], INTENDED))
    wanted = pa.array(clip_ids, pa.string())
    for column, name in enumerate(rated):
        found = MeanRating().aggregate(build_rating_matrix(votes, cast("Dimension", name)))
        place = pc.index_in(wanted, pa.array(found.items, pa.string()))
        is_known = np.asarray(place.is_valid())
        ratings[is_known, column] = found.rating[np.asarray(place.drop_null(), np.int64)]
    return ratings


def rated_modality(store: Warehouse, labels: str) -> str:
    """Return what the annotators of a run perceived; with intended labels, hearers' ratings go.

    Args:
        store: The warehouse.
        labels: `intended`, or the id of a consensus run.
    """
    runs = queries.select_consensus_runs(store).to_pylist()
    return next((str(run["modality"]) for run in runs if run["run_id"] == labels), HEARD)


def certainty(posterior: FloatArray) -> FloatArray:
    """Return how sure people are of each clip: 1 − entropy / log C.

    Args:
        posterior: P(class), rows sum to 1, ``(N, C)``, C ≥ 2.

    Returns:
        ``(N,)`` in [0, 1]: 1 where one class has everything, 0 where all are equally likely.

    Example:
        >>> certainty(np.array([[1.0, 0.0], [0.5, 0.5]])).tolist()
        [1.0, 0.0]
    """
    logarithm = np.log(posterior, out=np.zeros_like(posterior), where=posterior > 0)
    entropy = -(posterior * logarithm).sum(axis=1)
    return np.asarray(np.clip(1 - entropy / np.log(posterior.shape[1]), 0, 1))


def _weigh(
    store: Warehouse, clips: ClipSet, config: Mapping[str, Any], weighing: str
) -> FloatArray | None:
    if config["labels"] == INTENDED:
        return None
    if weighing == "votes":
        return clips.votes.astype(np.float64)
    posterior = clips.targets.astype(np.float64)
    if clips.kind == "hard":
        # A decided label no longer says how sure people were.
        everything = corpus_clips(store, config["corpus"])
        chosen = everything.filter(
            pc.is_in(everything["clip_id"], pa.array(clips.clip_ids, pa.string()))
        )
        found = agree(store, chosen, config["labels"], clips.rules or clips.taxonomy)
        posterior = found.posterior
    return certainty(posterior / posterior.sum(axis=1, keepdims=True))


def _read_lesson_ratings(
    store: Warehouse, clips: ClipSet, config: Mapping[str, Any], rated: Sequence[str]
) -> FloatArray:
    corpus, modality = config["corpus"], rated_modality(store, config["labels"])
    ratings = read_ratings(store, clips.clip_ids, corpus=corpus, modality=modality, rated=rated)
    for column, name in enumerate(rated):
        if np.isnan(ratings[clips.train, column]).all():
            raise NothingToDoError(
                f"`training.ratings` names `{name}`, but nobody has rated it by `{modality}` on a "
                f"clip to learn from of corpus `{corpus}`; leave it out, or bring ratings in with "
                "`serloop votes`"
            )
    return ratings
