"""Pretrain a network on clips whose labels nobody knows, or few of them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch

from ser.devices import gpu_numbers
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.features.spectral import LogMel
from ser.models.batching import check_features
from ser.models.build import build_network
from ser.models.heads import EmotionHead
from ser.models.network import EmotionNetwork
from ser.models.parameters import NetworkParameters
from ser.models.trained import Json
from ser.pretraining.epoch import Known, Pretrainer
from ser.pretraining.parameters import PretrainingParameters
from ser.pretraining.pretrained import Pretrained, PretrainingEpoch
from ser.pretraining.views import ViewMaker
from ser.training.dataset import band_statistics
from ser.training.identity import plain
from ser.training.state import TrainingState, fingerprint, load_state, save_state

OnEpoch = Callable[[PretrainingEpoch], None]


def pretrain(
    features: RaggedFeatures,
    *,
    feature_set: str,
    sample_rate: int,
    parameters: NetworkParameters | None = None,
    training: PretrainingParameters | None = None,
    labels: npt.NDArray[np.integer] | None = None,
    speakers: Sequence[str] | None = None,
    augmented: Sequence[RaggedFeatures] = (),
    log_mel: LogMel | None = None,
    seed: int = 0,
    state: Path | None = None,
    on_epoch: OnEpoch | None = None,
) -> Pretrained:
    """Teach a network to know clips again, or go on with a pretraining that was interrupted.

    Each clip is heard in two views, parts of it varied in what should not matter, and found
    again by one from the other among views of other clips. Clips of test speakers must not be
    among them. On a CPU the weights are a function of the arguments and torch's thread count
    alone, however often the pretraining was killed and resumed; for a group of processes, see
    `ser.pretraining.together`. torch's global generator is left as it was found.

    Args:
        features: The N clips.
        feature_set: Name of the feature set, kept with the weights.
        sample_rate: Rate of the audio under the features, Hz, kept with the weights.
        parameters: Sizes of the network.
        training: How to pretrain.
        labels: Class number of each clip, −1 where unknown, ``(N,)``; all unknown by default.
        speakers: Speaker of each clip, N names; by default all clips count as one voice's.
        augmented: Further versions of the clips (speed copies), aligned clip by clip; each view
            draws one version.
        log_mel: What the features are, if they are log-mel; augmentation that changes the sound
            needs to know.
        seed: Seed of weights, batches and views.
        state: File that keeps the pretraining after every epoch. If it is there, the pretraining
            goes on from it. Remove it when the weights are safe.
        on_epoch: Called after every epoch, at first for those that were done before.

    Raises:
        ConfigurationError: If the network reads the layers of a frozen encoder, counts do not
            match, features are empty or not finite, no speaker has two clips to tell apart, only
            one class is labelled, the pretraining diverges, or augmentation would change the
            sound of features that are not log-mel.
        ArtifactError: If ``state`` is damaged or belongs to another pretraining.
    """
    parameters = parameters or NetworkParameters()
    training = training or PretrainingParameters()
    _check_network(parameters)
    _check_versions((features, *augmented))
    known = _check_known(len(features), speakers, labels, training)
    views = ViewMaker((features, *augmented), training, log_mel)
    described = _describe(training, known, seed)
    heard = (array for each in (features, *augmented) for array in (each.values, each.offsets))
    identity = fingerprint([*heard, *known], [plain(parameters), described])
    with torch.random.fork_rng(devices=gpu_numbers(training.device)):
        torch.manual_seed(seed)
        network = _build_network(parameters, features).to(training.device)
        pretrainer = Pretrainer(network, views, known, settings=training, seed=seed)
        history = _run(pretrainer, state, identity, on_epoch or (lambda _: None))
    weights = network.cpu().state_dict()
    return Pretrained(
        weights={name: tensor.clone() for name, tensor in weights.items()},
        parameters=parameters,
        feature_set=feature_set,
        sample_rate=sample_rate,
        training=described,
        history=tuple(history),
    )


def _run(
    pretrainer: Pretrainer, path: Path | None, identity: str, report: OnEpoch
) -> list[PretrainingEpoch]:
    history: list[PretrainingEpoch] = []
    stored = None if path is None else load_state(path, fingerprint=identity)
    if stored is not None:
        pretrainer.restore(stored)
        facts: dict[str, Any] = dict(stored.facts)
        history = [PretrainingEpoch(**epoch) for epoch in facts["history"]]
    for epoch in history:
        report(epoch)
    while len(history) < pretrainer.epochs:
        started = time.perf_counter()
        loss, supervised_loss = pretrainer.train_epoch()
        seconds = time.perf_counter() - started
        history.append(
            PretrainingEpoch(
                epoch=len(history) + 1,
                epochs=pretrainer.epochs,
                loss=loss,
                supervised_loss=supervised_loss,
                learning_rate=pretrainer.rate.rate,
                clips_per_s=len(pretrainer.known.speakers) / seconds,
            )
        )
        if path is not None:
            _save(pretrainer, history, path, identity)
        report(history[-1])
    return history


def _save(
    pretrainer: Pretrainer, history: list[PretrainingEpoch], path: Path, identity: str
) -> None:
    moving = pretrainer.capture()
    told = [cast("Json", asdict(epoch)) for epoch in history]
    facts = {**moving.facts, "fingerprint": identity, "history": told}
    save_state(TrainingState(moving.tensors, facts), path)


def _build_network(parameters: NetworkParameters, features: RaggedFeatures) -> EmotionNetwork:
    """Return the network without its outputs, which nothing here would teach."""
    network = build_network(replace(parameters, ratings=()), n_classes=2, n_bands=features.bands)
    network.normalisation.set_statistics(*band_statistics(features))
    for part in network.modules():
        if isinstance(part, EmotionHead):
            part.logits = None
    return network


def _check_network(parameters: NetworkParameters) -> None:
    if parameters.layers or parameters.encoder:
        read = f"`layers` are {parameters.layers}" if parameters.layers else "`encoder` is set"
        raise ConfigurationError(
            f"`parameters` must be of a network that hears frames over time, but its {read}: a "
            "frozen encoder was pretrained already; train on it at once"
        )


def _check_versions(versions: Sequence[RaggedFeatures]) -> None:
    shapes = [(len(version), version.bands) for version in versions]
    if len(set(shapes)) != 1:
        raise ConfigurationError(
            "`augmented` must hold the same clips and bands as `features`, but the (clips, "
            f"bands) are {shapes}"
        )
    for version in versions:
        check_features(version)


def _check_known(
    clips: int,
    speakers: Sequence[str] | None,
    labels: npt.NDArray[np.integer] | None,
    training: PretrainingParameters,
) -> Known:
    names = [""] * clips if speakers is None else list(speakers)
    numbers = np.full(clips, -1) if labels is None else labels
    if len(names) != clips or numbers.shape != (clips,):
        raise ConfigurationError(
            f"`speakers` and `labels` must have one entry for each of {clips} clips, but have "
            f"{len(names)} and the shape {numbers.shape}"
        )
    found, voices = np.unique(np.array(names, dtype=str), return_inverse=True)
    alone = clips if training.negatives == "all" else np.bincount(voices, minlength=1).max()
    if alone < 2:
        raise ConfigurationError(
            f"`features` must hold two clips to tell apart, but {len(found)} speakers have "
            f"{clips} clips; with `negatives` = `all` they may be of different speakers"
        )
    classes = np.unique(numbers[numbers >= 0])
    if training.supervised and len(classes) == 1:
        raise ConfigurationError(
            f"`labels` must know clips of two classes or none, but only of {classes.tolist()}; "
            "label clips of others, or set `supervised` to 0"
        )
    return Known(voices.astype(np.int64), numbers.astype(np.int64))


def _describe(training: PretrainingParameters, known: Known, seed: int) -> dict[str, Json]:
    return {
        **plain(training),
        "seed": seed,
        "clips": len(known.speakers),
        "speakers": int(known.speakers.max()) + 1,
        "labelled": int((known.labels >= 0).sum()),
    }
