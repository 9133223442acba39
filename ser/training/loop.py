"""Train a classifier on labelled clips."""

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ser.audio.augment.log_mel import LogMelAugmenter
from ser.audio.augment.masks import mask_clips
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.features.spectral import LogMel
from ser.inference.predictor import predict_with
from ser.metrics.classification import check_labels, unweighted_average_recall
from ser.models.batching import check_features, pad_clips, shuffle_batches
from ser.models.build import CrnnParameters, build_classifier
from ser.models.classifier import Classifier
from ser.models.trained import EpochSummary, Json, TrainedModel
from ser.training.dataset import TrainingClips, band_statistics, smooth
from ser.training.losses import Loss, build_loss
from ser.training.parameters import TrainingParameters
from ser.training.schedule import LearningRate, build_optimiser

DEV_BATCH_CLIPS = 64
Dev = tuple[RaggedFeatures, npt.NDArray[np.integer]]


def train_classifier(
    features: RaggedFeatures,
    targets: npt.NDArray[np.floating],
    *,
    classes: Sequence[str],
    feature_set: str,
    sample_rate: int,
    augmented: Sequence[RaggedFeatures] = (),
    log_mel: LogMel | None = None,
    dev: Dev | None = None,
    model: CrnnParameters | None = None,
    training: TrainingParameters | None = None,
    seed: int = 0,
    on_epoch: Callable[[EpochSummary], None] | None = None,
) -> TrainedModel:
    """Train a convolutional recurrent network from scratch.

    On a CPU the weights are a function of the arguments and torch's thread count alone.
    torch's global generator is left as it was found.

    Args:
        features: The N training clips.
        targets: Posterior of each clip, rows sum to 1, ``(N, C)``; one-hot for hard labels.
        classes: Names of the C classes.
        feature_set: Name of the feature set, kept with the model.
        sample_rate: Rate of the audio under the features, Hz, kept with the model.
        augmented: Further versions of the clips (speed copies), aligned clip by clip; each
            epoch draws one version of each clip, the original included.
        log_mel: What the features are, if they are log-mel; augmentation that changes the sound
            needs to know.
        dev: Clips and class numbers of other speakers. When given, the weights of the epoch
            with the highest UAR on them are kept, else those of the last epoch.
        model: Sizes of the network.
        training: How to train.
        seed: Seed of weights, batches and augmentation.
        on_epoch: Called after every epoch.

    Returns:
        The model, in evaluation mode.

    Raises:
        ConfigurationError: If counts do not match, fewer than two classes have a clip, targets
            are no posteriors, features are empty or not finite, the training diverges, or
            augmentation would change the sound of features that are not log-mel.
    """
    model = model or CrnnParameters()
    training = training or TrainingParameters()
    decided = training.loss != "soft_label"
    clips = TrainingClips.checked((features, *augmented), targets, classes, decided=decided)
    _check_dev(dev, features.bands, len(classes))
    augmenter = _build_augmenter(log_mel, features.bands, training)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_classifier(model, n_classes=len(classes), n_bands=features.bands)
        network.normalisation.set_statistics(*band_statistics(features))
        run = _Training(network, clips, dev=dev, settings=training, augmenter=augmenter, seed=seed)
        history, best_epoch = run.run(on_epoch)
    return TrainedModel(
        network=network.eval(),
        parameters=model,
        classes=tuple(classes),
        feature_set=feature_set,
        sample_rate=sample_rate,
        training={**_plain(training), "seed": seed, "clips": len(features)},
        best_epoch=best_epoch,
        history=history,
    )


class _Training:
    """The state of one training: network, optimiser, generators."""

    def __init__(
        self,
        network: Classifier,
        clips: TrainingClips,
        *,
        dev: Dev | None,
        settings: TrainingParameters,
        augmenter: LogMelAugmenter | None,
        seed: int,
    ) -> None:
        self.network = network
        self.clips = clips
        self.dev = dev
        self.settings = settings
        self.augmenter = augmenter
        is_soft = settings.loss == "soft_label"
        self.targets = smooth(clips.targets, 0.0 if is_soft else settings.label_smoothing)
        self.loss: Loss = build_loss(settings.loss, clips.targets, gamma=settings.gamma)
        self.epochs = settings.count_epochs(len(self.targets))
        self.batches = math.ceil(len(self.targets) / settings.batch_size)
        self.optimiser = build_optimiser(
            network, learning_rate=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.rate = LearningRate(
            self.optimiser,
            schedule=settings.schedule,
            updates=self.epochs * self.batches,
            warmup=settings.warmup,
        )
        self.order = np.random.default_rng(seed)
        self.draws = torch.Generator().manual_seed(seed)

    def run(
        self, on_epoch: Callable[[EpochSummary], None] | None
    ) -> tuple[tuple[EpochSummary, ...], int]:
        history: list[EpochSummary] = []
        best_epoch, best_uar = self.epochs, -math.inf
        best_state: dict[str, Tensor] | None = None
        for epoch in range(1, self.epochs + 1):
            summary = self._run_epoch(epoch)
            history.append(summary)
            if summary.dev_uar is not None and summary.dev_uar > best_uar:
                best_epoch, best_uar = epoch, summary.dev_uar
                best_state = {k: v.clone() for k, v in self.network.state_dict().items()}
            if on_epoch is not None:
                on_epoch(summary)
        if best_state is not None:
            self.network.load_state_dict(best_state)
        return tuple(history), best_epoch

    def _run_epoch(self, epoch: int) -> EpochSummary:
        started = time.perf_counter()
        loss = self._train_epoch((epoch - 1) * self.batches)
        seconds = time.perf_counter() - started
        uar = self._dev_uar()
        self.rate.after_epoch(-loss if uar is None else uar)
        return EpochSummary(
            epoch=epoch,
            epochs=self.epochs,
            loss=loss,
            dev_uar=uar,
            learning_rate=self.rate.rate,
            clips_per_s=len(self.targets) / seconds,
        )

    def _train_epoch(self, updates_done: int) -> float:
        self.network.train()
        drawn = self.order.integers(len(self.clips.versions), size=len(self.targets))
        lengths = self.clips.lengths[drawn, np.arange(len(drawn))]
        total = 0.0
        batches = shuffle_batches(lengths, self.settings.batch_size, self.order)
        for update, batch in enumerate(batches, start=updates_done):
            self.rate.before_update(update)
            total += self._update(batch, drawn[batch]) * len(batch)
        if not math.isfinite(total):
            raise ConfigurationError(
                f"`learning_rate` = {self.settings.learning_rate} made the loss {total}; choose a "
                "smaller one"
            )
        return total / len(self.targets)

    def _update(self, batch: npt.NDArray[np.int64], drawn: npt.NDArray[np.int64]) -> float:
        features, lengths = pad_clips(self.clips.versions, batch, drawn)
        if self.augmenter is not None:
            features = self.augmenter(features, lengths, self.draws)
        normalised = self.network.normalisation(features)
        normalised = mask_clips(normalised, lengths, self.settings.augmentation, self.draws)
        logits = self.network.classify(normalised, lengths).logits
        loss = self.loss(logits, self.targets[torch.from_numpy(batch)])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        self.optimiser.step()
        return loss.item()

    def _dev_uar(self) -> float | None:
        if self.dev is None:
            return None
        features, truth = self.dev
        prediction = predict_with(self.network, features, batch_clips=DEV_BATCH_CLIPS).labels
        return unweighted_average_recall(truth, prediction, self.targets.shape[1])


def _build_augmenter(
    log_mel: LogMel | None, bands: int, training: TrainingParameters
) -> LogMelAugmenter | None:
    if not training.augmentation.changes_sound:
        return None
    if log_mel is None or log_mel.bands != bands:
        raise ConfigurationError(
            "`augmentation` changes the sound, which works on log-mel features alone: pass "
            f"`log_mel` with {bands} bands, or leave it to speed copies and masks"
        )
    return LogMelAugmenter(log_mel, training.augmentation)


def _plain(training: TrainingParameters) -> dict[str, Json]:
    """Return the parameters as JSON gives them back: tuples become lists."""
    plain: dict[str, Json] = json.loads(json.dumps(asdict(training)))
    return plain


def _check_dev(dev: Dev | None, bands: int, n_classes: int) -> None:
    if dev is None:
        return
    features, truth = dev
    check_labels("dev", truth, n_classes)
    if len(features) != len(truth) or not len(truth) or features.bands != bands:
        raise ConfigurationError(
            f"`dev` must have one label per clip, at least one clip and {bands} bands, but has "
            f"{len(features)} clips, {len(truth)} labels and {features.bands} bands"
        )
    check_features(features)
