"""One pass over the training clips after another: what happens between two judgements."""

import math
from contextlib import AbstractContextManager
from itertools import chain
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.amp import GradScaler

from ser.audio.augment.log_mel import LogMelAugmenter
from ser.audio.augment.masks import mask_clips
from ser.audio.augment.warp import warp_clips
from ser.errors import ConfigurationError
from ser.models.batching import pad_clips, shuffle_batches
from ser.models.network import EmotionNetwork
from ser.models.trained import Json
from ser.training.dataset import Targets, TrainingClips, smooth
from ser.training.distributed import Share, SharedBatch, share_network
from ser.training.ema import MovingAverage
from ser.training.losses import build_loss
from ser.training.mixup import mix_clips
from ser.training.objective import Objective
from ser.training.parameters import TrainingParameters
from ser.training.schedule import LearningRate, build_optimiser
from ser.training.state import TrainingState, named, optimiser_tensors, restore_optimiser

Positions = npt.NDArray[np.int64]


class Trainer:
    """Hold everything that moves while a network trains, and move it by an epoch.

    Args:
        network: The network, on its device.
        clips: What it learns from.
        settings: How it learns.
        augmenter: What changes the sound, if anything does.
        seed: Seed of batches and augmentation; dropout draws from torch's global generator.
        share: The part of each batch that falls to this process.
    """

    def __init__(
        self,
        network: EmotionNetwork,
        clips: TrainingClips,
        *,
        settings: TrainingParameters,
        augmenter: LogMelAugmenter | None,
        seed: int,
        share: Share,
    ) -> None:
        self.clips = clips
        self.settings = settings
        self.augmenter = augmenter
        self.share = share
        self.device = torch.device(settings.device)
        self.batch = SharedBatch(share)
        self.network = network if share.processes == 1 else share_network(network, self.batch)
        self.average = MovingAverage(network, decay=settings.ema) if settings.ema else None
        self.targets = _smoothed(clips.targets, settings)
        self.objective = _build_objective(network, clips.targets, settings).to(self.device)
        self.epochs = settings.count_epochs(len(clips.targets))
        self.batches = math.ceil(len(clips.targets) / settings.batch_size)
        share.check_batches(len(clips.targets) // self.batches)
        self.optimiser = build_optimiser(
            self.network,
            self.objective,
            learning_rate=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )
        self.rate = LearningRate(
            self.optimiser,
            schedule=settings.schedule,
            updates=self.epochs * self.batches,
            warmup=settings.warmup,
        )
        self.half = choose_precision(settings)
        self.scaler = GradScaler(self.device.type, enabled=self.half is torch.float16)
        self.order = np.random.default_rng(seed)
        self.draws = torch.Generator().manual_seed(seed)
        self.updates = 0

    @property
    def judged(self) -> EmotionNetwork:
        """The network whose judgement counts: the moving average where there is one."""
        return self.network if self.average is None else self.average.network

    def train_epoch(self) -> float:
        """Train on every clip once.

        Returns:
            Mean loss over the clips.

        Raises:
            ConfigurationError: If the loss is no longer finite.
        """
        self.network.train()
        drawn = self.order.integers(len(self.clips.versions), size=len(self.targets))
        lengths = self.clips.lengths[drawn, np.arange(len(drawn))]
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        for batch in shuffle_batches(lengths, self.settings.batch_size, self.order):
            total += self._update(batch, drawn[batch]) * len(batch)
        if not total.isfinite():
            raise ConfigurationError(
                f"`learning_rate` = {self.settings.learning_rate} made the loss {total.item()}; "
                "choose a smaller one"
            )
        return total.item() / len(self.targets)

    def capture(self) -> TrainingState:
        """Return what `restore` needs to go on as if nothing had happened."""
        average = {} if self.average is None else self.average.network.state_dict()
        generators = {"draws": self.draws.get_state(), "torch": torch.get_rng_state()}
        if self.device.type == "cuda":
            generators["cuda"] = torch.cuda.get_rng_state(self.device)
        return TrainingState(
            tensors={
                **named("network", self.network.state_dict()),
                **named("average", average),
                **named("objective", self.objective.state_dict()),
                **named("optimiser", optimiser_tensors(self.optimiser)),
                **named("generator", generators),
            },
            facts={
                "updates": self.updates,
                "order": cast("Json", self.order.bit_generator.state),
                "rate": cast("Json", self.rate.state()),
                "scaler": self.scaler.state_dict(),
            },
        )

    def restore(self, state: TrainingState) -> None:
        """Go on from what `capture` returned in a training with the same arguments."""
        facts: dict[str, Any] = dict(state.facts)
        self.network.load_state_dict(state.part("network"))
        if self.average is not None:
            self.average.network.load_state_dict(state.part("average"))
        self.objective.load_state_dict(state.part("objective"))
        restore_optimiser(self.optimiser, state.part("optimiser"))
        generators = state.part("generator")
        self.draws.set_state(generators["draws"])
        torch.set_rng_state(generators["torch"])
        if "cuda" in generators:
            torch.cuda.set_rng_state(generators["cuda"], self.device)
        self.updates = facts["updates"]
        self.order.bit_generator.state = facts["order"]
        self.rate.restore(facts["rate"])
        self.scaler.load_state_dict(facts["scaler"])

    def _update(self, batch: Positions, drawn: Positions) -> Tensor:
        self.rate.before_update(self.updates)
        features, lengths, targets = self._prepare(batch, drawn)
        self.batch.clips = len(batch)
        rows = self.batch.rows
        with self._precision():
            output = self.network.judge(features[rows], lengths[rows])
        loss: Tensor = self.objective(self.share.gather_output(output, len(batch)), targets)
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.share.sum_gradients(self.network.parameters())
        self.scaler.unscale_(self.optimiser)
        weights = chain(self.network.parameters(), self.objective.parameters())
        nn.utils.clip_grad_norm_(weights, self.settings.clip_norm)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        if self.average is not None:
            self.average.update(self.network, self.updates)
        self.updates += 1
        return loss.detach()

    def _prepare(self, batch: Positions, drawn: Positions) -> tuple[Tensor, Tensor, Targets]:
        """Return normalised features, lengths and targets of a whole batch, varied and mixed."""
        features, lengths = pad_clips(self.clips.versions, batch, drawn)
        if self.augmenter is not None:
            features = self.augmenter(features, lengths, self.draws)
        features, lengths = features.to(self.device), lengths.to(self.device)
        features = self.network.normalisation(features)
        features = warp_clips(features, self.settings.augmentation, self.draws)
        features = mask_clips(features, lengths, self.settings.augmentation, self.draws)
        targets = self.targets.take(torch.from_numpy(batch)).to(self.device)
        if not self.settings.mixup:
            return features, lengths, targets
        alpha, order = self.settings.mixup, self.order
        features, targets = mix_clips(features, lengths, targets, alpha=alpha, generator=order)
        return features, lengths, targets

    def _precision(self) -> AbstractContextManager[object]:
        return torch.autocast(self.device.type, dtype=self.half, enabled=self.half is not None)


def choose_precision(settings: TrainingParameters) -> torch.dtype | None:
    """Return what autocast turns to while training, `None` for single precision throughout.

    Example:
        >>> choose_precision(TrainingParameters(device="cuda"))
        torch.float16
        >>> choose_precision(TrainingParameters()) is None
        True
    """
    if settings.precision == "auto":
        return torch.float16 if torch.device(settings.device).type == "cuda" else None
    return {"single": None, "bfloat16": torch.bfloat16, "half": torch.float16}[settings.precision]


def _smoothed(targets: Targets, settings: TrainingParameters) -> Targets:
    is_soft = settings.loss == "soft_label" or not targets.posterior.shape[1]
    share = 0.0 if is_soft else settings.label_smoothing
    posterior = targets.posterior if is_soft else smooth(targets.posterior, share)
    return Targets(posterior, targets.ratings, targets.weights)


def _build_objective(
    network: EmotionNetwork, targets: Targets, settings: TrainingParameters
) -> Objective:
    if not network.n_classes:
        return Objective(None, ratings=True)
    posterior = targets.posterior.to(settings.device)
    loss = build_loss(settings.loss, posterior, gamma=settings.gamma, beta=settings.balance)
    return Objective(loss, ratings=network.n_ratings > 0)
