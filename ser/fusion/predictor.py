"""From features and words to posteriors."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.fusion.model import FusedModel
from ser.fusion.network import FusedOutput, FusionNetwork
from ser.inference.dropout import check_passes, thinned
from ser.inference.predictor import Prediction
from ser.models.batching import Positions, batch_by_length, check_features, pad_clips


class Said(NamedTuple):
    """What a fusion says of N clips.

    Args:
        fused: By sound and words, ``(N, C)`` logits.
        sound: By the sound alone, ``(N, C)`` logits.
        words: By the words alone, ``(N, C)`` logits; of no use where there are none.
        embeddings: The layer under the fused logits, ``(N, E)``.
    """

    fused: Tensor
    sound: Tensor
    words: Tensor
    embeddings: Tensor


def predict_fused(
    model: FusedModel,
    features: RaggedFeatures,
    words: RaggedFeatures,
    *,
    batch_clips: int = 64,
    passes: int = 0,
    seed: int = 0,
) -> Prediction:
    """Return what a fusion says about each clip, in the order given.

    What is said about a clip depends on neither the order nor the other clips, up to rounding.

    Args:
        model: The fusion.
        features: N clips of the feature set of the model; N may be 0.
        words: States of the tokens of each clip, aligned with ``features``; none for a clip
            whose words are missing.
        batch_clips: Most clips in a batch.
        passes: How often it judges with its dropout on, as in `ser.inference.predictor.predict`.
        seed: Of what these passes drop.

    Raises:
        ConfigurationError: If features or words are not of the model's kind or not finite, or
            there are not as many of both, or it cannot judge in passes.
    """
    bands = model.network.normalisation.mean.shape[-1]
    if features.bands != bands:
        raise ConfigurationError(
            f"`features` must have the {bands} bands of feature set "
            f"`{model.feature_set}`, but have {features.bands}"
        )
    if batch_clips < 1:
        raise ConfigurationError(f"`batch_clips` must be ≥ 1, but got {batch_clips}")
    check_features(features)
    check_words(words, len(features), model.reader.text_size)
    check_passes(model.network, passes)
    said = say_both(model.reader, features, words, batch_clips=batch_clips)
    members = np.empty((passes, *said.fused.shape), dtype=np.float32)
    for number in range(passes):
        with thinned(model.network, seed=seed, number=number):
            thin = say_both(model.reader, features, words, batch_clips=batch_clips)
        members[number] = thin.fused.softmax(dim=1).numpy()
    return Prediction(
        posterior=said.fused.softmax(dim=1).numpy(),
        embeddings=said.embeddings.numpy(),
        ratings=np.empty((len(features), 0), dtype=np.float32),
        members=members,
    )


def say_both(
    network: FusionNetwork, features: RaggedFeatures, words: RaggedFeatures, *, batch_clips: int
) -> Said:
    """Judge checked clips with a bare network, which is left in its mode and on its device.

    Args:
        network: The fusion.
        features: N clips, each with a frame and all finite.
        words: States of their tokens, aligned, all finite.
        batch_clips: Most clips in a batch, at least 1.
    """
    sizes = (network.n_classes,) * 3 + (network.embedding_size,)
    said = Said(*(torch.empty(len(features), size) for size in sizes))
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        for clips, output in _judge(network, features, words, batch_clips):
            fused = (output.fused.logits, output.sound, output.words, output.fused.embeddings)
            for whole, part in zip(said, fused, strict=True):
                whole[torch.from_numpy(clips)] = part.float().cpu()
    network.train(was_training)
    return said


def check_words(words: RaggedFeatures, clips: int, text_size: int | None = None) -> None:
    """Refuse words that do not belong to the clips or cannot be read.

    Args:
        words: States of the tokens of each clip.
        clips: N.
        text_size: Numbers in a state, if that is known.

    Raises:
        ConfigurationError: If counts or sizes differ, or a number is NaN or infinite.
    """
    size = words.bands if text_size is None else text_size
    if len(words) != clips or words.bands != size:
        raise ConfigurationError(
            f"`words` must be of {clips} clips with {size} numbers in a state, but are of "
            f"{len(words)} with {words.bands}; give clips without words no state"
        )
    if not np.isfinite(words.values).all():
        raise ConfigurationError("`words` must be finite, but hold NaN or infinity")


def _judge(
    network: FusionNetwork, features: RaggedFeatures, words: RaggedFeatures, batch_clips: int
) -> Iterator[tuple[Positions, FusedOutput]]:
    device = network.normalisation.mean.device
    for clips in batch_by_length(features.lengths, batch_clips):
        batch, lengths = (part.to(device) for part in pad_clips([features], clips))
        read, counts = (torch.from_numpy(part).to(device) for part in words.pad(clips))
        yield clips, network.judge_both(network.normalisation(batch), lengths, read, counts)
