"""How good a network is on clips of other speakers while it still trains."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.inference.predictor import predict_with
from ser.metrics.classification import check_labels, unweighted_average_recall
from ser.metrics.ratings import concordance_correlation
from ser.models.batching import check_features
from ser.models.network import EmotionNetwork
from ser.training.dataset import DevClips, TrainingClips
from ser.training.distributed import Share

BATCH_CLIPS = 64
NO_CONCORDANCE = -1.0  # where neither side varies, CCC has no value


class DevSaid(NamedTuple):
    """What a network says of dev clips whose class is known.

    Args:
        labels: Class number of each clip, ``(N,)``.
        posterior: What the network says, ``(N, C)``.
    """

    labels: npt.NDArray[np.integer]
    posterior: npt.NDArray[np.float32]


@dataclass(frozen=True)
class DevScore:
    """Say how good a network is on the dev clips.

    Args:
        uar: Unweighted average recall; `None` for a network of ratings alone.
        ccc: Mean CCC over the rated dimensions, each on its known clips; `None` where the
            network rates nothing or no dev clip is rated.
        said: What the UAR was computed from.
    """

    uar: float | None
    ccc: float | None
    said: DevSaid | None = field(default=None, compare=False, repr=False)

    @property
    def deciding(self) -> float:
        """What epochs are chosen by: the UAR, or with ratings alone the mean CCC.

        Example:
            >>> DevScore(uar=0.5, ccc=0.8).deciding, DevScore(uar=None, ccc=0.8).deciding
            (0.5, 0.8)
        """
        if self.uar is not None:
            return self.uar
        return NO_CONCORDANCE if self.ccc is None else self.ccc


@dataclass(frozen=True, eq=False)
class DevPart:
    """Hold checked dev clips.

    Args:
        clips: All of them, with labels or ratings.
        part: The features that this process judges, a view.
        share: Which part of all that is.
        n_classes: C; 0 with ratings alone.
        n_ratings: R; 0 with classes alone.
    """

    clips: DevClips
    part: RaggedFeatures
    share: Share
    n_classes: int
    n_ratings: int

    @classmethod
    def checked(cls, dev: DevClips, clips: TrainingClips, share: Share) -> "DevPart":
        """Return the dev clips after making sure that they can judge the network.

        Args:
            dev: Features, labels and ratings.
            clips: What the network learns from.
            share: The part that falls to this process.

        Raises:
            ConfigurationError: If features cannot be judged, counts do not match, or labels or
                ratings are missing.
        """
        n_classes, n_ratings = clips.targets.posterior.shape[1], clips.targets.ratings.shape[1]
        _check_counts(dev, clips.versions[0].bands)
        if n_classes and dev.labels is None:
            raise ConfigurationError("`dev` must have labels, since the network names classes")
        if n_classes and dev.labels is not None:
            check_labels("dev", dev.labels, n_classes)
        _check_ratings(dev.ratings, (len(dev.features), n_ratings), alone=not n_classes)
        rows = share.rows(len(dev.features))
        part = dev.features.take(np.arange(rows.start, rows.stop))
        return cls(dev, part, share, n_classes, n_ratings)

    def score(self, network: EmotionNetwork) -> DevScore:
        """Return the UAR, the mean CCC, or both, as the network predicts."""
        prediction = predict_with(network, self.part, batch_clips=BATCH_CLIPS)
        uar, said = None, None
        if self.n_classes and self.clips.labels is not None:
            posterior = self._gather(torch.from_numpy(prediction.posterior)).numpy()
            said = DevSaid(self.clips.labels, posterior)
            labels = posterior.argmax(axis=1)
            uar = unweighted_average_recall(self.clips.labels, labels, self.n_classes)
        if not self.n_ratings or self.clips.ratings is None:
            return DevScore(uar, None, said)
        ratings = self._gather(torch.from_numpy(prediction.ratings)).numpy()
        return DevScore(uar, _mean_concordance(self.clips.ratings, ratings), said)

    def arrays(self) -> list[npt.NDArray[np.generic]]:
        """Return everything the scores depend on."""
        known = [array for array in self.clips[1:] if array is not None]
        return [self.clips.features.values, self.clips.features.offsets, *known]

    def _gather(self, part: Tensor) -> Tensor:
        return self.share.gather(part, len(self.clips.features))


def _check_counts(dev: DevClips, bands: int) -> None:
    clips, labels = len(dev.features), dev.labels
    judged = clips if labels is None else len(labels)
    if clips != judged or not clips or dev.features.bands != bands:
        raise ConfigurationError(
            f"`dev` must have one label per clip, at least one clip and {bands} bands, but has "
            f"{clips} clips, {judged} labels and {dev.features.bands} bands"
        )
    check_features(dev.features)


def _check_ratings(
    ratings: npt.NDArray[np.floating] | None, shape: tuple[int, int], *, alone: bool
) -> None:
    found = None if ratings is None else ratings.shape
    if alone and (ratings is None or found != shape or np.isnan(ratings).all(axis=0).any()):
        raise ConfigurationError(
            f"`dev` must have ratings of the shape (clips, dimensions) = {shape} with a known "
            f"one in each dimension, since the network predicts ratings alone, but got {found}"
        )
    if shape[1] and found not in {None, shape}:
        raise ConfigurationError(
            f"`dev` must have ratings of the shape (clips, dimensions) = {shape}, or none, but "
            f"got {found}"
        )


def _mean_concordance(
    truth: npt.NDArray[np.floating], ratings: npt.NDArray[np.floating]
) -> float | None:
    """Return the mean CCC over the dimensions with a known clip; None where there is none."""
    known = ~np.isnan(truth)
    scores = [
        concordance_correlation(truth[rows, column], ratings[rows, column])
        for column, rows in enumerate(known.T)
        if rows.any()
    ]
    return float(np.nan_to_num(scores, nan=NO_CONCORDANCE).mean()) if scores else None
