"""One pass over clips and their words after another: what happens between two judgements."""

import math
from dataclasses import replace
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

from ser.audio.augment.masks import mask_clips
from ser.audio.augment.warp import warp_clips
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.fusion.joining import LateFusion
from ser.fusion.network import FusedOutput, FusionNetwork
from ser.fusion.parameters import FusionParameters
from ser.models.batching import Positions, pad_clips, shuffle_batches
from ser.models.trained import Json
from ser.training.dataset import Targets, TrainingClips, smooth
from ser.training.dev import DevScore
from ser.training.ema import MovingAverage
from ser.training.losses import build_loss
from ser.training.parameters import TrainingParameters
from ser.training.schedule import LearningRate, build_optimiser
from ser.training.state import (
    TrainingState,
    named,
    optimiser_tensors,
    restore_optimiser,
    restore_torch_generators,
    torch_generators,
)


class Shown(NamedTuple):
    """What a batch is judged by in one update.

    Args:
        words: States of the tokens, ``(B, T, W)``.
        lengths: Tokens of each clip, int64 ``(B,)``; 0 where the words are missing or dropped.
        has_sound: Whether the sound counts, bool ``(B,)``.
        owners: Number of the clip that the words are of, int64 ``(B,)``.
    """

    words: Tensor
    lengths: Tensor
    has_sound: Tensor
    owners: Tensor


class FusionTrainer:
    """Hold everything that moves while a fusion trains, and move it by an epoch.

    Args:
        network: The fusion, on its device.
        clips: Sound and targets.
        words: States of the tokens of the clips, aligned.
        settings: How it learns.
        fusion: What is dropped, and what sound and words learn apart.
        seed: Seed of batches, of what is dropped and of augmentation; dropout draws from torch's
            global generator.
        told: P(class) that the words alone learn of each clip, ``(N, C)``; None for the targets.
    """

    def __init__(
        self,
        network: FusionNetwork,
        clips: TrainingClips,
        words: RaggedFeatures,
        *,
        settings: TrainingParameters,
        fusion: FusionParameters,
        seed: int,
        told: Tensor | None = None,
    ) -> None:
        self.network = network
        self.heard = clips
        self.words = words
        self.settings = settings
        self.fusion = fusion
        self.device = torch.device(settings.device)
        self.average = MovingAverage(network, decay=settings.ema) if settings.ema else None
        posterior = clips.targets.posterior.to(self.device)
        self.loss = build_loss(
            settings.loss, posterior, gamma=settings.gamma, beta=settings.balance
        )
        self.targets = _smoothed(clips.targets, settings)
        self.told = None
        if told is not None:
            self.told = _smoothed(replace(clips.targets, posterior=told), settings).posterior
        self.epochs = settings.count_epochs(len(self.targets))
        batches = math.ceil(len(self.targets) / settings.batch_size)
        self.optimiser = build_optimiser(
            network, learning_rate=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.rate = LearningRate(
            self.optimiser,
            schedule=settings.schedule,
            updates=self.epochs * batches,
            warmup=settings.warmup,
        )
        self.order = np.random.default_rng(seed)
        self.draws = torch.Generator().manual_seed(seed)
        self.updates = 0

    @property
    def clips(self) -> int:
        """N, the number of labelled clips."""
        return len(self.targets)

    @property
    def judged(self) -> FusionNetwork:
        """The network whose judgement counts: the moving average where there is one."""
        return self.network if self.average is None else cast("FusionNetwork", self.average.network)

    def train_epoch(self) -> float:
        """Train on every clip once.

        Returns:
            Mean loss over the clips.

        Raises:
            ConfigurationError: If the loss is no longer finite.
        """
        self.network.train()
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        for batch in shuffle_batches(self.heard.lengths[0], self.settings.batch_size, self.order):
            total += self._update(batch) * len(batch)
        if not total.isfinite():
            raise ConfigurationError(
                f"`learning_rate` = {self.settings.learning_rate} made the loss {total.item()}; "
                "choose a smaller one"
            )
        return total.item() / len(self.targets)

    def finish_epoch(self, score: DevScore | None) -> dict[str, Json]:
        """Tell nothing: nothing is learned beside the labels."""
        del score
        return {}

    def capture(self) -> TrainingState:
        """Return what `restore` needs to go on as if nothing had happened."""
        average = {} if self.average is None else self.average.network.state_dict()
        generators = {"draws": self.draws.get_state(), **torch_generators(self.device)}
        return TrainingState(
            tensors={
                **named("network", self.network.state_dict()),
                **named("average", average),
                **named("optimiser", optimiser_tensors(self.optimiser)),
                **named("generator", generators),
            },
            facts={
                "updates": self.updates,
                "order": cast("Json", self.order.bit_generator.state),
                "rate": cast("Json", self.rate.state()),
            },
        )

    def restore(self, state: TrainingState) -> None:
        """Go on from what `capture` returned in a training with the same arguments."""
        facts: dict[str, Any] = dict(state.facts)
        self.network.load_state_dict(state.part("network"))
        if self.average is not None:
            self.average.network.load_state_dict(state.part("average"))
        restore_optimiser(self.optimiser, state.part("optimiser"))
        generators = state.part("generator")
        self.draws.set_state(generators["draws"])
        restore_torch_generators(generators, self.device)
        self.updates = facts["updates"]
        self.order.bit_generator.state = facts["order"]
        self.rate.restore(facts["rate"])

    def _update(self, batch: Positions) -> Tensor:
        self.rate.before_update(self.updates)
        features, lengths = (part.to(self.device) for part in pad_clips(self.heard.versions, batch))
        augmentation = self.settings.augmentation
        features = warp_clips(self.network.normalisation(features), augmentation, self.draws)
        features = mask_clips(features, lengths, augmentation, self.draws)
        shown = self._show(batch)
        output = self.network.judge_both(
            features, lengths, shown.words, shown.lengths, has_sound=shown.has_sound
        )
        targets = self.targets.take(torch.from_numpy(batch)).to(self.device)
        loss = self._lose(output, targets, self._tell(shown, targets), shown.lengths > 0)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        self.optimiser.step()
        if self.average is not None:
            self.average.update(self.network, self.updates)
        self.updates += 1
        return loss.detach()

    def _show(self, batch: Positions) -> Shown:
        """Draw whose words are dropped or another clip's, and whose sound is dropped."""
        drawn = torch.rand(2, len(batch), generator=self.draws).numpy()
        donors = self.order.integers(len(self.words), size=len(batch))
        taken = np.where(drawn[1] < self.fusion.wrong_words, donors, batch)
        words, lengths = self.words.pad(taken)
        keep = 1 - self.fusion.drop_words
        lengths[drawn[0] >= keep] = 0
        has_sound = (drawn[0] >= self.fusion.drop_sound) | (lengths == 0)
        return Shown(
            words=torch.from_numpy(words).to(self.device),
            lengths=torch.from_numpy(lengths).to(self.device),
            has_sound=torch.from_numpy(has_sound).to(self.device),
            owners=torch.from_numpy(taken),
        )

    def _tell(self, shown: Shown, targets: Targets) -> Targets:
        """Return what the words alone learn: what they were judged as, whoever's clip it is."""
        if self.told is None:
            return targets
        return replace(targets, posterior=self.told[shown.owners].to(self.device))

    def _lose(
        self, output: FusedOutput, targets: Targets, told: Targets, has_words: Tensor
    ) -> Tensor:
        is_late = isinstance(self.network.join, LateFusion)
        # Fitted together, each side of a late fusion would learn the errors of the other one.
        side = 1.0 if is_late else self.fusion.side_loss
        # Zero, yet with a gradient: all words of a batch may be dropped where the sound is frozen.
        loss = 0.0 * output.words.sum()
        if not is_late:
            loss = loss + self.loss(output.fused.logits, targets.posterior, targets.weights)
        if not self.fusion.frozen_sound:
            loss = loss + side * self.loss(output.sound, targets.posterior, targets.weights)
        if has_words.any():
            read = told.take(has_words.nonzero().squeeze(1))
            words = self.loss(output.words[has_words], read.posterior, read.weights)
            loss = loss + side * words * has_words.float().mean()
        return loss


def _smoothed(targets: Targets, settings: TrainingParameters) -> Targets:
    share = 0.0 if settings.loss == "soft_label" else settings.label_smoothing
    return Targets(smooth(targets.posterior, share), targets.ratings, targets.weights)
