"""Train a fusion of sound and words on labelled clips."""

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ser.devices import gpu_numbers
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.fusion.dev import BATCH_CLIPS, FusionDev
from ser.fusion.joining import LateFusion
from ser.fusion.late import fit_late_weights
from ser.fusion.model import FusedModel
from ser.fusion.network import FusionNetwork
from ser.fusion.parameters import FusionParameters
from ser.fusion.predictor import check_words, say_both
from ser.fusion.trainer import FusionTrainer
from ser.metrics.classification import check_labels
from ser.models.batching import check_features
from ser.models.build import build_network
from ser.models.network import EmotionNetwork
from ser.models.parameters import NetworkParameters
from ser.models.trained import Json, TrainedModel
from ser.training.dataset import TrainingClips, band_statistics, layer_moments
from ser.training.distributed import Share
from ser.training.identity import plain
from ser.training.parameters import TrainingParameters
from ser.training.run import OnEpoch, Run, Store
from ser.training.state import fingerprint


def train_fusion(  # noqa: PLR0913 - flat: each is a choice of its own
    features: RaggedFeatures,
    words: RaggedFeatures,
    targets: npt.NDArray[np.floating],
    *,
    classes: Sequence[str],
    feature_set: str,
    text_set: str,
    sample_rate: int,
    weights: npt.NDArray[np.floating] | None = None,
    told: npt.NDArray[np.floating] | None = None,
    dev: FusionDev | None = None,
    sound: TrainedModel | None = None,
    model: NetworkParameters | None = None,
    fusion: FusionParameters | None = None,
    training: TrainingParameters | None = None,
    seed: int = 0,
    state: Path | None = None,
    on_epoch: OnEpoch | None = None,
) -> FusedModel:
    """Train a network that hears clips and reads their words, or go on with such a training.

    Jointly, from fresh weights or from those of ``sound``; or in two stages, with ``sound`` trained
    before by `train_classifier` and ``fusion.frozen_sound``. On a CPU the weights are a function of
    the arguments and torch's thread count alone, however often the training was killed and
    resumed. torch's global generator is left as it was found.

    Args:
        features: The N training clips.
        words: States of the tokens of each clip (`ser.text.features`), none where the words are
            missing.
        targets: Posterior of each clip, rows sum to 1, ``(N, C)``.
        classes: Names of the C classes.
        feature_set: Name of the feature set, kept with the model.
        text_set: Name of the text features, kept with the model.
        sample_rate: Rate of the audio under the features, Hz, kept with the model.
        weights: How much each clip counts, ``(N,)``, ≥ 0, on any scale; all alike by default.
        told: P(class) of the words of each clip where somebody judged them apart from the sound,
            ``(N, C)``, NaN in the other rows: what the words alone learn there. The rest learns
            ``targets``.
        dev: When given, the weights of the epoch with the highest UAR on it are kept, else those
            of the last epoch; late fusion weighs sound and words by it, else alike.
        sound: An audio model to begin from; ``model`` is then its parameters.
        model: Sizes of a fresh audio network.
        fusion: How sound and words are joined.
        training: How to train, in single precision. Warps and masks of its augmentation apply;
            what needs copies of the sound belongs to the training of ``sound``.
        seed: Seed of weights, batches and of what is dropped.
        state: File that keeps the training after every epoch, as `train_classifier` does.
        on_epoch: Called after every epoch, at first for those that were done before.

    Returns:
        The fusion on the CPU, in evaluation mode.

    Raises:
        ConfigurationError: If counts do not match, targets are no posteriors, features or words
            are not finite, ``sound`` is of other classes or features, the audio network cannot be
            joined, the choices contradict each other, or the training diverges.
        ArtifactError: If ``state`` is damaged or belongs to another training.
    """
    fusion, training = fusion or FusionParameters(), training or TrainingParameters()
    _check_choices(fusion, training, sound, model)
    parameters = (model or NetworkParameters()) if sound is None else sound.parameters
    clips = TrainingClips.checked(
        (features,), targets, classes, decided=training.loss != "soft_label", weights=weights
    )
    check_words(words, len(features))
    if sound is not None:
        _check_sound(sound, classes, feature_set)
    if dev is not None:
        _check_dev(dev, clips, words.bands)
    described = _describe(training, fusion, seed, len(features))
    said = _word_targets(clips, told)
    facts: list[Json] = [plain(parameters), described, list(classes)]
    identity = fingerprint(_arrays(clips, words, said, dev, sound), facts)
    with torch.random.fork_rng(devices=gpu_numbers(training.device)):
        torch.manual_seed(seed)
        heard = _build_sound(parameters, clips) if sound is None else copy.deepcopy(sound.network)
        network = FusionNetwork(heard, text_size=words.bands, parameters=fusion)
        trainer = FusionTrainer(
            network.to(training.device),
            clips,
            words,
            settings=training,
            fusion=fusion,
            seed=seed,
            told=said,
        )
        store = None if state is None else Store(state, identity)
        run = Run(trainer, dev=dev, store=store)
        run.finish(on_epoch)
    network.load_state_dict(run.best)
    if dev is not None and isinstance(network.join, LateFusion):
        _weigh(network, network.join, dev)
    return FusedModel(
        network=network.cpu().eval(),
        parameters=parameters,
        classes=tuple(classes),
        feature_set=feature_set,
        sample_rate=sample_rate,
        training=described,
        best_epoch=run.best_epoch,
        history=tuple(run.history),
        fusion=fusion,
        text_set=text_set,
    )


def _weigh(network: FusionNetwork, join: LateFusion, dev: FusionDev) -> None:
    """Weigh sound and words by the dev clips that have both."""
    has_words = dev.words.lengths > 0
    if not has_words.any():
        return
    said = say_both(network, dev.features, dev.words, batch_clips=BATCH_CLIPS)
    found = fit_late_weights(said.sound[has_words], said.words[has_words], dev.labels[has_words])
    join.weights.copy_(found)


def _build_sound(parameters: NetworkParameters, clips: TrainingClips) -> EmotionNetwork:
    features, targets = clips.versions[0], clips.targets.posterior
    network = build_network(parameters, n_classes=targets.shape[1], n_bands=features.bands)
    layers = parameters.layers
    statistics = layer_moments(features, layers) if layers else band_statistics(features)
    network.normalisation.set_statistics(*statistics)
    return network


def _check_choices(
    fusion: FusionParameters,
    training: TrainingParameters,
    sound: TrainedModel | None,
    model: NetworkParameters | None,
) -> None:
    if fusion.frozen_sound and sound is None:
        raise ConfigurationError(
            "`frozen_sound` needs `sound`, a model that `train_classifier` trained before"
        )
    if sound is not None and model is not None:
        raise ConfigurationError("`model` must be left out where `sound` brings its own")
    if training.mixup or training.augmentation.changes_sound:
        raise ConfigurationError(
            "a fusion trains without `mixup` and without what changes the sound under the "
            "features; train `sound` with them and freeze it"
        )
    if training.needs_unlabelled or training.balance_groups:
        raise ConfigurationError(
            "a fusion trains without `semi`, `domain` and `balance_groups`; train `sound` with "
            "them and freeze it"
        )
    if training.precision not in ("auto", "single"):
        raise ConfigurationError(
            f"a fusion trains in single precision, but `precision` is `{training.precision}`"
        )
    if Share.of_this_process().processes > 1:
        raise ConfigurationError("a fusion trains in one process; start it without torchrun")


def _check_sound(sound: TrainedModel, classes: Sequence[str], feature_set: str) -> None:
    if sound.classes != tuple(classes) or sound.feature_set != feature_set:
        raise ConfigurationError(
            f"`sound` must name {list(classes)} from `{feature_set}`, but names "
            f"{list(sound.classes)} from `{sound.feature_set}`"
        )


def _check_dev(dev: FusionDev, clips: TrainingClips, text_size: int) -> None:
    bands = clips.versions[0].bands
    if len(dev.features) != len(dev.labels) or not len(dev.labels) or dev.features.bands != bands:
        raise ConfigurationError(
            f"`dev` must have one label per clip, at least one clip and {bands} bands, but has "
            f"{len(dev.features)} clips, {len(dev.labels)} labels and {dev.features.bands} bands"
        )
    check_features(dev.features)
    check_words(dev.words, len(dev.labels), text_size)
    check_labels("dev", dev.labels, clips.targets.posterior.shape[1])


def _describe(
    training: TrainingParameters, fusion: FusionParameters, seed: int, clips: int
) -> dict[str, Json]:
    """Return how a fusion is trained, as JSON gives it back: tuples become lists."""
    return {**plain(training), "fusion": plain(fusion), "seed": seed, "clips": clips}


def _word_targets(
    clips: TrainingClips, told: npt.NDArray[np.floating] | None
) -> torch.Tensor | None:
    """Return what the words of each clip learn, if that is not the label of the clip."""
    posterior = clips.targets.posterior
    if told is None:
        return None
    is_told = np.isfinite(told).all(axis=-1)
    if told.shape != tuple(posterior.shape) or not np.allclose(told[is_told].sum(axis=1), 1):
        raise ConfigurationError(
            "`told` must hold a row of P(class) or of NaN for each target, "
            f"{tuple(posterior.shape)}, but has the shape {told.shape} or a row that does not sum "
            "to 1"
        )
    found = torch.from_numpy(np.where(is_told[:, None], told, 0)).to(posterior.dtype)
    return torch.where(torch.from_numpy(is_told)[:, None], found, posterior)


def _arrays(
    clips: TrainingClips,
    words: RaggedFeatures,
    told: torch.Tensor | None,
    dev: FusionDev | None,
    sound: TrainedModel | None,
) -> list[npt.NDArray[np.generic]]:
    """Return every array that a training depends on."""
    arrays: list[npt.NDArray[np.generic]] = []
    read = [clips.versions[0], words] + ([] if dev is None else [dev.features, dev.words])
    for part in read:
        arrays += [part.values, part.offsets]
    arrays += [clips.targets.posterior.numpy()] + ([] if dev is None else [dev.labels])
    if clips.targets.weights is not None:
        arrays.append(clips.targets.weights.numpy())
    if told is not None:
        arrays.append(told.numpy())
    if sound is not None:
        arrays += [weights.numpy() for weights in sound.network.state_dict().values()]
    return arrays
