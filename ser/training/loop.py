"""Train a network on labelled clips."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ser.audio.augment.log_mel import LogMelAugmenter
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.features.spectral import LogMel
from ser.models.build import build_network
from ser.models.network import EmotionNetwork
from ser.models.parameters import NetworkParameters
from ser.models.trained import Json, TrainedModel
from ser.training.dataset import (
    DevClips,
    TrainingClips,
    band_statistics,
    layer_moments,
    rating_statistics,
)
from ser.training.dev import DevPart
from ser.training.distributed import Share
from ser.training.epoch import Trainer
from ser.training.parameters import TrainingParameters
from ser.training.run import OnEpoch, Run, Store
from ser.training.state import fingerprint

Dev = DevClips | tuple[RaggedFeatures, npt.NDArray[np.integer]]


def train_classifier(  # noqa: PLR0913 - flat: each is a choice of its own
    features: RaggedFeatures,
    targets: npt.NDArray[np.floating],
    *,
    classes: Sequence[str],
    feature_set: str,
    sample_rate: int,
    ratings: npt.NDArray[np.floating] | None = None,
    weights: npt.NDArray[np.floating] | None = None,
    augmented: Sequence[RaggedFeatures] = (),
    log_mel: LogMel | None = None,
    dev: Dev | None = None,
    model: NetworkParameters | None = None,
    training: TrainingParameters | None = None,
    seed: int = 0,
    state: Path | None = None,
    on_epoch: OnEpoch | None = None,
) -> TrainedModel:
    """Train a network from scratch, or go on with a training that was interrupted.

    On a CPU the weights are a function of the arguments and torch's thread count alone,
    however often the training was killed and resumed. In a group of processes (`torchrun`, see
    `ser.training.distributed`) all call this with the same arguments and share each batch; the
    weights are then those of one process up to rounding. torch's global generator is left as
    it was found.

    Args:
        features: The N training clips.
        targets: Posterior of each clip, rows sum to 1, ``(N, C)``; one-hot for hard labels; C
            is 0 with ratings alone.
        classes: Names of the C classes.
        feature_set: Name of the feature set, kept with the model.
        sample_rate: Rate of the audio under the features, Hz, kept with the model.
        ratings: The dimensions that ``model.ratings`` names, ``(N, R)``, NaN where unknown.
        weights: How much each clip counts, ``(N,)``, ≥ 0, on any scale; all alike by default.
        augmented: Further versions of the clips (speed copies), aligned clip by clip; each
            epoch draws one version of each clip, the original included.
        log_mel: What the features are, if they are log-mel; augmentation that changes the sound
            needs to know.
        dev: Clips of other speakers and their class numbers, ratings or both. When given, the
            weights of the epoch with the highest UAR on them (with ratings alone, the highest
            mean CCC) are kept, else those of the last epoch.
        model: Sizes of the network.
        training: How to train.
        seed: Seed of weights, batches and augmentation.
        state: File that keeps the training after every epoch. If it is there, the training
            goes on from it; a finished one returns at once. Remove it when the model is safe.
        on_epoch: Called after every epoch, at first for those that were done before.

    Returns:
        The model on the CPU, in evaluation mode.

    Raises:
        ConfigurationError: If counts do not match, fewer than two classes have a clip, targets
            are no posteriors, features are empty or not finite, the training diverges, or
            augmentation would change the sound of features that are not log-mel.
        ArtifactError: If ``state`` is damaged or belongs to another training.
    """
    model = model or NetworkParameters()
    training = training or TrainingParameters()
    clips = TrainingClips.checked(
        (features, *augmented),
        targets,
        classes,
        decided=training.loss != "soft_label",
        ratings=ratings,
        rated=model.ratings,
        weights=weights,
    )
    share = Share.of_this_process()
    judges = None if dev is None else DevPart.checked(DevClips(*dev), clips, share)
    described = {**_plain(training), "seed": seed, "clips": len(features)}
    store = None
    if state is not None:
        identity = _identify(clips, judges, [_plain(model), described, list(classes)])
        store = Store(state, identity, is_writer=share.rank == 0)
    with torch.random.fork_rng(devices=_gpus(training.device)):
        torch.manual_seed(seed)
        network = _build_network(model, clips, training.device)
        trainer = Trainer(
            network,
            clips,
            settings=training,
            augmenter=_build_augmenter(log_mel, features.bands, training),
            seed=seed,
            share=share,
        )
        run = Run(trainer, dev=judges, store=store)
        run.finish(on_epoch)
    network.load_state_dict(run.best)
    return TrainedModel(
        network=network.cpu().eval(),
        parameters=model,
        classes=tuple(classes),
        feature_set=feature_set,
        sample_rate=sample_rate,
        training=described,
        best_epoch=run.best_epoch,
        history=tuple(run.history),
    )


def _build_network(model: NetworkParameters, clips: TrainingClips, device: str) -> EmotionNetwork:
    features, targets = clips.versions[0], clips.targets
    network = build_network(model, n_classes=targets.posterior.shape[1], n_bands=features.bands)
    statistics = (
        layer_moments(features, model.layers) if model.layers else band_statistics(features)
    )
    network.normalisation.set_statistics(*statistics)
    if network.n_ratings:
        network.set_rating_statistics(*rating_statistics(targets.ratings))
    return network.to(device)


def _build_augmenter(
    log_mel: LogMel | None, bands: int, training: TrainingParameters
) -> LogMelAugmenter | None:
    augmentation = training.augmentation
    if not (augmentation.changes_sound or augmentation.warp):
        return None
    if log_mel is None or log_mel.bands != bands:
        raise ConfigurationError(
            "`augmentation` changes the sound, which works on log-mel features alone: pass "
            f"`log_mel` with {bands} bands, or leave it to speed copies and masks"
        )
    return LogMelAugmenter(log_mel, augmentation) if augmentation.changes_sound else None


def _plain(parameters: NetworkParameters | TrainingParameters) -> dict[str, Json]:
    """Return the parameters as JSON gives them back: tuples become lists."""
    plain: dict[str, Json] = json.loads(json.dumps(asdict(parameters)))
    return plain


def _identify(clips: TrainingClips, dev: DevPart | None, facts: list[Json]) -> str:
    targets = clips.targets
    known = [targets.posterior, targets.ratings, targets.weights]
    return fingerprint(
        [
            *(array for version in clips.versions for array in (version.values, version.offsets)),
            *(tensor.numpy() for tensor in known if tensor is not None),
            *([] if dev is None else dev.arrays()),
        ],
        facts,
    )


def _gpus(device: str) -> list[int]:
    if torch.device(device).type != "cuda":
        return []
    index = torch.device(device).index
    return [torch.cuda.current_device() if index is None else index]
