"""A trained fusion together with everything needed to use it."""

from dataclasses import dataclass
from typing import cast

from ser.errors import ConfigurationError
from ser.fusion.network import FusionNetwork
from ser.fusion.parameters import FusionParameters
from ser.models.trained import TrainedModel


@dataclass(frozen=True, eq=False)
class FusedModel:
    """Hold a fusion in evaluation mode and what it was made from.

    Args:
        trained: The model of the sound whose network is the fusion: as it is, it judges clips
            without their words.
        fusion: How sound and words are joined.
        text_set: Name of the text features it reads, such as ``text_words-1a2b3c4d5e6f``.

    Raises:
        ConfigurationError: If the network is no fusion.
    """

    trained: TrainedModel
    fusion: FusionParameters
    text_set: str

    def __post_init__(self) -> None:
        """Refuse a network that reads no words."""
        if not isinstance(self.trained.network, FusionNetwork):
            raise ConfigurationError(
                f"`trained` must hold a FusionNetwork, but its network is a "
                f"{type(self.trained.network).__name__}; train it with `train_fusion`"
            )

    @property
    def network(self) -> FusionNetwork:
        """The fusion."""
        return cast("FusionNetwork", self.trained.network)
