"""How to train: every number that is not data."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from ser.audio.augment.record import Augmentation
from ser.errors import ConfigurationError
from ser.training.losses import LossName
from ser.training.schedule import ScheduleName

Precision = Literal["auto", "single", "bfloat16", "half"]
Semi = Literal["none", "fixmatch", "mean_teacher", "self_training"]
Domain = Literal["none", "coral", "adversarial"]
TEACHER_DECAY = 0.99  # of the average that teaches where `ema` names none


@dataclass(frozen=True, kw_only=True)
class TrainingParameters:
    """Say how to train.

    Args:
        loss: `cross_entropy`, `class_weighted` and `focal` learn the decided label of each
            clip (tied classes share it); `soft_label` learns the posterior as it is.
        schedule: Shape of the learning rate; ``plateau`` watches the dev score, or the training
            loss without a dev part.
        epochs: Passes over the clips, at least 1.
        updates: Number of batches to train on instead of ``epochs``, rounded up to whole
            epochs; the right budget for small and growing label sets.
        batch_size: Most clips in a batch.
        learning_rate: Peak rate, > 0.
        weight_decay: Decoupled decay of weight matrices, ≥ 0.
        warmup: Share of the updates spent raising the rate, in [0, 1); ``one_cycle`` has its
            own.
        clip_norm: Largest norm of the gradient, > 0.
        gamma: Exponent of the focal loss, ≥ 0.
        balance: How far `class_weighted` makes up for rare classes, in [0, 1]: β of Cui et
            al., where 1 gives every class the same total weight.
        label_smoothing: Share of each decided label spread evenly over the classes, in
            [0, 1); `soft_label` ignores it.
        mixup: α of mixup, which blends clips of a batch; 0 leaves it out.
        ema: Decay of a moving average of the weights, in [0, 1), which is judged and kept in
            place of them; 0 leaves it out.
        patience: Epochs without a better dev score after which training ends; `None`, or no
            dev part, for never.
        device: Where the network trains, as torch names it, such as `cpu` or `cuda`.
        precision: Of the network while it trains: `auto` is `half` on a GPU and `single` on a
            CPU. Weights are kept, and clips judged, in single precision. Not every CPU knows
            an LSTM of half precision.
        augmentation: What is varied, how strongly and how often.
        semi: What clips without labels teach beside the labelled ones: `fixmatch` the class that
            the network is sure of, `mean_teacher` to say the same however a clip is changed,
            `self_training` what the network believes (`ser.encoders.ridge_beside`, for heads that
            are solved for), `none` nothing. Other than for `none`, a moving average of the weights
            teaches, is judged and kept; its decay is ``ema``, or 0.99 if that is 0.
        semi_weight: How much that counts against the labels, > 0; `None` for 1 with `fixmatch`,
            10 with `mean_teacher` and 0.3 with `self_training`.
        semi_threshold: Calibrated probability from which `fixmatch` believes a class, in (0, 1).
        semi_ratio: Clips without labels for each labelled one in a batch, at least 1.
        semi_balance: Whether what the network says of clips without labels is aligned to how
            often the labels hold each class, and `fixmatch` asks less of classes that it
            believes seldom.
        domain: How embeddings of clips without labels are made to resemble those of labelled
            ones: `coral` by their moments, `adversarial` by hiding from a network which is
            which; `none` not at all.
        domain_weight: How much that counts against the labels, > 0; `None` for 0.3 with `coral`
            and 0.5 with `adversarial`.
        balance_groups: Whether every batch holds equal shares of the labelled groups (corpora).
        tune_rate: Learning rate of the layers of a pretrained encoder, or of their adapters, as a
            share of the rate of all else, > 0.
        frozen_epochs: Epochs at the beginning in which these layers do not learn, ≥ 0.
        unfreeze_every: Epochs after which one more of them learns, from the highest down; 0 for
            all at once.

    Raises:
        ConfigurationError: If a number lies outside its range.
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
    balance: float = 1.0
    label_smoothing: float = 0.1
    mixup: float = 0.0
    ema: float = 0.0
    patience: int | None = None
    device: str = "cpu"
    precision: Precision = "auto"
    augmentation: Augmentation = field(default_factory=Augmentation)
    semi: Semi = "none"
    semi_weight: float | None = None
    semi_threshold: float = 0.95
    semi_ratio: int = 2
    semi_balance: bool = True
    domain: Domain = "none"
    domain_weight: float | None = None
    balance_groups: bool = False
    tune_rate: float = 0.1
    frozen_epochs: int = 0
    unfreeze_every: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers outside their range."""
        for names, is_inside, claim in _RANGES:
            for name in names:
                value = getattr(self, name)
                if value is not None and not is_inside(value):
                    raise ConfigurationError(f"`{name}` must {claim}, but got {value}")
        for name, known in (
            ("loss", LossName),
            ("schedule", ScheduleName),
            ("precision", Precision),
            ("semi", Semi),
            ("domain", Domain),
        ):
            if getattr(self, name) not in get_args(known):
                raise ConfigurationError(
                    f"`{name}` must be one of {list(get_args(known))}, but got "
                    f"`{getattr(self, name)}`"
                )

    @property
    def averaging(self) -> float:
        """Decay of the moving average of the weights; 0 for none.

        Example:
            >>> TrainingParameters().averaging, TrainingParameters(semi="fixmatch").averaging
            (0.0, 0.99)
        """
        return self.ema or (0.0 if self.semi == "none" else TEACHER_DECAY)

    @property
    def needs_unlabelled(self) -> bool:
        """Whether something is learned from clips without labels."""
        return (self.semi, self.domain) != ("none", "none")

    def count_epochs(self, clips: int) -> int:
        """Return the number of epochs for a number of training clips.

        Example:
            >>> TrainingParameters(updates=200).count_epochs(320)
            10
        """
        if self.updates is None:
            return self.epochs
        return math.ceil(self.updates / math.ceil(clips / self.batch_size))


# None passes where a parameter may be None.
_RANGES: tuple[tuple[tuple[str, ...], Callable[[float], bool], str], ...] = (
    (
        ("epochs", "batch_size", "learning_rate", "clip_norm", "tune_rate"),
        lambda x: x > 0,
        "be > 0",
    ),
    (("semi_weight", "domain_weight"), lambda x: x > 0, "be > 0"),
    (("updates", "patience"), lambda x: x >= 1, "be ≥ 1 or None"),
    (("semi_ratio",), lambda x: x >= 1, "be ≥ 1"),
    (("semi_threshold",), lambda x: 0 < x < 1, "lie in (0, 1)"),
    (("weight_decay", "gamma", "mixup"), lambda x: x >= 0, "be ≥ 0"),
    (("frozen_epochs", "unfreeze_every"), lambda x: x >= 0, "be ≥ 0"),
    (("warmup", "label_smoothing", "ema"), lambda x: 0 <= x < 1, "lie in [0, 1)"),
    (("balance",), lambda x: 0 <= x <= 1, "lie in [0, 1]"),
)

# With CNN_ENSEMBLE, 8 minutes on one core for 1,200 clips of 2 s. Chosen on training actors of
# RAVDESS: .592 UAR of one member on actors left out with the average of the weights, .606 with
# other voices as well, while the loss there falls by a twelfth.
FULL_TRAINING = TrainingParameters(epochs=32, ema=0.99, augmentation=Augmentation(warp=1.0))

# With COMPACT_CRNN, without speed copies, about 15 s on one core for 2-s clips, however many.
# Dev UAR on RAVDESS rises with the labels: .30 (120 clips), .39 (240), .44 (400).
ROUND_TRAINING = TrainingParameters(updates=400, learning_rate=1e-3)

# With LAYER_HEAD on the layers of a frozen encoder. Speed copies would have to be encoded too.
HEAD_TRAINING = TrainingParameters(
    epochs=40,
    batch_size=64,
    learning_rate=3e-4,
    weight_decay=0.5,
    warmup=0.0,
    patience=10,
    augmentation=Augmentation(speed_factors=()),
)

# With `encoder_tail`.
TAIL_TRAINING = replace(
    HEAD_TRAINING, epochs=12, batch_size=16, learning_rate=1e-3, frozen_epochs=3, patience=None
)

# The same with `ser.training.ridge_start`: a head that is right already is not to be unlearned.
SOLVED_TAIL_TRAINING = replace(
    TAIL_TRAINING, epochs=4, learning_rate=1e-4, tune_rate=1.0, frozen_epochs=0
)
