"""A trained network together with everything needed to use it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ser.models.network import EmotionNetwork
from ser.models.parameters import NetworkParameters

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True)
class EpochSummary:
    """What happened in one epoch.

    Args:
        epoch: Number of the epoch, from 1.
        epochs: Number of epochs planned.
        loss: Mean training loss over clips.
        dev_uar: UAR of the dev part, in [0, 1]; ``None`` without one.
        learning_rate: Rate of the last update.
        clips_per_s: Training throughput; differs from run to run.
        dev_ccc: Mean CCC over the rated dimensions of the dev part, in [−1, 1]; ``None`` without
            ratings to learn, or without a dev part that is rated.
        beside: Figures of what was learned beside the labels, ready for JSON.
    """

    epoch: int
    epochs: int
    loss: float
    dev_uar: float | None
    learning_rate: float
    clips_per_s: float
    # Last and with a default: trainings that began before it was told go on from their state.
    dev_ccc: float | None = None
    beside: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """Hold a network in evaluation mode and what it was made from.

    Args:
        network: The network; its normalisation holds the training statistics.
        parameters: Sizes and choices it was built from; names the rated dimensions.
        classes: Names of the C classes, in the order of the logits; none with ratings alone.
        feature_set: Name of the feature set it reads, such as ``log_mel-1a2b3c4d5e6f``.
        sample_rate: Rate of the audio under the features, Hz.
        training: How it was trained, ready for JSON.
        best_epoch: The epoch whose weights these are.
        history: One summary per epoch; empty in a model that was loaded.
    """

    network: EmotionNetwork
    parameters: NetworkParameters
    classes: tuple[str, ...]
    feature_set: str
    sample_rate: int
    training: Mapping[str, Json] = field(default_factory=dict)
    best_epoch: int = 0
    history: tuple[EpochSummary, ...] = ()
