"""From features to posteriors and embeddings."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.models.batching import batch_by_length, check_features, pad_clips
from ser.models.classifier import Classifier
from ser.models.trained import TrainedModel


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model says about N clips.

    Args:
        posterior: P(class), rows sum to 1, float32 ``(N, C)``.
        embeddings: The layer under the scores, float32 ``(N, E)``.
    """

    posterior: npt.NDArray[np.float32]
    embeddings: npt.NDArray[np.float32]

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The most probable class of each clip, ``(N,)``; the first of equals."""
        labels: npt.NDArray[np.int64] = self.posterior.argmax(axis=1)
        return labels


def predict(model: TrainedModel, features: RaggedFeatures, *, batch_clips: int = 64) -> Prediction:
    """Return the posterior and the embedding of each clip, in the order given.

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
    bands = model.network.normalisation.mean.shape[0]
    if features.bands != bands:
        raise ConfigurationError(
            f"`features` must have the {bands} bands of feature set `{model.feature_set}`, but "
            f"have {features.bands}"
        )
    if batch_clips < 1:
        raise ConfigurationError(f"`batch_clips` must be ≥ 1, but got {batch_clips}")
    check_features(features)
    return predict_with(model.network, features, batch_clips=batch_clips)


def predict_with(network: Classifier, features: RaggedFeatures, *, batch_clips: int) -> Prediction:
    """Judge checked clips with a bare network, which is left in the mode it came in.

    Args:
        network: The classifier.
        features: N clips, each with a frame and all finite.
        batch_clips: Most clips in a batch, at least 1.
    """
    posterior = np.empty((len(features), network.head.n_classes), dtype=np.float32)
    embeddings = np.empty((len(features), network.head.size), dtype=np.float32)
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        for clips in batch_by_length(features.lengths, batch_clips):
            output = network(*pad_clips([features], clips))
            posterior[clips] = output.logits.softmax(dim=1).numpy()
            embeddings[clips] = output.embeddings.numpy()
    network.train(was_training)
    return Prediction(posterior=posterior, embeddings=embeddings)
