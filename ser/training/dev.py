"""How good a network is on clips of other speakers while it still trains."""

from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class DevPart:
    """Hold checked dev clips.

    Args:
        clips: All of them, with labels or ratings.
        part: The features that this process judges, a view.
        share: Which part of all that is.
        n_classes: C; 0 with ratings alone.
    """

    clips: DevClips
    part: RaggedFeatures
    share: Share
    n_classes: int

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
        if not n_classes:
            _check_ratings(dev.ratings, (len(dev.features), n_ratings))
        rows = share.rows(len(dev.features))
        part = dev.features.take(np.arange(rows.start, rows.stop))
        return cls(dev, part, share, n_classes)

    def score(self, network: EmotionNetwork) -> float:
        """Return the UAR, or with ratings alone the mean CCC over their dimensions."""
        prediction = predict_with(network, self.part, batch_clips=BATCH_CLIPS)
        if self.n_classes and self.clips.labels is not None:
            labels = self._gather(torch.from_numpy(prediction.labels)).numpy()
            return unweighted_average_recall(self.clips.labels, labels, self.n_classes)
        truth = np.asarray(self.clips.ratings)
        ratings = self._gather(torch.from_numpy(prediction.ratings)).numpy()
        known = ~np.isnan(truth)
        scores = [
            concordance_correlation(truth[rows, column], ratings[rows, column])
            for column, rows in enumerate(known.T)
        ]
        return float(np.nan_to_num(scores, nan=NO_CONCORDANCE).mean())

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


def _check_ratings(ratings: npt.NDArray[np.floating] | None, shape: tuple[int, int]) -> None:
    found = None if ratings is None else ratings.shape
    if ratings is None or found != shape or np.isnan(ratings).all(axis=0).any():
        raise ConfigurationError(
            f"`dev` must have ratings of the shape (clips, dimensions) = {shape} with a known "
            f"one in each dimension, since the network predicts ratings alone, but got {found}"
        )
