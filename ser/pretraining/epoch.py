"""One pass over the clips after another: what moves while a network is pretrained."""

from itertools import chain
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ser.errors import ConfigurationError
from ser.models.network import EmotionNetwork
from ser.models.trained import Json
from ser.pretraining.batches import Positions, count_batches, speaker_batches
from ser.pretraining.objective import Batch, MemberObjectives
from ser.pretraining.parameters import PretrainingParameters
from ser.pretraining.views import ViewMaker
from ser.training.schedule import LearningRate, build_optimiser
from ser.training.state import (
    TrainingState,
    named,
    optimiser_tensors,
    restore_optimiser,
    restore_torch_generators,
    torch_generators,
)


class Known(NamedTuple):
    """What is known of all N clips.

    Args:
        speakers: Number of the speaker of each, ``(N,)``, from 0.
        labels: Class number of each, −1 where unknown, ``(N,)``.
    """

    speakers: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]


class Pretrainer:
    """Hold everything that moves while a network is pretrained, and move it by an epoch.

    Args:
        network: The network without outputs, on its device.
        views: What draws views of the clips.
        known: Speakers and labels of the clips.
        settings: How it learns.
        seed: Seed of batches and views; dropout draws from torch's global generator.
    """

    def __init__(
        self,
        network: EmotionNetwork,
        views: ViewMaker,
        known: Known,
        *,
        settings: PretrainingParameters,
        seed: int,
    ) -> None:
        self.network = network
        self.views = views
        self.known = known
        self.settings = settings
        is_used = (known.labels >= 0) & (settings.supervised > 0)
        self.labelled = np.flatnonzero(is_used)
        self.device = torch.device(settings.device)
        self.objectives = MemberObjectives(network, settings).to(self.device)
        self.batches = count_batches(len(known.speakers), settings.batch_size)
        self.epochs = settings.count_epochs(self.batches)
        self.optimiser = build_optimiser(
            network,
            self.objectives,
            learning_rate=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )
        self.rate = LearningRate(
            self.optimiser,
            schedule="cosine",
            updates=self.epochs * self.batches,
            warmup=settings.warmup,
        )
        self.order = np.random.default_rng(seed)
        self.draws = torch.Generator().manual_seed(seed)
        self.updates = 0

    def train_epoch(self) -> tuple[float, float | None]:
        """Learn from every clip once.

        Returns:
            Mean loss over the clips, and over the batches of labelled clips, if there are any.

        Raises:
            ConfigurationError: If a loss is no longer finite.
        """
        self.network.train()
        total = torch.zeros(2, dtype=torch.float64, device=self.device)
        for batch in speaker_batches(
            self.known.speakers,
            self.settings.batch_size,
            self.settings.speakers_per_batch,
            self.order,
        ):
            total += self._update(batch) * len(batch)
        if not total.isfinite().all():
            raise ConfigurationError(
                f"`learning_rate` = {self.settings.learning_rate} made the losses "
                f"{total.tolist()}; choose a smaller one"
            )
        own, supervised = (total / len(self.known.speakers)).tolist()
        return own, supervised if len(self.labelled) else None

    def capture(self) -> TrainingState:
        """Return what `restore` needs to go on as if nothing had happened."""
        generators = {"draws": self.draws.get_state(), **torch_generators(self.device)}
        return TrainingState(
            tensors={
                **named("network", self.network.state_dict()),
                **named("objectives", self.objectives.state_dict()),
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
        """Go on from what `capture` returned in a pretraining with the same arguments."""
        facts: dict[str, Any] = dict(state.facts)
        self.network.load_state_dict(state.part("network"))
        self.objectives.load_state_dict(state.part("objectives"))
        restore_optimiser(self.optimiser, state.part("optimiser"))
        generators = state.part("generator")
        self.draws.set_state(generators["draws"])
        restore_torch_generators(generators, self.device)
        self.updates = facts["updates"]
        self.order.bit_generator.state = facts["order"]
        self.rate.restore(facts["rate"])

    def _update(self, clips: Positions) -> Tensor:
        """Return the two losses of one update, ``(2,)``."""
        self.rate.before_update(self.updates)
        own = self._compare(clips, by_label=False)
        supervised = own.new_zeros(())
        if len(self.labelled):
            size = min(len(self.labelled), self.settings.batch_size)
            drawn = self.order.choice(self.labelled, size, replace=False)
            supervised = self._compare(drawn, by_label=True)
        self.optimiser.zero_grad(set_to_none=True)
        (own + self.settings.supervised * supervised).backward()  # type: ignore[no-untyped-call]
        weights = chain(self.network.parameters(), self.objectives.parameters())
        nn.utils.clip_grad_norm_(weights, self.settings.clip_norm)
        self.optimiser.step()
        self.updates += 1
        return torch.stack([own, supervised]).detach()

    def _compare(self, clips: Positions, *, by_label: bool) -> Tensor:
        """Return the loss of two views of some clips, for an ensemble the mean over members."""
        pair = [self.views.draw(clips, self.network.normalisation, self.draws) for _ in range(2)]
        longest = max(features.shape[1] for features, _ in pair)
        features = torch.cat(
            [functional.pad(view, (0, 0, 0, longest - view.shape[1])) for view, _ in pair]
        )
        output = self.network.judge(features, torch.cat([lengths for _, lengths in pair]))
        numbers = (clips, self.known.speakers[clips], self.known.labels[clips])
        batch = Batch(*(torch.from_numpy(each).to(self.device) for each in numbers))
        loss: Tensor = self.objectives(output, batch, by_label=by_label)
        return loss
