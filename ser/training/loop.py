"""Train a network on labelled clips."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ser.audio.augment.log_mel import LogMelAugmenter
from ser.devices import gpu_numbers
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.features.spectral import LogMel
from ser.models.build import build_network
from ser.models.encoder_tail import TailNetwork
from ser.models.network import EmotionNetwork
from ser.models.parameters import NetworkParameters
from ser.models.trained import Json, TrainedModel
from ser.training.beside import Beside
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
from ser.training.identity import identify, plain, without_defaults
from ser.training.initial import digest, load_initial
from ser.training.parameters import TrainingParameters
from ser.training.run import OnEpoch, Run, Store

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
    unlabelled: RaggedFeatures | None = None,
    groups: npt.NDArray[np.integer] | None = None,
    initial: Mapping[str, Tensor] | None = None,
    model: NetworkParameters | None = None,
    training: TrainingParameters | None = None,
    seed: int = 0,
    state: Path | None = None,
    on_epoch: OnEpoch | None = None,
) -> TrainedModel:
    """Train a network on labelled clips, or go on with a training that was interrupted.

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
        unlabelled: Clips for what is learned beside the labels (``training.semi`` and
            ``training.domain``), of the same bands. What the network believes of them lives in
            the training alone: the history tells how many were used, and how.
        groups: Number of the corpus of each clip, ``(N,)``, for ``training.balance_groups``.
        initial: Weights to begin from, named as in ``network.state_dict()``; what is not named
            begins afresh. Statistics of features among them replace those of the training clips,
            for an encoder that was trained before has to hear what it heard then.
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
    beside = Beside.checked(unlabelled, groups, clips=clips, model=model, training=training)
    share = Share.of_this_process()
    judges = None if dev is None else DevPart.checked(DevClips(*dev), clips, share)
    described = {**plain(training), "seed": seed, "clips": len(features)}
    store = None
    if state is not None:
        facts: list[Json] = [
            without_defaults(plain(model), NetworkParameters),
            without_defaults(described, TrainingParameters),
            list(classes),
        ]
        identity = identify(clips, judges, beside, initial or {}, facts)
        store = Store(state, identity, is_writer=share.rank == 0)
    with torch.random.fork_rng(devices=gpu_numbers(training.device)):
        torch.manual_seed(seed)
        network = _build_network(model, clips, initial or {}).to(training.device)
        augmenter = _build_augmenter(log_mel, features.bands, training)
        trainer = Trainer(
            network,
            clips,
            settings=training,
            augmenter=augmenter,
            seed=seed,
            share=share,
            groups=beside.groups,
            auxiliaries=beside.build(
                network,
                clips,
                training=training,
                log_mel=log_mel,
                augmenter=augmenter,
                seed=seed,
            ),
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
        training=described | _tell(beside, initial, run),
        best_epoch=run.best_epoch,
        history=tuple(run.history),
    )


def _build_network(
    model: NetworkParameters, clips: TrainingClips, initial: Mapping[str, Tensor]
) -> EmotionNetwork:
    features, targets = clips.versions[0], clips.targets
    network = build_network(model, n_classes=targets.posterior.shape[1], n_bands=features.bands)
    statistics = (
        layer_moments(features, model.layers) if model.layers else band_statistics(features)
    )
    network.normalisation.set_statistics(*statistics)
    if network.n_ratings:
        network.set_rating_statistics(*rating_statistics(targets.ratings))
    load_initial(network, initial)
    if isinstance(network, TailNetwork):
        if not any(name.startswith("tail.") for name in initial):
            raise ConfigurationError(
                "`model` goes on from a pretrained encoder, but `initial` holds none of its "
                "weights; take them from `ser.models.encoder_tail.encoder_weights`"
            )
        # Of what its layers say as they are now: they learn from there.
        network.measure(features)
    return network


def _tell(
    beside: Beside, initial: Mapping[str, Tensor] | None, run: Run[EmotionNetwork]
) -> dict[str, Json]:
    """Return what the model tells of its training beside parameters, if there is anything."""
    told = beside.facts() | ({"initial": digest(initial)} if initial else {})
    figures = run.history[run.best_epoch - 1].beside
    return told | ({"beside": dict(figures)} if figures else {})


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
