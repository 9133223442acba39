"""One pass over the training clips after another: what happens between two judgements."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import chain
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.amp import GradScaler

from ser.audio.augment.log_mel import LogMelAugmenter
from ser.errors import ConfigurationError
from ser.models.network import EmotionNetwork, NetworkOutput
from ser.models.trained import Json
from ser.training.auxiliary import Auxiliary, Clips
from ser.training.dataset import Targets, TrainingClips
from ser.training.dev import DevScore
from ser.training.distributed import Share, SharedBatch, share_network
from ser.training.ema import MovingAverage
from ser.training.joining import join_clips, split_output
from ser.training.labelled import LabelledBatch, LabelledBatches
from ser.training.losses import build_loss
from ser.training.objective import Objective
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
from ser.training.unfreezing import opened
from ser.training.view import View


class Trainer:
    """Hold everything that moves while a network trains, and move it by an epoch.

    Args:
        network: The network, on its device.
        clips: What it learns from.
        settings: How it learns.
        augmenter: What changes the sound, if anything does.
        seed: Seed of batches and augmentation; dropout draws from torch's global generator.
        share: The part of each batch that falls to this process.
        groups: Number of the corpus of each clip, ``(N,)``, if batches shall hold equal shares.
        auxiliaries: What is learned beside the labels, on the device of the network.
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
        groups: npt.NDArray[np.int64] | None = None,
        auxiliaries: Sequence[Auxiliary] = (),
    ) -> None:
        self.settings = settings
        self.share = share
        self.device = torch.device(settings.device)
        self.batch = SharedBatch(share)
        self.network = network if share.processes == 1 else share_network(network, self.batch)
        decay = settings.averaging
        self.average = MovingAverage(network, decay=decay) if decay else None
        view = View(augmentation=settings.augmentation, augmenter=augmenter)
        self.labelled = LabelledBatches(
            clips, settings=settings, view=view, seed=seed, groups=groups
        )
        self.auxiliaries = tuple(auxiliaries)
        self.objective = _build_objective(network, clips.targets, settings).to(self.device)
        self.epochs = settings.count_epochs(self.clips)
        share.check_batches(self.clips // len(self.labelled))
        self.optimiser = build_optimiser(
            self.network,
            self.objective,
            *self.auxiliaries,
            learning_rate=settings.learning_rate,
            weight_decay=settings.weight_decay,
            tune_rate=settings.tune_rate,
        )
        self.rate = LearningRate(
            self.optimiser,
            schedule=settings.schedule,
            updates=self.planned,
            warmup=settings.warmup,
        )
        self.half = choose_precision(settings)
        self.scaler = GradScaler(self.device.type, enabled=self.half is torch.float16)
        self.updates = 0

    @property
    def judged(self) -> EmotionNetwork:
        """The network whose judgement counts: the moving average where there is one."""
        return self.network if self.average is None else self.average.network

    @property
    def clips(self) -> int:
        """N, the number of labelled clips."""
        return len(self.labelled.targets)

    @property
    def planned(self) -> int:
        """Number of updates of the whole training."""
        return self.epochs * len(self.labelled)

    def train_epoch(self) -> float:
        """Train on every clip once, or with `groups` on as many with equal shares of each.

        Returns:
            Mean loss of the labels over the clips.

        Raises:
            ConfigurationError: If a loss is no longer finite.
        """
        self.network.train()
        seen = 0
        total = torch.zeros(1 + len(self.auxiliaries), dtype=torch.float64, device=self.device)
        with opened(self.network, self.settings, self.updates // len(self.labelled)):
            for batch in self.labelled.draw_epoch(self.network.normalisation):
                clips = len(batch.lengths)
                total += self._update(batch) * clips
                seen += clips
        if not total.isfinite().all():
            raise ConfigurationError(
                f"`learning_rate` = {self.settings.learning_rate} made the loss "
                f"{total.sum().item()}; choose a smaller one"
            )
        return total[0].item() / seen

    def finish_epoch(self, score: DevScore | None) -> dict[str, Json]:
        """Let what is learned beside the labels take note of an epoch, and tell its figures."""
        said = None if score is None else score.said
        told: dict[str, Json] = {}
        for auxiliary in self.auxiliaries:
            told |= auxiliary.finish_epoch(said)
        return told

    def capture(self) -> TrainingState:
        """Return what `restore` needs to go on as if nothing had happened."""
        average = {} if self.average is None else self.average.network.state_dict()
        generators = {**self.labelled.tensors(), **torch_generators(self.device)}
        auxiliaries = [auxiliary.capture() for auxiliary in self.auxiliaries]
        tensors = {
            **named("network", self.network.state_dict()),
            **named("average", average),
            **named("objective", self.objective.state_dict()),
            **named("optimiser", optimiser_tensors(self.optimiser)),
            **named("generator", generators),
        }
        for number, state in enumerate(auxiliaries):
            tensors |= named(f"auxiliary.{number}", dict(state.tensors))
        return TrainingState(
            tensors=tensors,
            facts={
                **self.labelled.facts(),
                "updates": self.updates,
                "rate": cast("Json", self.rate.state()),
                "scaler": self.scaler.state_dict(),
                "auxiliaries": [dict(state.facts) for state in auxiliaries],
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
        self.labelled.restore(generators, facts)
        restore_torch_generators(generators, self.device)
        self.updates = facts["updates"]
        self.rate.restore(facts["rate"])
        self.scaler.load_state_dict(facts["scaler"])
        for number, auxiliary in enumerate(self.auxiliaries):
            auxiliary.restore(state.part(f"auxiliary.{number}"), facts["auxiliaries"][number])

    def _update(self, batch: LabelledBatch) -> Tensor:
        """Return the loss of the labels and those of the auxiliaries, ``(1 + A,)``."""
        self.rate.before_update(self.updates)
        losses = self._judge(batch)
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(sum(losses[1:], losses[0])).backward()  # type: ignore[no-untyped-call]
        self.share.sum_gradients(self.network.parameters())
        self.scaler.unscale_(self.optimiser)
        heard = (self.network, self.objective, *self.auxiliaries)
        weights = chain.from_iterable(module.parameters() for module in heard)
        nn.utils.clip_grad_norm_(weights, self.settings.clip_norm)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        if self.average is not None:
            self.average.update(self.network, self.updates)
        self.updates += 1
        return torch.stack(losses).detach()

    def _judge(self, batch: LabelledBatch) -> list[Tensor]:
        drawn = [auxiliary.draw(self.judged) for auxiliary in self.auxiliaries]
        parts = [Clips(batch.features, batch.lengths), *drawn]
        labelled, *others = self._hear(parts)
        progress = self.updates / self.planned
        loss: Tensor = self.objective(labelled, batch.targets)
        pairs = zip(self.auxiliaries, others, strict=True)
        return [loss, *(auxiliary(labelled, other, progress) for auxiliary, other in pairs)]

    def _hear(self, parts: Sequence[Clips]) -> list[NetworkOutput]:
        """Return what the network says of each part, all of which it hears as one batch."""
        features, lengths = join_clips(parts)
        self.batch.clips = len(lengths)
        rows = self.batch.rows
        with self._precision():
            output = self.network.judge(features[rows], lengths[rows])
        whole = self.share.gather_output(output, len(lengths))
        return split_output(whole, [len(part.lengths) for part in parts])

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


def _build_objective(
    network: EmotionNetwork, targets: Targets, settings: TrainingParameters
) -> Objective:
    if not network.n_classes:
        return Objective(None, ratings=True)
    posterior = targets.posterior.to(settings.device)
    loss = build_loss(settings.loss, posterior, gamma=settings.gamma, beta=settings.balance)
    return Objective(loss, ratings=network.n_ratings > 0)
