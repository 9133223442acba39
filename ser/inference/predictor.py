"""From features to posteriors, ratings and embeddings."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.models.batching import batch_by_length, check_features, pad_clips
from ser.models.network import EmotionNetwork
from ser.models.trained import TrainedModel


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model says about N clips.

    Args:
        posterior: P(class), rows sum to 1, float32 ``(N, C)``; C is 0 without classes.
        embeddings: The layer under the outputs, float32 ``(N, E)``.
        ratings: Rated dimensions in the scale of the training ratings, float32 ``(N, R)``; R is
            0 without ratings.
        members: P(class) by each of the M members of an ensemble, float32 ``(M, N, C)``; M is 0
            for a single network.
    """

    posterior: npt.NDArray[np.float32]
    embeddings: npt.NDArray[np.float32]
    ratings: npt.NDArray[np.float32]
    members: npt.NDArray[np.float32]

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The most probable class of each clip, ``(N,)``; the first of equals.

        Raises:
            ConfigurationError: If the model predicts ratings alone.
        """
        if not self.posterior.shape[1]:
            raise ConfigurationError(
                "`labels` need classes, but the model predicts ratings alone; read `ratings`"
            )
        labels: npt.NDArray[np.int64] = self.posterior.argmax(axis=1)
        return labels


def predict(model: TrainedModel, features: RaggedFeatures, *, batch_clips: int = 64) -> Prediction:
    """Return what a model says about each clip, in the order given.

    Clips are judged in batches of similar length; what is said about a clip depends on neither
    the order nor the other clips, up to rounding (about 1e-6).

    Args:
        model: The model.
        features: N clips of the feature set of the model; N may be 0.
        batch_clips: Most clips in a batch.

    Raises:
        ConfigurationError: If the bands differ from those of the model, or a clip is empty or
            not finite.
    """
    bands = model.network.normalisation.mean.shape[-1]
    if features.bands != bands:
        raise ConfigurationError(
            f"`features` must have the {bands} bands of feature set `{model.feature_set}`, but "
            f"have {features.bands}"
        )
    if batch_clips < 1:
        raise ConfigurationError(f"`batch_clips` must be ≥ 1, but got {batch_clips}")
    check_features(features)
    return predict_with(model.network, features, batch_clips=batch_clips)


def predict_with(
    network: EmotionNetwork, features: RaggedFeatures, *, batch_clips: int
) -> Prediction:
    """Judge checked clips with a bare network, which is left in its mode and on its device.

    Args:
        network: The network.
        features: N clips, each with a frame and all finite.
        batch_clips: Most clips in a batch, at least 1.
    """
    device = network.normalisation.mean.device
    posterior, ratings, embeddings = (
        np.empty((len(features), size), dtype=np.float32)
        for size in (network.n_classes, network.n_ratings, network.embedding_size)
    )
    members = np.empty((network.n_members, *posterior.shape), dtype=np.float32)
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        for clips in batch_by_length(features.lengths, batch_clips):
            batch, lengths = pad_clips([features], clips)
            output = network(batch.to(device), lengths.to(device))
            posterior[clips] = output.logits.float().softmax(dim=1).numpy(force=True)
            ratings[clips] = output.ratings.float().numpy(force=True)
            embeddings[clips] = output.embeddings.float().numpy(force=True)
            for member, said in enumerate(output.members):
                members[member, clips] = said.logits.float().softmax(dim=1).numpy(force=True)
    network.train(was_training)
    return Prediction(posterior=posterior, embeddings=embeddings, ratings=ratings, members=members)
