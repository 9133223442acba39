"""From features to posteriors, ratings and embeddings."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.inference.dropout import check_passes, judge_in_passes
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
        members: P(class) by each of the M members of an ensemble, or in each of M passes with
            dropout, float32 ``(M, N, C)``; M is 0 for a single network without passes.
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


def predict(
    model: TrainedModel,
    features: RaggedFeatures,
    *,
    batch_clips: int = 64,
    passes: int = 0,
    seed: int = 0,
) -> Prediction:
    """Return what a model says about each clip, in the order given.

    Clips are judged in batches of similar length; what is said about a clip depends on neither
    the order nor the other clips, up to rounding (about 1e-6).

    Args:
        model: The model.
        features: N clips of the feature set of the model; N may be 0.
        batch_clips: Most clips in a batch.
        passes: M, how often a single network judges with its dropout on, besides the once with it
            off that gives everything but `members`; 0 for not at all, and else at least 2.
        seed: Of what these passes drop.

    Raises:
        ConfigurationError: If the bands differ from those of the model, a clip is empty or not
            finite, or the model cannot judge in passes: it has members already, was trained
            without dropout, or was solved for.
    """
    bands = model.network.normalisation.mean.shape[-1]
    if features.bands != bands:
        raise ConfigurationError(
            f"`features` must have the {bands} bands of feature set `{model.feature_set}`, but "
            f"have {features.bands}"
        )
    if batch_clips < 1:
        raise ConfigurationError(f"`batch_clips` must be ≥ 1, but got {batch_clips}")
    if passes and model.training.get("solver") == "ridge":
        raise ConfigurationError(
            "`passes` need a network that was trained with dropout, but this head was solved for "
            "by ridge regression; train it by descent, or train an ensemble"
        )
    check_passes(model.network, passes)
    check_features(features)
    return predict_with(model.network, features, batch_clips=batch_clips, passes=passes, seed=seed)


def predict_with(
    network: EmotionNetwork,
    features: RaggedFeatures,
    *,
    batch_clips: int,
    passes: int = 0,
    seed: int = 0,
) -> Prediction:
    """Judge checked clips with a bare network, which is left in its mode and on its device.

    Args:
        network: The network.
        features: N clips, each with a frame and all finite.
        batch_clips: Most clips in a batch, at least 1.
        passes: M, how often it judges with dropout as well; see `check_passes`.
        seed: Of what these passes drop.
    """
    device = network.normalisation.mean.device
    posterior, ratings, embeddings = (
        np.empty((len(features), size), dtype=np.float32)
        for size in (network.n_classes, network.n_ratings, network.embedding_size)
    )
    members = np.empty((network.n_members or passes, *posterior.shape), dtype=np.float32)
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        for clips in batch_by_length(features.lengths, batch_clips):
            batch, lengths = (part.to(device) for part in pad_clips([features], clips))
            output = network(batch, lengths)
            posterior[clips] = _posterior(output.logits)
            ratings[clips] = output.ratings.float().numpy(force=True)
            embeddings[clips] = output.embeddings.float().numpy(force=True)
            said = [member.logits for member in output.members]
            if passes:
                said = list(judge_in_passes(network, batch, lengths, passes=passes, seed=seed))
            for member, logits in enumerate(said):
                members[member, clips] = _posterior(logits)
    network.train(was_training)
    return Prediction(posterior=posterior, embeddings=embeddings, ratings=ratings, members=members)


def _posterior(logits: torch.Tensor) -> npt.NDArray[np.float32]:
    """Return P(class) of a batch, ``(B, C)``."""
    found: npt.NDArray[np.float32] = logits.float().softmax(dim=1).numpy(force=True)
    return found
