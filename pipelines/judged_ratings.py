"""How close a model's ratings come to people's, on clips it did not learn from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipelines.errors import NothingToDoError
from pipelines.identity import digest
from pipelines.judged import JudgedClips
from pipelines.judgement import Figure, resample
from pipelines.lesson import FloatArray, rated_modality, read_ratings
from warehouse import Warehouse

# In the order they are told: agreement first, then the error in the unit of the ratings.
RATING_METRICS = ("ccc", "pearson", "rmse", "mae")


@dataclass(frozen=True, eq=False)
class RatedClips:
    """What people say of N judged clips on the dimensions that a model rates.

    Args:
        clip_ids: N ids.
        dimensions: R names.
        ratings: People's mean rating of each clip, ``(N, R)``, NaN where nobody rated it.
        modality: What these people perceived.
    """

    clip_ids: tuple[str, ...]
    dimensions: tuple[str, ...]
    ratings: FloatArray
    modality: str

    @property
    def is_rated(self) -> npt.NDArray[np.bool_]:
        """Whether each clip is rated on some dimension, ``(N,)``."""
        return np.asarray(np.isfinite(self.ratings).any(axis=1))

    @property
    def name(self) -> str:
        """A name that follows from the ratings, for more of them are another truth."""
        known = np.flatnonzero(self.is_rated)
        rows = [(self.clip_ids[clip], self.ratings[clip].tolist()) for clip in known]
        return f"ratings-{digest(self.dimensions, self.modality, rows)}"

    def take(self, positions: npt.NDArray[np.int64]) -> "RatedClips":
        """Return the clips at `positions`."""
        clip_ids = tuple(self.clip_ids[position] for position in positions)
        return RatedClips(clip_ids, self.dimensions, self.ratings[positions], self.modality)


def read_rated(
    store: Warehouse, clips: JudgedClips, *, corpus: str, truth: str, dimensions: Sequence[str]
) -> RatedClips:
    """Read people's mean ratings of judged clips, as training reads those it learns from.

    Args:
        store: The warehouse.
        clips: The clips.
        corpus: Their corpus.
        truth: `intended`, or the consensus run whose annotators' modality counts.
        dimensions: What the model rates; may be nothing.
    """
    modality = rated_modality(store, truth)
    ratings = read_ratings(
        store, clips.clip_ids, corpus=corpus, modality=modality, rated=dimensions
    )
    return RatedClips(clips.clip_ids, tuple(dimensions), ratings, modality)


def require_rated(rated: RatedClips, model_id: str) -> None:
    """Refuse to judge a model of ratings alone on clips that nobody rated.

    Args:
        rated: The clips.
        model_id: The model.

    Raises:
        NothingToDoError: With what is missing.
    """
    if not rated.is_rated.any():
        raise NothingToDoError(f"`{model_id}` predicts ratings alone, but {say_unrated(rated)}")


def judge_ratings(
    rated: RatedClips, prediction: npt.NDArray[np.floating], speakers: Sequence[str]
) -> list[Figure]:
    """Judge what a model rates, each dimension on the clips that people rated.

    Args:
        rated: N clips with people's mean ratings.
        prediction: What the model says of them, ``(N, R)``.
        speakers: Speaker of each clip, N names.

    Returns:
        `rmse/arousal`, `mae/arousal`, `pearson/arousal` and `ccc/arousal` with intervals over
        speakers, and so on; nothing of a dimension that nobody rated. CCC and Pearson's r are of
        population moments (`ser.metrics.ratings.concordance_correlation`).
    """
    from ser.metrics.ratings import rating_statistic  # noqa: PLC0415 - keeps help fast

    figures: list[Figure] = []
    for column, name in enumerate(rated.dimensions):
        known = np.flatnonzero(np.isfinite(rated.ratings[:, column]))
        if not known.size:
            continue
        statistic = rating_statistic(rated.ratings[known, column], prediction[known, column])
        heard = [speakers[clip] for clip in known]
        found = resample(statistic, heard)
        figures += [replace(figure, metric=f"{figure.metric}/{name}") for figure in found]
    return figures


def say_unrated(rated: RatedClips) -> str:
    """Say which dimensions nobody has rated on any of the clips; empty if there is none.

    Args:
        rated: Clips with people's mean ratings.

    Example:
        >>> say_unrated(RatedClips(("a",), ("arousal",), np.array([[1.0]]), "audio"))
        ''
    """
    is_unknown = np.isnan(rated.ratings).all(axis=0)
    missing = [f"`{rated.dimensions[column]}`" for column in np.flatnonzero(is_unknown)]
    if not missing:
        return ""
    return (
        f"nobody has rated {' or '.join(missing)} by `{rated.modality}` on one of the "
        f"{len(rated.clip_ids)} clips it could be judged on; bring ratings in with `serloop votes`"
    )
