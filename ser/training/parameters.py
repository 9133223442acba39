"""How to train: every number that is not data."""

import math
from dataclasses import dataclass, field

from ser.audio.augment.record import Augmentation
from ser.errors import ConfigurationError
from ser.training.losses import LossName
from ser.training.schedule import ScheduleName


@dataclass(frozen=True, kw_only=True)
class TrainingParameters:
    """Say how to train.

    Args:
        loss: `cross_entropy`, `class_weighted` and `focal` learn the decided label of each
            clip (tied classes share it); `soft_label` learns the posterior as it is.
        schedule: Shape of the learning rate; ``plateau`` watches the dev UAR, or the training
            loss without a dev part.
        epochs: Passes over the clips, at least 1.
        updates: Number of batches to train on instead of ``epochs``, rounded up to whole
            epochs; the right budget for small and growing label sets.
        batch_size: Most clips in a batch.
        learning_rate: Peak rate, > 0.
        weight_decay: Decoupled decay of weight matrices, ≥ 0.
        warmup: Share of the updates spent raising the rate, in [0, 1).
        clip_norm: Largest norm of the gradient, > 0.
        gamma: Exponent of the focal loss, ≥ 0.
        label_smoothing: Share of each decided label spread evenly over the classes, in
            [0, 1); `soft_label` ignores it.
        augmentation: What is varied, how strongly and how often.
    """

    loss: LossName = "cross_entropy"
    schedule: ScheduleName = "cosine"
    epochs: int = 40
    updates: int | None = None
    batch_size: int = 16
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    warmup: float = 0.1
    clip_norm: float = 5.0
    gamma: float = 2.0
    label_smoothing: float = 0.1
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        """Refuse numbers outside their range."""
        positive = ("epochs", "batch_size", "learning_rate", "clip_norm")
        for name in positive:
            if not getattr(self, name) > 0:
                raise ConfigurationError(f"`{name}` must be > 0, but got {getattr(self, name)}")
        if self.updates is not None and self.updates < 1:
            raise ConfigurationError(f"`updates` must be ≥ 1 or None, but got {self.updates}")
        for name in ("weight_decay", "gamma"):
            if not getattr(self, name) >= 0:
                raise ConfigurationError(f"`{name}` must be ≥ 0, but got {getattr(self, name)}")
        for name in ("warmup", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigurationError(
                    f"`{name}` must lie in [0, 1), but got {getattr(self, name)}"
                )

    def count_epochs(self, clips: int) -> int:
        """Return the number of epochs for a number of training clips.

        Example:
            >>> TrainingParameters(updates=200).count_epochs(320)
            10
        """
        if self.updates is None:
            return self.epochs
        return math.ceil(self.updates / math.ceil(clips / self.batch_size))


# With COMPACT_CRNN, without speed copies, about 15 s on one core for 2-s clips, however many.
# Dev UAR on RAVDESS rises with the labels: .30 (120 clips), .39 (240), .44 (400).
ROUND_TRAINING = TrainingParameters(updates=400, learning_rate=1e-3)
